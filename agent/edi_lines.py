"""Which order line each line of an EDI document is, and its quantities in that line's own unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import isclose

from agent.orderbook import OrderBook
from agent.orders import Order, OrderLine
from agent.reference_keys import reference_key
from agent.units import pieces_in
from tools.edi.document import Delivery, EdiLine, EdiStatus, Stated

BY_CODE, BY_NUMBER = 1.0, 0.9
ROUNDING = 1e-5
# UN/ECE Recommendation 20 and X12 element 355: single pieces, and units that hold a known number of them.
_PIECES = frozenset({"C62", "H87", "PCE", "PC", "EA", "NAR", "NMP", "UN", "ST", "STK"})
_PACKS = {"DZN": 12.0, "DZ": 12.0, "PR": 2.0, "NPR": 2.0, "CEN": 100.0, "MIL": 1000.0}


@dataclass
class LineMatch:
    """`qty` is what will come, or came, in the order line's unit (None: not said); `later` what comes after that."""

    stated: EdiLine
    line: OrderLine
    score: float

    @property
    def factor(self) -> float:
        """Units of the order line in one unit of the document's."""
        code = self.stated.unit.upper()
        held = pieces_in(self.line.uom)
        if code in _PACKS:
            return _PACKS[code] / (held or 1.0)
        if code in _PIECES and held and held > 1:
            return 1.0 / held
        return 1.0

    @property
    def unit_known(self) -> bool:
        """Whether the document's unit can be set beside the order line's."""
        return self.stated.unit.upper() in {"", *_PIECES, *_PACKS}

    @property
    def stated_qty(self) -> Stated[float] | None:
        """The value behind `qty`. Where nothing else is said, what the sender takes to be ordered is what will come."""
        if found := self.stated.qty or next((d.qty for d in self.stated.deliveries if d.qty), None):
            return found
        return None if self._is(EdiStatus.backordered) else self.stated.ordered

    @property
    def qty(self) -> float | None:
        counted = [d.qty.value for d in self.stated.deliveries if d.qty]
        if self.stated.qty is None and counted:
            return round(sum(counted) * self.factor, 6)
        return round(self.stated_qty.value * self.factor, 6) if self.stated_qty else None

    @property
    def later(self) -> float:
        """What is back-ordered: as stated, or what a partly delivered line leaves."""
        if self.stated.backordered:
            return round(self.stated.backordered.value * self.factor, 6)
        return self.line.open_qty - self.qty if self._is(EdiStatus.backordered) and self.qty else 0.0

    @property
    def as_held(self) -> bool:
        """Whether `qty` is what the order line has: in all, or still open."""
        held = (self.line.qty, self.line.open_qty)
        return self.qty is None or any(isclose(self.qty, each, rel_tol=ROUNDING) for each in held)

    def _is(self, status: EdiStatus) -> bool:
        return self.stated.status is not None and self.stated.status.value is status


def match_lines(
    stated: Sequence[EdiLine], order: Order, book: OrderBook, taught: Mapping[str, int] | None = None
) -> tuple[list[LineMatch], list[EdiLine]]:
    """Each stated line with its order line, and those that are none of the order's.

    A product's code decides: a `taught` one (key → product), ours, the supplier's, or its GTIN. Among several lines of one product the line number
    decides; and alone where no code is given. Lines of one order line are its deliveries."""
    numbered = _by_number(stated, order)
    matched: list[LineMatch] = []
    strays: list[EdiLine] = []
    taken: set[int] = set()
    for line in stated:
        at_number = numbered.get(line.number.value) if line.number else None
        meant = {taught[key] for code in line.codes if taught and (key := reference_key(code.value)) in taught}
        by_code = [own for own in order.lines if own.product_id in meant]
        by_code = by_code or [own for own in order.lines if _has_code(own, line, order, book)]
        free = [own for own in by_code if own.id not in taken] or by_code
        if at_number in free:
            found, score = at_number, BY_CODE
        elif free:
            found, score = free[0], BY_CODE if len(free) == 1 else BY_NUMBER
        elif at_number is not None and not _known_elsewhere(line, book):
            found, score = at_number, BY_NUMBER
        else:
            found, score = None, 0.0
        if found is None:
            strays.append(line)
        else:
            taken.add(found.id)
            matched.append(LineMatch(line, found, score))
    matched.sort(key=lambda m: m.line.id)
    return [_joined(list(same)) for _, same in groupby(matched, key=lambda m: m.line.id)], strays


def _joined(same: list[LineMatch]) -> LineMatch:
    """One match for an order line that the document splits over several lines of its own."""
    first = same[0]
    counted = [m for m in same if m.stated_qty and m.stated.unit == first.stated.unit]
    if len(same) == 1 or len(counted) < len(same):
        return first
    deliveries = []
    for match in same:
        own = [d for d in match.stated.deliveries if d.qty]
        day = next(iter(match.stated.deliveries), None)
        deliveries += own or [Delivery(qty=match.stated_qty, day=day and day.day, despatch=bool(day and day.despatch))]
    stated = first.stated.model_copy(update={"qty": None, "ordered": None, "deliveries": deliveries})
    return LineMatch(stated, first.line, min(m.score for m in same))


def _has_code(own: OrderLine, line: EdiLine, order: Order, book: OrderBook) -> bool:
    product = book.products.get(own.product_id or 0)
    codes = {own.code}
    if product:
        theirs = [
            c.code
            for c in product.supplier_codes
            if book.directory.commercial(c.partner_id) == order.commercial_partner_id
        ]
        codes |= {product.code, product.barcode, product.barcode.rjust(14, "0"), *theirs}
    known = {reference_key(code) for code in codes if code.strip("0")}
    return any(reference_key(code.value) in known for code in line.codes)


def _known_elsewhere(line: EdiLine, book: OrderBook) -> bool:
    """Whether a code of the line is that of another product of ours: then its number says nothing."""
    return any(book.products_by_code.get(reference_key(code.value)) for code in line.codes)


def _by_number(stated: Sequence[EdiLine], order: Order) -> dict[str, OrderLine]:
    """Our lines by the numbers that the document uses: Odoo's ids, or their places counted 1, 2 or 10, 20. Nothing
    where two of these fit and disagree."""
    written = {int(n.value): n.value for line in stated if (n := line.number) and n.value.isdecimal()}
    places = dict(enumerate(order.lines, start=1))
    tens = {place * 10: line for place, line in places.items()}
    schemes = ({line.id: line for line in order.lines}, places, tens)
    fitting = [
        {written[n]: known[n] for n in written} for known in schemes if written and written.keys() <= known.keys()
    ]
    agreed = all(scheme == fitting[0] for scheme in fitting)
    return fitting[0] if fitting and agreed else {}
