"""Taking a decision back: within its window, by the person who took it, while nobody has built on it."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from agent.proposal import Proposal
from review.database import Database
from review.decision_rows import decisions_of, find_row, refuse, take_back
from review.people import Person
from review.refusals import NotAllowed, TooLate
from review.schema import DecisionKind, DecisionRow, ProposalRow, ProposalState

UNDONE = "The decision that made this was undone."


def undo(database: Database, proposal_id: str, *, version: int, who: Person) -> DecisionRow:
    """Takes back the last decision on a proposal, which is at `version`, and opens it again as the next version.

    Raises NotAllowed for another person's decision, TooLate after its window, StaleDecision where the proposal is no
    longer as the decision left it. Undoing twice is undoing once."""
    with database.write() as session:
        row = find_row(session, proposal_id)
        taken = decisions_of(session, proposal_id)
        if done := _undone_already(taken, row, version, who):
            return done
        standing = [d for d in taken if d.undone_at is None]
        if not standing or row.version != version or not _as_left(row, standing[-1]):
            refuse(session, row, version)
        last = standing[-1]
        if last.who != who.name:
            raise NotAllowed(f"{last.who} decided this; only {last.who} can undo it.")
        take_back(session, row, last, who)
        _withdraw(session, last)
        row.fill(Proposal(**last.proposed))
        row.version, row.state = version + 1, ProposalState.open
        row.closed_at = row.closed_reason = row.superseded_by = None
        row.edited_by = next(
            (d.who for d in reversed(standing[:-1]) if d.kind in (DecisionKind.edit, DecisionKind.endorse)), None
        )
        session.flush()
        return last


def _undone_already(taken: list[DecisionRow], row: ProposalRow, version: int, who: Person) -> DecisionRow | None:
    if not taken or row.version != version + 1 or row.state != ProposalState.open:
        return None
    last = taken[-1]
    return last if last.undone_at is not None and last.who == who.name else None


def _as_left(row: ProposalRow, decision: DecisionRow) -> bool:
    """Whether the proposal stands as the decision left it: closed at its version, or open at the next."""
    if row.state == ProposalState.open:
        return row.version == decision.version + 1
    return row.version == decision.version


def _withdraw(session: Session, decision: DecisionRow) -> None:
    """Closes the proposals that the decision had made. Raises TooLate when one was worked on since."""
    for made in decision.made:
        untouched = (ProposalRow.state == ProposalState.open) & (ProposalRow.version == 1)
        closed = session.execute(
            update(ProposalRow)
            .where(ProposalRow.id == made, untouched)
            .values(
                state=ProposalState.superseded,
                superseded_by=decision.proposal_id,
                closed_at=datetime.now(UTC),
                closed_reason=UNDONE,
            )
            .returning(ProposalRow.id)
        ).first()
        if closed is None:
            raise TooLate("The other part was decided on already. Undo that first.")
