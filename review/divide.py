"""One proposal as two, by its lines."""

from __future__ import annotations

import re
from collections.abc import Collection

from agent.proposal import Proposal
from review.edits import InvalidEdit, follow_lines

_OF_LINE = re.compile(r"^lines\[(\d+)\]")


def divide(proposal: Proposal, lines: Collection[int]) -> tuple[Proposal, Proposal]:
    """The proposal with the lines at these indexes, and with the others. Raises InvalidEdit where one has none.

    The impact is that of the whole in both: what waits for an order does not say for which line."""
    count = len(proposal.fields.lines)
    chosen = set(lines)
    if unknown := sorted(chosen - set(range(count))):
        raise InvalidEdit(f"There is no line {unknown[0] + 1} in this proposal.")
    if not chosen or len(chosen) == count:
        raise InvalidEdit("Choose some of the lines, but not all.")
    return _with_lines(proposal, sorted(chosen)), _with_lines(proposal, [i for i in range(count) if i not in chosen])


def _with_lines(proposal: Proposal, indexes: list[int]) -> Proposal:
    part = proposal.model_copy(deep=True)
    part.fields.lines = [part.fields.lines[index] for index in indexes]
    ids = {line.line_id for line in part.fields.lines}
    others = {line.line_id for line in proposal.fields.lines} - ids
    part.changes = [change for change in part.changes if change.line_id in ids or change.line_id not in others]
    part.evidence = []
    for evidence in proposal.evidence:
        of_line = _OF_LINE.match(evidence.field)
        if of_line is None:
            part.evidence.append(evidence)
        elif int(of_line[1]) in indexes:
            field = f"lines[{indexes.index(int(of_line[1]))}]{evidence.field[of_line.end() :]}"
            part.evidence.append(evidence.model_copy(update={"field": field}))
    for action in part.actions:
        follow_lines(part, action)
    return part
