"""Our own mails that came back: nobody learned what we wrote about an order, which is a matter for a person.

Bounces of anything else (newsletters, mail that somebody sent in our name) stay automatic mail with nothing to do.
"""

from __future__ import annotations

import re

from agent.proposal import Action, Lane, Proposal, RecordRef
from tools.message import Message

# RFC 3464, sections 2.3.2 and 2.3.6.
_RECIPIENT = re.compile(
    r"^(?:Final|Original)-Recipient:\s*[\w-]+;\s*<?([^\s<>;]+@[^\s<>;]+)", re.IGNORECASE | re.MULTILINE
)
_REASON = re.compile(r"^Diagnostic-Code:\s*[\w-]+;\s*(.{1,200})", re.IGNORECASE | re.MULTILINE)


def came_back(message: Message, proposals: list[Proposal]) -> list[Proposal]:
    """The proposals of a delivery report, as an exception of its own where the mail returned was about an order.

    The agent gives what is named in the mail returned as candidates; without any, nothing changes."""
    if not message.bounce:
        return proposals
    return [_exception(message, proposal) if proposal.candidates else proposal for proposal in proposals]


def _exception(message: Message, proposal: Proposal) -> Proposal:
    found = proposal.candidates[0]
    recipient, reason = _RECIPIENT.search(message.body), _REASON.search(message.body)
    why = f"A mail of ours about {found.name} could not be delivered"
    why += f" to {recipient[1]}" if recipient else ""
    why += f": {reason[1].strip().rstrip('.')}." if reason else "."
    return proposal.model_copy(
        update={
            "record": RecordRef(model=found.model, id=found.id, name=found.name),
            "lane": Lane.manual,
            "actions": [Action(name="manual_triage", rule="our mail came back")],
            "reasons": [why, *proposal.reasons],
        }
    )
