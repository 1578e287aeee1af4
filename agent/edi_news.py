"""What EDI documents say of our orders, as findings: compared line by line, without judgement of words.

A response that equals its order confirms it; one that differs gives the differences alone. What a document leaves open,
or says of lines that are not the order's, is noted and makes the finding less than explicit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from agent.candidates import Recall
from agent.compare import held_date
from agent.edi_lines import LineMatch, match_lines
from agent.fields import Filled, product_of
from agent.line_news import SAME_PRICE
from agent.match import NAMED, Ranked, rank_orders
from agent.orderbook import OrderBook
from agent.orders import PURCHASE, SALE, Order, RecordKey
from agent.proposal import Evidence, LineFields, Split
from tools.edi.document import EdiDocument, EdiKind, EdiStatus, Stated

NAMED_BY_NUMBER = 0.98
CLAIMED_AT = 0.5
_GONE = (EdiStatus.rejected, EdiStatus.cancelled)
_FIELD = {
    "item_unavailable": "status",
    "partial_shipment": "splits",
    "delivery_date_change": "date",
    "quantity_change": "qty",
    "price_change": "price",
}
Value = Stated[Any]
Adder = Callable[..., None]
_SALES = (EdiKind.order_change, EdiKind.order_cancellation)


@dataclass
class EdiNews:
    """One intent of one document. `explicit`: it was stated in full, and the order is the sender's."""

    intent: str
    record: RecordKey | None
    ranked: list[Ranked]
    filled: Filled
    explicit: bool = True


def read_documents(documents: Sequence[EdiDocument], recall: Recall, book: OrderBook) -> list[EdiNews]:
    """The news of each document, in their order. Never empty for a document: `unclear` is an answer, with its reason."""
    return [news for document in documents for news in _Document(document, recall, book).read()]


class _Document:
    def __init__(self, document: EdiDocument, recall: Recall, book: OrderBook) -> None:
        self.document = document
        self.recall = recall
        self.book = book
        self.notes: list[str] = []
        self.explicit = True
        self.ranked = self._rank()
        top = self.ranked[0] if self.ranked else None
        self.order: Order | None = book.order(top.key) if top and top.score >= CLAIMED_AT else None

    def read(self) -> list[EdiNews]:
        document = self.document
        if document.faults:
            return [self._unclear(f"The {document.name} is not valid. {' '.join(document.faults[:5])}")]
        if document.kind is EdiKind.other:
            return [self._unclear(f"{document.name} is a kind of document that is not read.")]
        if document.kind is EdiKind.application_advice:
            return [self._advice()]
        if document.kind is EdiKind.acknowledgement:
            return [self._acknowledgement()]
        if self.order is None:
            number = document.order.value if document.order else "?"
            return [self._unclear(f"The {document.name} is about the order {number}, which is none of ours.")]
        readers = {
            EdiKind.order_response: self._response,
            EdiKind.despatch_advice: self._despatch,
            EdiKind.order_change: self._change,
            EdiKind.order_cancellation: self._cancellation,
        }
        return readers[document.kind](self.order)

    # --- the order ---

    def _rank(self) -> list[Ranked]:
        """The order that bears the document's number; else those that it may be a slip of, which a person must look at."""
        document = self.document
        model = SALE if document.kind in _SALES else PURCHASE
        numbers = [n for n in (document.order, document.seller_order) if n]
        for number in numbers:
            keys = {r.record for r in self.book.by_reference(number.value) if r.record[0] == model}
            own = {k for k in keys if self._is_senders(self.book.orders[k])}
            chosen = own if len(own) == 1 else keys
            if len(chosen) == 1:
                return [self._named(next(iter(chosen)), number.value)]
        self.explicit = False
        ranked = rank_orders(self.recall.candidates, [], self.recall, self.book, model)
        return [r for r in ranked if r.named in ("near", "posted")]

    def _named(self, key: RecordKey, number: str) -> Ranked:
        order = self.book.orders[key]
        why = f"The {self.document.name} is about {number}, which is {order.name}."
        return Ranked(key, order.name, NAMED, NAMED_BY_NUMBER, "exact", self._is_senders(order), [why])

    def _is_senders(self, order: Order) -> bool:
        return any(m.partner_id == order.commercial_partner_id for m in self.recall.sender.partners)

    # --- what suppliers say ---

    def _response(self, order: Order) -> list[EdiNews]:
        document = self.document
        status = document.status.value if document.status else None
        if status is EdiStatus.rejected:
            self._say_notes()
            return [self._news("order_rejection", Filled(supported=1.0))]
        if status is EdiStatus.cancelled:
            self._note(f"The {document.name} cancels the order.")
            return [self._news("order_rejection", Filled(supported=1.0))]
        matched = self._matched(order)
        found = self._differences(matched, order)
        if found:
            return found
        if status is EdiStatus.acknowledged:
            self._note("The order was received there; it is not confirmed yet.")
            return [self._news("auto_reply", Filled(), record=False)]
        if status is EdiStatus.pending or any(
            m.stated.status and m.stated.status.value is EdiStatus.pending for m in matched
        ):
            return [self._unclear("The supplier has not decided on the order, or on a line of it, yet.")]
        if not document.lines and status is not EdiStatus.accepted:
            return [self._unclear(f"The {document.name} says neither that the order is accepted nor what differs.")]
        if document.lines and not matched:
            return [self._unclear(f"None of the lines of the {document.name} is a line of {order.name}.")]
        self._note_unanswered(matched, order, accepted=status is EdiStatus.accepted or document.only_exceptions)
        return [self._news("order_confirmation", self._confirmed(order))]

    def _confirmed(self, order: Order) -> Filled:
        filled = Filled(supported=1.0)
        theirs = self.document.seller_order or self.document.number
        if theirs and theirs.value != order.name:
            filled.fields.supplier_ref = theirs.value
            filled.details.append(self._evidence("supplier_ref", theirs))
        return filled

    def _note_unanswered(self, matched: list[LineMatch], order: Order, *, accepted: bool) -> None:
        answered = {m.line.id for m in matched}
        left = [line for line in order.open_lines if line.id not in answered]
        if matched and left:
            self._note(f"It says nothing of {', '.join(product_of(line) for line in left[:5])}.", explicit=accepted)

    def _matched(self, order: Order) -> list[LineMatch]:
        matched, strays = match_lines(self.document.lines, order, self.book, self.recall.taught.codes)
        for stray in strays:
            codes = ", ".join(code.value for code in stray.codes) or (stray.number.value if stray.number else "?")
            self._note(f"Its line {codes} is no line of {order.name}.", explicit=False)
        return matched

    def _differences(self, matched: list[LineMatch], order: Order) -> list[EdiNews]:
        """One finding for each way in which lines differ from the order's, the gravest first."""
        kinds = ("item_unavailable", "partial_shipment", "delivery_date_change", "quantity_change", "price_change")
        found = {kind: Filled(values=1.0, supported=1.0) for kind in kinds}
        for match in matched:
            self._compare(match, order, found)
        return [self._news(kind, filled) for kind, filled in found.items() if filled.fields.lines]

    def _compare(self, match: LineMatch, order: Order, found: dict[str, Filled]) -> None:
        stated, line = match.stated, match.line
        status = stated.status.value if stated.status else None
        where = [self._evidence("lines.product", code) for code in [*stated.codes, stated.number][:1] if code]

        def add(kind: str, fields: LineFields, *values: Value | None) -> None:
            fields.line_id, fields.product = line.id, product_of(line)
            evidence = [self._evidence(f"lines.{_FIELD[kind]}", value) for value in values if value]
            found[kind].add(fields, match.score, *evidence, *where)

        if status in _GONE or (stated.qty and stated.qty.value == 0 and not stated.backordered):
            substitute = stated.substitute.value if stated.substitute else None
            add("item_unavailable", LineFields(substitute=substitute), stated.substitute, stated.status or stated.qty)
            return
        if status is EdiStatus.substituted or stated.substitute:
            substitute = stated.substitute.value if stated.substitute else None
            add("item_unavailable", LineFields(substitute=substitute), stated.substitute, stated.status)
        self._compare_price(match, order, add)
        if self._compare_deliveries(match, add):
            return
        if not match.as_held:
            if not match.unit_known:
                self._note(f"Its unit {stated.unit} may not be the order's ({line.uom}).", explicit=False)
            add("quantity_change", LineFields(qty=match.qty), match.stated_qty)

    def _compare_price(self, match: LineMatch, order: Order, add: Adder) -> None:
        price = match.stated.price
        if price is None:
            return
        unit_price = price.value / match.stated.price_base
        if abs(unit_price - match.line.price) <= SAME_PRICE:
            return
        if self.document.currency and order.currency and self.document.currency != order.currency:
            self._note(f"Its prices are in {self.document.currency}, the order's in {order.currency}.", explicit=False)
            return
        add("price_change", LineFields(price=round(unit_price, 4)), price)

    def _compare_deliveries(self, match: LineMatch, add: Adder) -> bool:
        """Dates and part deliveries. True where several deliveries say all that there is of the quantity, too."""
        stated, line = match.stated, match.line
        days = {d.day.value for d in stated.deliveries if d.day}
        whole = [d for d in stated.deliveries if d.day and d.qty and not d.despatch]
        if len(days) > 1 and len({d.day.value for d in whole if d.day}) > 1:
            splits = [
                Split(qty=d.qty.value * match.factor, date=d.day.value.isoformat()) for d in whole if d.qty and d.day
            ]
            add(
                "partial_shipment",
                LineFields(splits=sorted(splits, key=lambda s: s.date or "")),
                *(d.day for d in whole),
            )
            return True
        if len(days) > 1:
            self._note("It states several days, not how much comes on each.", explicit=False)
        first = next((d for d in stated.deliveries if d.day), None)
        day = first.day if first else self.document.delivery
        later = match.later
        if later and match.qty is not None and 0 < match.qty < line.open_qty:
            held = day.value.isoformat() if day else held_date(line)
            splits = [Split(qty=match.qty, date=held), Split(qty=later)]
            add("partial_shipment", LineFields(splits=splits), stated.qty, stated.backordered)
            self._note("When the rest comes is not stated.")
            return True
        status = stated.status.value if stated.status else None
        if day is None:
            if status is EdiStatus.backordered or (status is EdiStatus.pending and not stated.price):
                add("delivery_date_change", LineFields(date_unknown=True), stated.status)
            return False
        held, when = held_date(line), day.value.isoformat()
        if first is not None and first.despatch:
            if held and when > held:
                self._note(f"It leaves on {when}; when it arrives is not stated.")
                add("delivery_date_change", LineFields(date_unknown=True), day)
        elif when != held:
            add("delivery_date_change", LineFields(date=when), day)
        return False

    def _despatch(self, order: Order) -> list[EdiNews]:
        document = self.document
        filled = Filled(supported=0.5, from_table=True)
        for match in self._matched(order):
            if match.qty is None:
                continue
            fields = LineFields(line_id=match.line.id, product=product_of(match.line), qty=match.qty)
            filled.add(
                fields, match.score, *([self._evidence("lines.qty", match.stated_qty)] if match.stated_qty else [])
            )
            if match.qty > match.line.open_qty:
                self._note(
                    f"More of {product_of(match.line)} was sent than is open: {match.qty:g} of {match.line.open_qty:g}."
                )
            if match.later:
                self._note(f"{match.later:g} of {product_of(match.line)} are still to come.")
        for name, value in (("tracking", document.tracking), ("carrier", document.carrier)):
            if value:
                setattr(filled.fields, name, value.value)
                filled.details.append(self._evidence(name, value))
        if document.delivery:
            self._note(f"It is expected on {document.delivery.value.isoformat()}.")
        return [self._news("shipment_notice", filled)]

    # --- what customers say ---

    def _change(self, order: Order) -> list[EdiNews]:
        changed, cancelled = Filled(values=1.0, supported=1.0), Filled()
        for match in self._matched(order):
            stated, line = match.stated, match.line
            fields, evidence = LineFields(line_id=line.id, product=product_of(line)), []
            if stated.status and stated.status.value in _GONE:
                cancelled.add(fields, match.score, self._evidence("lines.status", stated.status))
                continue
            if match.stated_qty and not match.as_held:
                fields.qty = match.qty
                evidence.append(self._evidence("lines.qty", match.stated_qty))
            day = next((d.day for d in stated.deliveries if d.day), self.document.delivery)
            if day and day.value.isoformat() != held_date(line):
                fields.date = day.value.isoformat()
                evidence.append(self._evidence("lines.date", day))
            if evidence:
                changed.add(fields, match.score, *evidence)
        self._say_notes()
        found = [("order_change", changed), ("order_cancellation", cancelled)]
        news = [self._news(intent, filled) for intent, filled in found if filled.fields.lines]
        if news:
            return news
        self._note("It states no other quantity or date for a line of the order.", explicit=False)
        return [self._news("order_change", changed)]

    def _cancellation(self, order: Order) -> list[EdiNews]:
        self._say_notes()
        return [self._news("order_cancellation", Filled(supported=1.0))]

    # --- what became of a document of ours ---

    def _advice(self) -> EdiNews:
        """Errors in an order of ours must be put right before the supplier goes on; those in anything else a person reads."""
        document = self.document
        if document.status and document.status.value is EdiStatus.accepted and not document.errors:
            self._note("Our document was accepted there.")
            return self._news("auto_reply", Filled(), record=False)
        for error in document.errors[:5]:
            self._note(f"Reported: {error.value}.")
        if self.order is None:
            return self._unclear(
                f"The {document.name} reports errors in a document of ours that names no purchase order."
            )
        return self._news("information_request", Filled(supported=1.0))

    def _acknowledgement(self) -> EdiNews:
        """A machine took our document, which asks nothing of anybody; or did not, which a person must see to."""
        document = self.document
        if not document.errors:
            self._note("A machine there could read our document. It says nothing about the order.")
            return self._news("auto_reply", Filled(), record=False)
        for error in document.errors[:5]:
            self._note(f"Reported: {error.value}.")
        return self._unclear(f"By the {document.name}, a document of ours could not be taken there as it is.")

    # --- findings ---

    def _news(self, intent: str, filled: Filled, *, record: bool = True) -> EdiNews:
        filled.notes += self.notes
        key = self.order.key if record and self.order else None
        foreign = bool(self.recall.sender.partners) and key is not None and not self.ranked[0].sender
        if foreign and self.document.sender:
            filled.notes.append(f"It comes from {self.document.sender.value}, who is not the order's partner.")
        return EdiNews(intent, key, self.ranked, filled, self.explicit and not foreign)

    def _unclear(self, why: str) -> EdiNews:
        self.notes.insert(0, why)
        return EdiNews("unclear", None, self.ranked, Filled(values=0.0, notes=list(self.notes)), explicit=False)

    def _note(self, sentence: str, *, explicit: bool = True) -> None:
        self.explicit &= explicit
        if sentence not in self.notes:
            self.notes.append(sentence)

    def _say_notes(self) -> None:
        for note in self.document.notes[:3]:
            self._note(f"It says: {note.value}")

    def _evidence(self, name: str, stated: Value) -> Evidence:
        return Evidence(field=name, part=self.document.part, start=stated.start, end=stated.end, text=stated.shown)
