"""What a message states once for all its lines: tracking number, carrier, invoice, their reference, address, reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from agent.lexicon import fold, words
from agent.line_news import NOT_NEW
from agent.orders import INVOICE, Order
from agent.proposal import Evidence, Fields
from agent.said import Said
from agent.taxonomy import taxonomy
from tools.message import Message


@cache
def _reasons() -> dict[str, Any]:
    return words("reasons")


@cache
def _stems(*stems: str) -> re.Pattern[str]:
    return re.compile("|".join(rf"(?<![a-z0-9]){re.escape(s)}" for s in stems))


@cache
def _carriers() -> re.Pattern[str]:
    names = sorted(_reasons()["carriers"], key=len, reverse=True)
    return re.compile("|".join(rf"(?<!\w){re.escape(n)}(?!\w)" for n in names), re.IGNORECASE)


def add_details(
    intent: str, fields: Fields, message: Message, saids: Sequence[Said], order: Order | None
) -> list[Evidence]:
    """Fill the message-level fields that the taxonomy lists for the intent; returns where each was read."""
    listed = set(taxonomy().intents[intent].fields)
    found: list[Evidence] = []
    if "tracking" in listed:
        found += _tracking(fields, message, saids)
    if "carrier" in listed:
        found += _carrier(fields, saids)
    if "invoice" in listed:
        found += _invoice(fields, saids)
    if "supplier_ref" in listed:
        found += _supplier_ref(fields, saids, order)
    if "address" in listed:
        found += _address(fields, saids)
    if "reason" in listed:
        fields.reason = reason(intent, message, saids)
    if "date" in listed:
        found += _date(fields, message, saids)
    return found


def _tracking(fields: Fields, message: Message, saids: Sequence[Said]) -> list[Evidence]:
    if message.event and message.event.tracking:
        fields.tracking = message.event.tracking
        return []
    for said in saids:
        for mention in said.references:
            if mention.kind == "tracking":
                fields.tracking = re.sub(r"\s+", "", mention.text)
                return [said.evidence("tracking", mention.start, mention.end)]
    return []


# What a carrier's firm is often called by, besides its name.
_FREIGHT = (
    r"(?:Road|Express|Freight|Parcel|Logisti\w*|Cargo|Spedition\w*|Spediteur\w*|Transport\w*|Spedizioni|Trasporti|Autotrasporti|"
    r"Haulage|Lines|Shipping|Couriers?|Expeditie|Spedycja|Group|Overnight)"
)
_FREIGHT_AFTER = re.compile(rf"\s{_FREIGHT}(?!\w)")
_FREIGHT_FIRM = re.compile(
    rf"(?<!\w)(?:[A-Z][\w&.'-]*\s(?:(?:&|\+|van|den|der|de|von|und|et|e|y|i)\s){{0,2}}){{1,3}}{_FREIGHT}(?!\w)|(?<!\w)(?:Spedition|Transports?|Transportes|Autotrasporti)\s[A-Z][\w&'-]+"
)


def _carrier(fields: Fields, saids: Sequence[Said]) -> list[Evidence]:
    """A known carrier by its name, with what follows of its firm ("DSV Road"); else a firm that is called a carrier."""
    for said in saids:
        match = _carriers().search(said.text)
        if match:
            more = _FREIGHT_AFTER.match(said.text, match.end())
            end = more.end() if more else match.end()
            fields.carrier = said.text[match.start() : end]
            return [said.evidence("carrier", match.start(), end)]
    for said in saids:
        match = _FREIGHT_FIRM.search(said.text)
        if match:
            fields.carrier = match.group()
            return [said.evidence("carrier", *match.span())]
    return []


_INVOICE = re.compile(
    r"(?:invoice|inv\.?|rechnung(?:snummer|snr\.?)?|re-?nr\.?|facture|factura|fattura|factuur(?:nummer)?|faktur\w*|fv|"
    r"credit note|gutschrift|proforma)\s*(?:no\.?|nr\.?|num\w*|n[°º.]|number|#)?[\s:]*"
    r"(?P<number>(?=[\w./-]*\d{2})[A-Z0-9][\w./-]{2,}\w)",
    re.IGNORECASE,
)


def _invoice(fields: Fields, saids: Sequence[Said]) -> list[Evidence]:
    for said in saids:
        for mention in said.references:
            if any(r.record[0] == INVOICE for r in mention.exact) or mention.kind == "invoice":
                fields.invoice = mention.text
                return [said.evidence("invoice", mention.start, mention.end)]
    for said in saids:
        match = _INVOICE.search(said.text)
        if match:
            fields.invoice = match["number"]
            return [said.evidence("invoice", match.start("number"), match.end("number"))]
    return []


_THEIR_NUMBER = re.compile(
    r"(?:our (?:order|ref|reference|confirmation|so|sales order|no|nr|number|job)|order confirmation|confirmation|order ack\w*|"
    r"unser(?:e|er|en)? (?:ab|auftrag|zeichen|nr|nummer|auftragsnummer|referenz|auftragsbestätigung)|auftragsbestätigung|"
    r"auftragsnummer|auftrag|\bab\b|notre (?:réf\w*|commande|confirmation|n[°º]|numéro)|confirmation de commande|accusé de réception|"
    r"nuestr[ao] (?:ref\w*|pedido|confirmación|n\.?[°º]|número)|confirmación de pedido|nostr[ao] (?:rif\w*|ordine|conferma|n[°º.]|numero)|"
    r"conferma d.ordine|(?:onze|ons) (?:order|referentie|ref|nummer|nr)\w*|orderbevestiging|"
    r"nasz(?:e|ego|ym)? (?:zamówien\w*|numer|nr)|potwierdzeni\w+ zamówienia)"
    r"\.?\s*(?:no\.?|nr\.?|num\w*|n[°º.]|number|#)?[\s:]*(?:(?:is|ist|lautet|est|es|è|to|jest)\s+)?(?P<number>(?-i:[A-Z]{1,4} )?(?=[\w./-]*\d{2})[A-Z0-9][\w./-]{2,}\w)",
    re.IGNORECASE,
)


def _supplier_ref(fields: Fields, saids: Sequence[Said], order: Order | None) -> list[Evidence]:
    own = order.key if order else None
    mentions = [(m, s) for s in saids for m in s.references if not m.exact or any(r.record == own for r in m.exact)]
    theirs = [(m, s) for m, s in mentions if m.kind == "partner_ref" or (m.label == "theirs" and not m.exact)]
    if theirs:
        # The record's own spelling is surer than what stands with other words in a subject ("ARC CC26-1188").
        mention, said = next((found for found in theirs if found[0].exact), theirs[0])
        start = _with_prefix(said.text, mention.start) if not mention.exact else mention.start
        fields.supplier_ref = said.text[start : mention.end]
        return [said.evidence("supplier_ref", start, mention.end)]
    for said in saids:
        for match in _THEIR_NUMBER.finditer(said.text):
            number = match["number"]
            if order is None or re.sub(r"\W", "", number).upper() != re.sub(r"\W", "", order.name).upper():
                fields.supplier_ref = number
                return [said.evidence("supplier_ref", match.start("number"), match.end("number"))]
    unknown = [(m, s) for m, s in mentions if not m.exact and not m.bare and m.kind in ("unknown", "sale", "purchase")]
    for mention, said in unknown:
        fields.supplier_ref = mention.text
        return [said.evidence("supplier_ref", mention.start, mention.end)]
    for said in saids:
        for start, end in _unexplained_numbers(said):
            fields.supplier_ref = said.text[start:end]
            return [said.evidence("supplier_ref", start, end)]
    return []


_NUMBER = re.compile(
    r"(?<![\w.,/+-])(?:[A-Z]{1,4} (?=[\d/.-]*\d))?(?=[\w./-]*\d{2})[A-Z0-9](?:[\w./-]{2,20})\w(?![\w/-])(?!\s?[%€$£]|[.,]\d)"
)


def _unexplained_numbers(said: Said) -> list[tuple[int, int]]:
    """Numbers that name something and are none of what was recognised: whoever confirms gives their own."""
    if said.statement.part != "body":
        return []
    taken = [(r.start, r.end) for r in said.references] + [(p.start, p.end) for p in said.products]
    taken += [(d.start, d.end) for d in said.dates] + [(p.start, p.end) for p in said.prices]
    taken += [(q.start, q.end) for q in said.quantities if not q.bare] + [(p.start, p.end) for p in said.percents]
    spans = [m.span() for m in _NUMBER.finditer(said.text)]
    return [(a, b) for a, b in spans if not any(a < end and start < b for start, end in taken)]


_POSTCODE = re.compile(
    r"(?<![\w/-])(?:[A-Z]{1,2}-)?(?:\d{2}-\d{3}|\d{4,5}(?: ?[A-Z]{2})?|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})(?![\w/-])"
)


_PREFIX = re.compile(r"(?<![\w.])(?!(?:NO|NR|N|PO|AB|REF|ID|SO)\s)[A-Z]{1,4} $|(?<![\w.])SO $")


def _with_prefix(text: str, start: int) -> int:
    """A number's letters that stand apart from it ("OC 1240/26") belong to it; one that has letters needs no others."""
    match = _PREFIX.search(text[:start]) if text[start : start + 1].isdigit() else None
    return match.start() if match else start


def _address(fields: Fields, saids: Sequence[Said]) -> list[Evidence]:
    """The stretch around a postcode, back to a colon or the statement's start: read to a person, never scored."""
    for said in saids:
        for match in _POSTCODE.finditer(said.text):
            start = max(said.text.rfind(":", 0, match.start()) + 1, 0)
            end = len(said.text)
            stretch = said.text[start:end].strip(" .\n")
            if re.search(r"[^\W\d]{3}", stretch):
                fields.address = stretch
                return [said.evidence("address", start, end)]
    return []


def _date(fields: Fields, message: Message, saids: Sequence[Said]) -> list[Evidence]:
    if message.event and message.event.estimated_delivery:
        fields.date = message.event.estimated_delivery.date().isoformat()
        return []
    mentions = [(d, s) for s in saids for d in s.dates if d.date and d.role not in NOT_NEW]
    if message.event:
        # The rest of an event's text are its data: when it happened, where, to whom.
        mentions = [m for m in mentions if m[0].text in message.event.description]
    mentions.sort(key=lambda m: (m[0].role != "new", -(m[0].date.toordinal() if m[0].date else 0)))
    if not mentions:
        return []
    chosen, said = mentions[0]
    fields.date = chosen.date.isoformat() if chosen.date else None
    return [said.evidence("date", chosen.start, chosen.end)]


def reason(intent: str, message: Message, saids: Sequence[Said]) -> str | None:
    """One of the few words for why: for a carrier's event its description counts, else what was said."""
    table = _reasons().get(intent)
    if not table:
        return None
    event = message.event
    texts = [event.description] if event and event.description else []
    text = fold("\n".join([*texts, *(s.text for s in saids)])).text
    return next((name for name, stems in table.items() if _stems(*stems).search(text)), None)


def replacement_wanted(saids: Sequence[Said]) -> bool:
    text = fold("\n".join(s.text for s in saids)).text
    return bool(_stems(*_reasons()["replacement_wanted"]).search(text))
