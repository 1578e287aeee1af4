"""Recall: every record that a message could be about, found cheaply and widely, with the numbers that speak for it.

Ways to a record: the numbers in the text (exact or nearly so), the document that a portal post stands on, the sender's
orders, the companies that the text names, the products that it speaks of, and the shipments or orders linked to any
of these. Nothing is decided here; matching ranks the candidates by their features.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from functools import cached_property

from agent.candidates import LocatedMention, Recall, RecordCandidate
from agent.key_table import OWN_KINDS
from agent.numbering import NearMatch
from agent.orderbook import OrderBook
from agent.orders import INVOICE, PICKING, PURCHASE, SALE, Order, OrderLine, Picking, RecordKey
from agent.product_mentions import ProductFinder
from agent.references import References
from agent.sender import identify
from agent.short_numbers import short_numbers
from agent.taught import NOTHING, Taught
from tools.index import Hit, RecordIndex
from tools.message import Message, Part, PassageKind

MOST_OPEN_ORDERS = 60
MOST_CLOSED_ORDERS = 20
MOST_SHIPMENTS = 30
MOST_PRODUCTS = 8
MOST_OF_A_PRODUCT = 10
MOST_LINES = 400
LONGEST_QUERY = 300
LONGEST_PRODUCT_TEXT = 6000

# How much a number counts by where it stands.
PLACE_WEIGHTS = {
    "subject": 1.0,
    PassageKind.new: 1.0,
    PassageKind.forwarded: 0.9,
    "attachment": 0.85,
    PassageKind.signature: 0.3,
    PassageKind.quoted: 0.45,
    PassageKind.disclaimer: 0.1,
    PassageKind.hidden: 0.0,
}


_PLACE_WORDS = {
    "subject": "in the subject",
    "attachment": "in an attachment",
    "event": "in the carrier's event",
    PassageKind.new: "in the message",
    PassageKind.forwarded: "in the forwarded message",
    PassageKind.signature: "in the signature",
    PassageKind.quoted: "in the quoted text",
    PassageKind.disclaimer: "in the small print",
    PassageKind.hidden: "in hidden text",
}


def recall(
    message: Message,
    book: OrderBook,
    references: References | None = None,
    index: RecordIndex | None = None,
    taught: Taught = NOTHING,
) -> Recall:
    """Candidates for one message. `references` are made from the book when not given (make them once and keep them);
    without an `index` nothing is retrieved by meaning."""
    result = Recall(identify(message, book, taught), taught=taught)
    return _Search(message, book, references or References(book), index, result).run()


class _Search:
    """One message's search; each step adds candidates or features to them."""

    def __init__(
        self, message: Message, book: OrderBook, references: References, index: RecordIndex | None, result: Recall
    ) -> None:
        self.message = message
        self.book = book
        self.references = references
        self.index = index
        self.found: dict[RecordKey, RecordCandidate] = {}
        self.result = result
        sender = result.sender
        self.partners = {match.partner_id: match.score for match in sender.partners}
        self.open_orders: Counter[tuple[int, str]] = Counter()
        self.mentioned = {match.partner_id: match.score for match in sender.mentioned}
        self.text = f"{message.subject}\n{message.new_text or message.body}"[:LONGEST_PRODUCT_TEXT]

    def run(self) -> Recall:
        self._document()
        self._mentions()
        self._partners()
        self._short_numbers()
        self._products()
        self._linked()
        for candidate in self.found.values():
            self._describe(candidate)
        self.result.candidates = sorted(self.found.values(), key=lambda c: (-c.score, c.model, -c.id))
        return self.result

    def _candidate(self, key: RecordKey) -> RecordCandidate | None:
        if key not in self.found:
            if not self._exists(key):
                return None
            self.found[key] = RecordCandidate(*key, self.book.name_of(key))
        return self.found[key]

    def _exists(self, key: RecordKey) -> bool:
        model, record_id = key
        if model == INVOICE:
            return record_id in self.book.invoices
        return key in self.book.orders or (model == PICKING and record_id in self.book.pickings)

    def _document(self) -> None:
        model, record_id = self.message.document_model, self.message.document_id
        if not model or not record_id:
            return
        for key in self._records((model, record_id)):
            candidate = self._candidate(key)
            if candidate:
                candidate.raise_to("document", 1.0, f"The message was posted on {candidate.name}.")

    def _records(self, key: RecordKey) -> list[RecordKey]:
        """The record itself; for an invoice, also the orders it bills."""
        if key[0] == INVOICE and key[1] in self.book.invoices:
            return [key, *self.book.invoices[key[1]].orders]
        return [key]

    def _mentions(self) -> None:
        for part in self.message.parts:
            for mention in self.references.find(part.text):
                self.result.mentions.append(LocatedMention(part.name, _place(part, mention.start), mention))
        event = self.message.event
        if event:
            # A carrier's event says what each number is, as words would in a text.
            numbers = [f"tracking {event.tracking}"] if event.tracking else []
            for number in [*numbers, *(f"reference {each}" for each in event.references)]:
                for mention in self.references.find(number):
                    self.result.mentions.append(LocatedMention("event", "event", mention))
        for rank, located in enumerate(self.result.mentions):
            self._use(located, rank)

    def _use(self, located: LocatedMention, rank: int) -> None:
        mention = located.mention
        weight = PLACE_WEIGHTS.get(located.place, 1.0)
        if weight == 0.0:
            return
        for reference in mention.exact:
            for key in self._records(reference.record):
                candidate = self._candidate(key)
                if candidate is None:
                    continue
                agrees = self._agreement(key)
                strength = (
                    weight
                    * (0.6 if mention.bare and not agrees else 1.0)
                    / (1 if agrees else len(mention.exact) ** 0.5)
                )
                if reference.kind == "invoice":
                    strength *= 0.8
                reason = f"{mention.text.strip()} {_PLACE_WORDS[located.place]} is {_kind_words(reference.kind)} {candidate.name}."
                candidate.raise_to("exact", strength, reason)
                candidate.raise_to(f"exact_{located.place}", strength)
                candidate.raise_to("order_of_mention", 1.0 / (1 + rank))
                if reference.kind in OWN_KINDS:
                    candidate.raise_to("own_number", weight)
                elif reference.kind in ("tracking", "invoice"):
                    candidate.raise_to(reference.kind, weight)
                candidate.mentions.append(located)
        for near in mention.near:
            self._use_near(located, near, weight)

    def _use_near(self, located: LocatedMention, near: NearMatch, weight: float) -> None:
        for key in self._records(near.reference.record):
            agrees = self._agreement(key)
            if near.score < 0.3 and not agrees:
                continue
            candidate = self._candidate(key)
            if candidate is None:
                continue
            strength = weight * (min(1.0, near.score + 0.3) if agrees else near.score * 0.7)
            written = located.mention.text.strip()
            candidate.raise_to("near", strength, f"{written} may be {near.reference.value} ({near.edit}).")
            candidate.mentions.append(located)

    def _agreement(self, key: RecordKey) -> float:
        """Whether the record belongs to the sender's company or to one that the text names."""
        companies = self._companies(key)
        return max((max(self.partners.get(c, 0.0), 0.8 * self.mentioned.get(c, 0.0)) for c in companies), default=0.0)

    def _companies(self, key: RecordKey) -> set[int]:
        order = self.book.orders.get(key)
        ids: list[int | None] = []
        if key[0] == INVOICE:
            ids.append(self.book.invoices[key[1]].commercial_partner_id)
        elif order is None:
            picking = self.book.pickings[key[1]]
            ids.append(picking.commercial_partner_id)
            order = self.book.orders.get(picking.order) if picking.order else None
        if order is not None:
            ids += [order.commercial_partner_id, self.book.directory.commercial(order.shipping_partner_id)]
        return {i for i in ids if i}

    def _partners(self) -> None:
        for partner in [*self.partners, *self.mentioned]:
            for (model, is_open), count in self.book.count_orders(partner).items():
                self.open_orders[partner, model] += count if is_open else 0
            if self.open_orders[partner, PURCHASE] + self.open_orders[partner, SALE] > MOST_OPEN_ORDERS:
                self._holding_what_is_spoken_of(partner)
            waiting = self.book.orders_of_partner(partner, is_open=True, most=MOST_OPEN_ORDERS)
            closed = self.book.orders_of_partner(partner, is_open=False, most=MOST_CLOSED_ORDERS)
            shipments = self.book.pickings_of_partner(partner, MOST_SHIPMENTS)
            for key in [o.key for o in (*waiting, *closed)] + [p.key for p in shipments]:
                self._candidate(key)

    def _short_numbers(self) -> None:
        """Numbers of the sender's open orders of which only the last digits are written."""
        orders = [o for key in self.found if (o := self.book.orders.get(key)) and o.is_open and self._own(o)]
        for part in self.message.parts:
            taken = [m.mention for m in self.result.mentions if m.part == part.name]
            if part.name not in ("subject", "body"):
                continue
            in_subject = part.name == "subject"
            for mention in short_numbers(part.text, orders, taken, self.message.language, subject=in_subject):
                located = LocatedMention(part.name, _place(part, mention.start), mention)
                self.result.mentions.append(located)
                self._use(located, len(self.result.mentions) - 1)

    def _own(self, order: Order) -> bool:
        return any(company in self.partners for company in self._companies(order.key))

    def _holding_what_is_spoken_of(self, partner: int) -> None:
        """Of a company with more open orders than are looked at, those of the products that the text is nearest to."""
        for hit in self.hits:
            for order in self.book.open_orders_of_product(int(hit.id), MOST_OF_A_PRODUCT, partner):
                self._candidate(order.key)

    @cached_property
    def hits(self) -> list[Hit]:
        """The products that the text is nearest to; none without an index, or where a record is named already."""
        named = any(c.features.get("exact") or c.features.get("document") for c in self.found.values())
        return [] if self.index is None or named else self.index.search(self.text[:LONGEST_QUERY], MOST_PRODUCTS)

    def _products(self) -> None:
        orders = [self.book.orders[key] for key in self.found if key in self.book.orders]
        lines = _one_line_a_product(orders)[:MOST_LINES]
        partner = next(iter(self.partners), None)
        if lines:
            self.result.products = ProductFinder(lines, self.book, partner, codes=self.result.taught.codes).find(
                self.text, language=self.message.language
            )
        self._retrieve(known=bool(orders))
        best: dict[int, float] = {}
        for mention in self.result.products:
            if mention.product_id:
                best[mention.product_id] = max(mention.score, best.get(mention.product_id, 0.0))
        for order in orders:
            self._product_features(order, best)

    def _product_features(self, order: Order, best: dict[int, float]) -> None:
        held = {line.product_id for line in order.lines}
        shared = {p: score for p, score in best.items() if p in held}
        if shared:
            candidate = self.found[order.key]
            names = ", ".join(self.book.products[p].name for p in list(shared)[:3] if p in self.book.products)
            candidate.raise_to("product", max(shared.values()), f"{order.name} holds {names}.")
            candidate.raise_to("product_share", sum(shared.values()) / sum(best.values()))

    def _retrieve(self, *, known: bool) -> None:
        """Orders for the products that the text is nearest to; new ones only where the sender led to none."""
        for hit in self.hits:
            product_id = int(hit.id)
            for order in self.book.open_orders_of_product(product_id, MOST_OF_A_PRODUCT):
                if known and order.key not in self.found:
                    continue
                candidate = self._candidate(order.key)
                if candidate:
                    name = self.book.products[product_id].name if product_id in self.book.products else "a product"
                    candidate.raise_to("retrieved", hit.score, f"{order.name} has open lines of {name}.")

    def _linked(self) -> None:
        """Shipments of candidate orders and orders of candidate shipments."""
        orders = [order for key in self.found if (order := self.book.orders.get(key))]
        shipments = self.book.pickings_of_each(orders)
        for candidate in list(self.found.values()):
            strength = max(candidate.features.get(f, 0.0) for f in ("exact", "near", "document"))
            if candidate.key in shipments:
                for rank, picking in enumerate(shipments[candidate.key][:8]):
                    self._link(candidate, picking.key, strength * (0.9 if rank == 0 else 0.7))
            elif candidate.model == PICKING and (behind := self.book.pickings[candidate.id].order):
                self._link(candidate, behind, strength * 0.9)

    def _link(self, source: RecordCandidate, key: RecordKey, strength: float) -> None:
        target = self._candidate(key)
        if target is not None and strength > 0:
            target.raise_to("linked", strength, f"{target.name} belongs to {source.name}.")

    def _describe(self, candidate: RecordCandidate) -> None:
        companies = self._companies(candidate.key)
        directory = self.book.directory
        for company in companies:
            name = directory.name(company).removesuffix(".")
            if company in self.partners:
                candidate.raise_to("partner", self.partners[company], f"The sender is {name}.")
            if company in self.mentioned:
                candidate.raise_to("partner_mentioned", self.mentioned[company], f"The message names {name}.")
        if candidate.model == INVOICE:
            candidate.features["role_fit"] = 0.5
            return
        record: Order | Picking
        if candidate.model == PICKING:
            record = self.book.pickings[candidate.id]
            sales_side, planned = record.kind == "outgoing", record.scheduled
            started = planned
        else:
            record = self.book.orders[candidate.key]
            sales_side, planned, started = record.model == SALE, record.planned, record.date_order
        candidate.features["role_fit"] = _role_fit(self.result.sender.role, candidate.model, sales_side)
        candidate.features["open"] = float(record.is_open)
        candidate.features["recent"] = _closeness(started, self.message.received_at, 45)
        candidate.features["due"] = _closeness(planned, self.message.received_at, 20)
        if candidate.features.get("partner") and record.is_open and candidate.model in (PURCHASE, SALE):
            rivals = sum(self.open_orders.get((company, candidate.model), 0) for company in companies)
            candidate.features["alone"] = round(1.0 / max(rivals, 1), 4)


def _place(part: Part, start: int) -> str:
    if part.name == "subject":
        return "subject"
    if part.name != "body":
        return "attachment"
    return next((p.kind.value for p in part.passages if p.start <= start < p.end), PassageKind.new.value)


def _kind_words(kind: str) -> str:
    return {
        "purchase": "our number of",
        "sale": "our number of",
        "picking": "our number of",
        "partner_ref": "the supplier's number of",
        "client_order_ref": "the customer's number of",
        "invoice": "an invoice of",
        "tracking": "the tracking number of",
    }.get(kind, "a number of")


def _one_line_a_product(orders: Iterable[Order]) -> list[OrderLine]:
    lines: dict[int | str, OrderLine] = {}
    for order in orders:
        for line in order.lines:
            lines.setdefault(line.product_id or line.name, line)
    return list(lines.values())


def _role_fit(role: str, model: str, sales_side: bool) -> float:
    if role == "carrier":
        return 1.0 if model == PICKING else 0.3
    if role in ("supplier", "customer"):
        return float((role == "customer") == sales_side)
    return 0.5


def _closeness(moment: datetime | None, now: datetime, days: float) -> float:
    """1 for the same day, 0.5 after `days`, falling on."""
    if moment is None:
        return 0.0
    return round(1.0 / (1.0 + abs((now - moment).total_seconds()) / 86400 / days), 4)
