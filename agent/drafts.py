"""Drafts: what a person may send after approving an action, in the reader's language. The service sends nothing.

A draft holds facts of our own records and of fields that were read as dates and numbers. No text of the message gets
into it, so nothing in a message can speak through one; of its sender only the name, as letters. A fact that is missing
is left out, or is a blank in square brackets for the person to fill in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from agent.letter import Letter
from agent.lexicon import base_language
from agent.orderbook import OrderBook
from agent.orders import PICKING, PURCHASE, SALE, Order, OrderLine, Picking, RecordKey
from agent.proposal import Fields, Impact, ImpactItem
from tools.message import Channel, Message

LONGEST_NAME = 40
MOST_NAME_WORDS = 4
NEVER_COMES = frozenset({"item_unavailable", "order_rejection"})


@dataclass(frozen=True, slots=True)
class Matter:
    """Everything that a draft may look at. `about` is the finding's record; its order and shipment follow from it."""

    intent: str
    message: Message
    about: RecordKey | None
    fields: Fields
    impact: Impact
    book: OrderBook

    @property
    def picking(self) -> Picking | None:
        return self.book.pickings.get(self.about[1]) if self.about and self.about[0] == PICKING else None

    @property
    def order(self) -> Order | None:
        key = self.picking.order if self.picking else self.about
        return self.book.order(key) if key else None

    @property
    def named_lines(self) -> list[OrderLine]:
        """The order's lines that the message names, else its open ones."""
        if self.order is None:
            return []
        named = {line.line_id for line in self.fields.lines}
        return [line for line in self.order.lines if line.id in named] or self.order.open_lines


def draft(action: str, matter: Matter) -> str | None:
    """The text that goes with an action of the catalogue, or None where the action needs none.

    `notify_customer` writes to the customers in their own language (`lang`, else English): where there are several,
    one text for each under a line with their name. Every other text is in the message's language, else in the
    sender's `lang`, else in English. Nothing is drafted to what wrote by itself (RFC 3834): two machines that answer
    each other never stop.
    """
    write = _WRITERS.get(action)
    automatic = matter.message.auto_reply or matter.message.bounce
    return write(matter) if write and not (automatic and action in TO_SENDER) else None


def _send_status(matter: Matter) -> str:
    letter, order = _to_sender(matter), matter.order
    letter.about(order, matter.picking)
    letter.say("status")
    if order and order.state == "cancel":
        letter.say("cancelled")
        return letter.text()
    today = matter.message.received_at.date()
    letter.items(_standing(letter, line, today) for line in (order.lines if order else ()))
    pickings = matter.book.pickings_of(order) if order and order.model == SALE else []
    letter.items(_way(letter, p, today) for p in pickings if p.kind == "outgoing" and p.state != "cancel")
    return letter.text()


def _standing(letter: Letter, line: OrderLine, today: date) -> list[str]:
    """How much of a line is delivered and open, and when the rest comes. A date that has passed answers nothing."""
    facts = [letter.item(line)]
    if line.done_qty:
        facts.append(letter.words("done", qty=letter.quantity(line.done_qty, line.uom)))
    if line.open_qty:
        facts.append(letter.words("open", qty=letter.quantity(line.open_qty, line.uom)))
        ahead = line.planned and line.planned.date() >= today
        facts.append(letter.words("planned", date=letter.day(line.planned) if ahead else None))
    return facts


def _way(letter: Letter, picking: Picking, today: date) -> list[str]:
    facts = [letter.words("prepared" if picking.is_open else "shipped", shipment=picking.name)]
    if picking.is_open and picking.scheduled and picking.scheduled.date() >= today:
        facts.append(letter.words("planned", date=letter.day(picking.scheduled)))
    if picking.carrier:
        facts.append(letter.words("carrier", carrier=picking.carrier))
    if picking.tracking:
        facts.append(letter.words("tracking", tracking=", ".join(picking.tracking)))
    return facts


def _reply_to_sender(matter: Matter) -> str:
    letter, order = _to_sender(matter), matter.order
    if order or matter.picking:
        letter.about(order, matter.picking)
    unknown = any(x.date_unknown for x in matter.fields.lines) and not any(x.date for x in matter.fields.lines)
    buying = order is not None and order.model == PURCHASE
    if order is None and matter.picking is None:
        letter.say("order_wanted")
    elif buying and (unknown or matter.intent in NEVER_COMES):
        letter.say("date_wanted" if unknown else "confirmation_wanted")
        for line in matter.named_lines:
            facts = [
                letter.item(line, supplier_code=True),
                letter.words("open", qty=letter.quantity(line.open_qty, line.uom)),
            ]
            if line.planned:
                facts.append(letter.words("planned_so_far", date=letter.day(line.planned)))
            letter.items([facts])
    else:
        letter.say("answer")
    return letter.text()


def _provide_documents(matter: Matter) -> str:
    letter, picking = _to_sender(matter, check=False), matter.picking
    # A carrier's matter is the shipment; whose order it is, and under which numbers, is none of its business.
    letter.about(None if picking else matter.order, picking)
    letter.say("documents")
    goods = [
        [letter.item(x.line), letter.quantity(x.qty, x.line.uom)]
        for x in (picking.lines if picking else ())
        if x.line and x.state != "cancel"
    ]
    if goods:
        letter.say("goods")
        letter.items(goods)
    letter.say("documents_missing")
    return letter.text()


def _create_return(matter: Matter) -> str:
    letter = _to_sender(matter)
    letter.about(matter.order, matter.picking)
    letter.say("send_back")
    back = {x.line_id: x.qty for x in matter.fields.lines}
    lines = [line for line in (matter.order.lines if matter.order else ()) if line.id in back]
    letter.items([letter.item(line), letter.quantity(back[line.id], line.uom)] for line in lines)
    if not lines:
        letter.items([[letter.words("blank_items"), letter.quantity(None, "")]])
    letter.say("send_back_how")
    return letter.text()


def _notify_customer(matter: Matter) -> str | None:
    waiting: dict[int, list[ImpactItem]] = {}
    for item in matter.impact.late:
        if item.record.model == SALE:
            waiting.setdefault(item.record.id, []).append(item)
    if not waiting:
        return _about_shipment(matter)
    texts = [(items[0], _goods_late(matter, items)) for items in waiting.values()]
    if len(texts) == 1:
        return texts[0][1]
    return "\n\n".join(f"=== {item.customer or ''} ({item.record.name}) ===\n\n{text}" for item, text in texts)


def _goods_late(matter: Matter, items: list[ImpactItem]) -> str:
    """To a customer whose order waits for what a supplier delivers late. The supplier is not named."""
    sale = matter.book.order((SALE, items[0].record.id))
    letter = _to_partner(matter, sale.partner_id if sale else None)
    letter.about(sale, None)
    letter.say("goods_late")
    products = {line.product_id for line in matter.named_lines}
    awaited = [x for x in (sale.open_lines if sale else ()) if x.product_id and x.product_id in products]
    letter.items([letter.item(x), letter.words("open", qty=letter.quantity(x.open_qty, x.uom))] for x in awaited)
    promised = min((i.promised for i in items if i.promised), default=None)
    expected = max((i.expected for i in items if i.expected), default=None)
    if promised:
        letter.say("promised", date=letter.day(promised))
    if expected:
        letter.say("expected", date=letter.day(expected))
    # When the goods reach us is known; when the customer gets them is for a person to promise.
    letter.say("new_date")
    return letter.text()


def _about_shipment(matter: Matter) -> str | None:
    """To the customer of a delivery that a carrier reports on; a receipt from a supplier has none."""
    picking, order = matter.picking, matter.order
    if order and order.model == PURCHASE:
        return None
    partner = order.partner_id if order else picking.partner_id if picking else None
    letter = _to_partner(matter, partner)
    letter.about(order, picking)
    if matter.intent == "transit_delay":
        letter.say("transit_late")
        letter.say("new_date", date=letter.day(matter.fields.date))
    elif matter.intent == "delivery_failed":
        letter.say("refused" if matter.fields.reason == "refused" else "undelivered")
    else:
        letter.say("news")
    return letter.text()


TO_SENDER = ("send_status", "reply_to_sender", "provide_documents", "create_return")
_WRITERS: dict[str, Callable[[Matter], str | None]] = {
    "send_status": _send_status,
    "reply_to_sender": _reply_to_sender,
    "provide_documents": _provide_documents,
    "create_return": _create_return,
    "notify_customer": _notify_customer,
}


def _to_partner(matter: Matter, partner_id: int | None) -> Letter:
    directory = matter.book.directory
    partner = directory.partners.get(partner_id or 0)
    company = directory.partners.get(directory.commercial(partner_id) or 0)
    language = next((p.lang for p in (partner, company) if p and p.lang), "en")
    return Letter(base_language(language), partner.name if partner else "", _own_name(matter.book), matter.book)


def _to_sender(matter: Matter, *, check: bool = True) -> Letter:
    """A letter to the sender. With `check`, a visible note heads it where the address is not on file for the order's
    partner, so that nobody tells a stranger about an order without seeing it."""
    directory, message, order = matter.book.directory, matter.message, matter.order
    email = message.sender.email
    matches = directory.by_email(email) if email else []
    known = next((directory.partners[m.contact_id] for m in matches if m.contact_id in directory.partners), None)
    colleague = bool(email) and directory.is_internal(email)
    name = known.name if known and not known.is_company else person_name(message.sender.name)
    if colleague or message.channel is Channel.carrier:
        # A colleague forwarded it, or a system posted it: the name of who reads the answer is not known.
        name = ""
    language = base_language(message.language)
    if language == "und" and known:
        language = base_language(known.lang)
    letter = Letter(language, name, _own_name(matter.book), matter.book)
    vouched = not check or colleague or message.channel is Channel.portal
    if order and not vouched and order.commercial_partner_id not in {m.partner_id for m in matches}:
        letter.note("check_sender")
    return letter


def _own_name(book: OrderBook) -> str:
    return next((book.directory.name(i) for i in sorted(book.directory.own_partners)), "")


def person_name(shown: str) -> str:
    """A display name as at most four words of letters; empty where it is no name (an address, a link, a number)."""
    text = unicodedata.normalize("NFKC", shown)
    # `\d` knows decimal digits alone; numerals of other kinds are no letters of a name either.
    if re.search(r"[@/\\:<>\d]|\w\.\w", text) or any(c.isnumeric() and not c.isalpha() for c in text):
        return ""
    found = re.findall(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", text)
    if len(found) > MOST_NAME_WORDS:
        return ""
    name = " ".join(found)
    return name if len(name) <= LONGEST_NAME else ""
