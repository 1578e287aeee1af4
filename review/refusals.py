"""Why a decision, a claim or a mark was refused. `status` is the HTTP status of each."""

from __future__ import annotations


class DecisionError(Exception):
    """A decision that was refused."""

    status = 400


class UnknownProposal(DecisionError):
    status = 404


class NotAllowed(DecisionError):
    status = 403


class Claimed(DecisionError):
    """Somebody else has the proposal now."""

    status = 409


class TooLate(DecisionError):
    """The window in which a decision can be taken back is over, or somebody has built on it."""

    status = 409


class StaleDecision(DecisionError):
    """What the person saw is no longer what there is."""

    status = 412


class RecordUnreadable(DecisionError):
    """Whether the record moved on cannot be told now."""

    status = 503
