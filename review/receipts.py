"""Whether the records in Odoo now hold what was approved: they are read again, and set beside what is expected of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel

from agent.orders import PICKING
from review.expectations import LINE_PLACES, MOVE_LINKS, Expected, Seen, Verdict
from tools.records import RecordReader, Row

ORDER_FIELDS = ("state", "commitment_date")
LINE_FIELDS = ("order_id", "product_id", "name", "date_planned", "product_qty", "product_uom_qty", "price_unit")
MOVE_FIELDS = (*MOVE_LINKS.values(), "picking_id", "product_uom_qty", "date", "state", "create_date")
RETURNS = "origin_returned_move_id"
TRANSFER_FIELDS = ("carrier_tracking_ref",)

Records = Mapping[tuple[str, int], Seen]


class Difference(BaseModel):
    """What is not held as approved. `found` is None where the field is empty; `gone` where the row is no more."""

    product: str
    field: str
    approved: str | float | None
    found: str | float | None = None
    gone: bool = False


def read_records(reader: RecordReader, expected: Iterable[Expected]) -> Records:
    """The records that something is expected of: a few questions a model, whatever their number. Raises RecordsError."""
    wanted: dict[str, dict[int, bool]] = defaultdict(dict)
    for one in expected:
        model, record_id = one.record
        wanted[model][record_id] = wanted[model].get(record_id, False) or one.moves
    found: dict[tuple[str, int], Seen] = {}
    for model, ids in wanted.items():
        if model in LINE_PLACES:
            found |= _orders(reader, model, sorted(ids), sorted(i for i, moves in ids.items() if moves))
        elif model == PICKING:
            rows = reader.read(PICKING, sorted(ids), TRANSFER_FIELDS)
            found |= {(PICKING, row["id"]): Seen(transfers=(row,)) for row in rows}
    return found


def compare(expected: Sequence[Expected], records: Records) -> tuple[Verdict, list[Difference]]:
    """What is held beside what was approved. One thing that differs makes the whole differ, else one that waits makes it
    wait; `unknown` where Odoo does not tell of any of them."""
    verdicts, differences = set[Verdict](), []
    for one in expected:
        finding = one.judge(records.get(one.record, Seen()))
        verdicts.add(finding.verdict)
        if finding.verdict in (Verdict.differs, Verdict.waiting):
            named = {"product": one.product, "field": one.field, "approved": one.approved}
            differences.append(Difference(**named, found=finding.found, gone=finding.gone))
    order = (Verdict.differs, Verdict.waiting, Verdict.done)
    return next((verdict for verdict in order if verdict in verdicts), Verdict.unknown), differences


def _orders(reader: RecordReader, model: str, ids: list[int], with_moves: list[int]) -> Records:
    orders = {row["id"]: row for row in reader.read(model, ids, ORDER_FIELDS)}
    lines: dict[int, list[Row]] = defaultdict(list)
    for line in reader.search_read(f"{model}.line", [("order_id", "in", ids)], LINE_FIELDS):
        lines[line["order_id"][0]].append(line)
    moves, transfers = dict[int, list[Row]](), dict[int, Row]()
    if with_moves:
        moves, transfers = _moves(reader, model, {line["id"]: i for i in with_moves for line in lines[i]})
    return {
        (model, i): Seen(
            orders.get(i),
            tuple(lines[i]),
            tuple(moves.get(i, ())),
            tuple(transfers[t] for m in moves.get(i, ()) if (t := m["picking_id"] and m["picking_id"][0]) in transfers),
        )
        for i in ids
    }


def _moves(reader: RecordReader, model: str, orders: Mapping[int, int]) -> tuple[dict[int, list[Row]], dict[int, Row]]:
    """The stock moves of lines by order, given the order of each line, and their transfers by id."""
    link, moves = MOVE_LINKS[model], defaultdict[int, list[Row]](list)
    for move in reader.search_read("stock.move", [(link, "in", sorted(orders))], (*MOVE_FIELDS, RETURNS)):
        moves[orders[move[link][0]]].append(move)
    ids = sorted({m["picking_id"][0] for rows in moves.values() for m in rows if m["picking_id"]})
    return moves, {row["id"]: row for row in reader.read(PICKING, ids, TRANSFER_FIELDS)}
