"""Whether a proposal still rests on what there is: its record in Odoo, and the conversation that it came from."""

from __future__ import annotations

from typing import NoReturn

from agent.proposal import Proposal
from review.database import Database
from review.decision_rows import find_row
from review.intake import read_again
from review.refusals import RecordUnreadable, StaleDecision
from review.schema import ProposalState
from tools.records import RecordReader, RecordsError


def check_record(database: Database, proposal_id: str, version: int, records: RecordReader) -> None:
    """Refuses a decision on a record that was written since it was read. Raises StaleDecision or RecordUnreadable."""
    with database.read() as session:
        row = find_row(session, proposal_id)
        if row.state != ProposalState.open or row.version != version:
            return  # refused, or known as a repetition, further on
        proposal, message_id = Proposal(**row.body), row.message_id
    record, seen = proposal.record, proposal.record_write_date
    if record is None or seen is None:
        return
    try:
        rows = records.read(record.model, [record.id], ["write_date"])
        lines = proposal.line_write_dates
        read = records.read(f"{record.model}.line", sorted(lines), ["write_date"]) if lines else []
    except RecordsError as error:
        raise RecordUnreadable(f"{record.name} could not be looked up, so nothing was decided. {error}") from error
    now = rows[0].get("write_date") if rows else None
    if now != seen:
        _moved(
            database, message_id, f"{record.name} was changed in Odoo since this was proposed (then {seen}, now {now})."
        )
    # A change of a line alone leaves the order's own date as it was.
    standing = {row["id"]: row.get("write_date") for row in read}
    if moved := [line for line, date in lines.items() if standing.get(line) != date]:
        what = "a line" if len(moved) == 1 else f"{len(moved)} lines"
        _moved(database, message_id, f"{record.name} was changed in Odoo since this was proposed ({what} of it).")


def _moved(database: Database, message_id: str, what: str) -> NoReturn:
    """Refuses the decision, and has the message read beside what Odoo holds now."""
    read_again(database, message_id, what)
    raise StaleDecision(f"{what} The message is read again; decide on the proposal that takes the place of this one.")
