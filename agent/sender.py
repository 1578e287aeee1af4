"""Who a message comes from: which partner, in which role, and whether the address only pretends."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from agent.directory import PartnerMatch, is_free_mail, registrable
from agent.lookalikes import address_shown
from agent.orderbook import OrderBook
from agent.orders import PURCHASE
from agent.taught import NOTHING, Taught
from tools.message import Address, Channel, Message, PassageKind

Role = Literal["supplier", "customer", "carrier", "internal", "unknown"]
LONGEST_TEXT = 8000
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


@dataclass(slots=True)
class Sender:
    """`partners` are the companies that the address belongs to, most likely first; `mentioned` those that the text
    names. `address` is the original sender's where one of our own people forwarded the message.

    `lookalike_of` is the known domain that the address imitates; `extends` one whose name it bears with words added,
    and `poses` that the display name is the other's, too. `claims` is a company whose name the sender bears while the
    address is not the company's; `shows` a mail address in the display name that is not the sender's."""

    role: Role
    address: Address
    partners: list[PartnerMatch] = field(default_factory=list)
    mentioned: list[PartnerMatch] = field(default_factory=list)
    carrier: str | None = None
    forwarded_by: str | None = None
    free_mail: bool = False
    lookalike_of: str | None = None
    extends: str | None = None
    poses: bool = False
    claims: int | None = None
    shows: str | None = None


def identify(message: Message, book: OrderBook, taught: Taught = NOTHING) -> Sender:
    """The sender as far as addresses, names and text tell."""
    directory = book.directory
    address, forwarded_by = message.sender, None
    internal = bool(address.email) and directory.is_internal(address.email)
    if internal:
        original = _original_sender(message, book)
        if original:
            address, forwarded_by = original, address.email
    sender = Sender("unknown", address, forwarded_by=forwarded_by)
    sender.free_mail = is_free_mail(registrable(address.email))
    if not internal or forwarded_by:
        sender.partners = _owners(address.email, book, taught)
        sender.lookalike_of = directory.lookalike_of(address.email)
        sender.extends = directory.extended_by(address.email)
        sender.poses = bool(sender.extends) and directory.poses_as(sender.extends or "", address.email, address.name)
        shown = address_shown(address.name)
        sender.shows = shown if shown and registrable(shown) != registrable(address.email) else None
    if not sender.partners and address.name and not (internal and not forwarded_by):
        named = [m for m in directory.by_name(address.name) if m.score >= 0.75]
        sender.partners = [PartnerMatch(m.partner_id, "name", round(0.7 * m.score, 3)) for m in named[:2]]
        # A document names its parties and has no address: who brought it, by key or folder, vouches for it.
        sender.claims = named[0].partner_id if named and message.channel is not Channel.edi else None
    sender.mentioned = _mentioned(message, book, {m.partner_id for m in sender.partners})
    if message.channel is Channel.carrier:
        sender.carrier = message.event.carrier if message.event else None
    else:
        sender.carrier = directory.carrier_of_address(address.email, address.name)
    sender.role = _role(sender, message, book, internal=internal and not forwarded_by)
    return sender


def _owners(email: str, book: OrderBook, taught: Taught) -> list[PartnerMatch]:
    """The companies that the address belongs to; what a person taught comes first."""
    found = book.directory.by_email(email)
    company = book.directory.commercial(taught.partner_of(email))
    if company is None:
        return found
    return [PartnerMatch(company, "taught", 1.0), *(m for m in found if m.partner_id != company)]


def _original_sender(message: Message, book: OrderBook) -> Address | None:
    """The first outside address in what was forwarded (its "From:" line, whatever the language)."""
    body = message.part("body")
    if body is None:
        return None
    spans = body.spans_of(PassageKind.forwarded) or body.spans_of(PassageKind.quoted)
    for start, end in spans:
        head = body.text[start : min(end, start + 1200)]
        for m in _EMAIL.finditer(head):
            if not book.directory.is_internal(m[0]):
                line = head[: m.start()].rpartition("\n")[2]
                name = line.partition(":")[2] or line
                return Address(name=name.strip(" \"'<[(\t"), email=m[0].lower())
    return None


def _mentioned(message: Message, book: OrderBook, known: set[int]) -> list[PartnerMatch]:
    text = f"{message.subject}\n{message.body}\n{message.event.description if message.event else ''}"[:LONGEST_TEXT]
    found = [m for m in book.directory.mentioned(text) if m.score >= 0.7 and m.partner_id not in known]
    matches = [PartnerMatch(m.partner_id, "mentioned", m.score) for m in found[:6]]
    for email in dict.fromkeys(e.lower() for e in _EMAIL.findall(text)):
        if not book.directory.is_internal(email):
            seen = known | {m.partner_id for m in matches}
            matches += [m for m in book.directory.by_email(email) if m.partner_id not in seen]
    return matches[:8]


def _role(sender: Sender, message: Message, book: OrderBook, *, internal: bool) -> Role:
    if message.channel is Channel.carrier:
        return "carrier"
    if internal:
        return "internal"
    supplier = customer = 0.0
    trades = False
    for match in sender.partners:
        orders = book.count_orders(match.partner_id)
        partner = book.directory.partners.get(match.partner_id)
        bought = orders[PURCHASE, True] + orders[PURCHASE, False]
        trades = trades or bool(orders)
        supplier += match.score * (bought + (partner.supplier_rank if partner else 0))
        customer += match.score * (orders.total() - bought + (partner.customer_rank if partner else 0))
    if sender.carrier and not trades:
        return "carrier"
    if supplier or customer:
        return "supplier" if supplier >= customer else "customer"
    if message.document_model in ("sale.order", "purchase.order"):
        return "customer" if message.document_model == "sale.order" else "supplier"
    return "unknown"
