"""EDIFACT ORDRSP (order response), DESADV (despatch advice) and CONTRL → documents; `messages` is for IFTSTA too.

pydifact tells segments, elements and components apart. Codes are those of directories D.96A to D.01B and of EANCOM.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice

from tools.edi import acknowledgement
from tools.edi.document import Delivery, EdiDocument, EdiKind, EdiLine, EdiStatus, Stated
from tools.edi.envelope import documents_in
from tools.edi.values import Fault, day, number, status, text, week

STANDARD = "EDIFACT"
MOST_SEGMENTS = 20_000
MOST_CHARACTERS = 2_000_000
MOST_LINES = 2_000
_USUAL = "UNA:+.? '"
_KINDS = {
    "ORDRSP": EdiKind.order_response,
    "DESADV": EdiKind.despatch_advice,
    "CONTRL": EdiKind.acknowledgement,
}
# BGM: 1225, the message's function, and 4343, the kind of response.
_FUNCTION = {
    "1": EdiStatus.cancelled,
    "4": EdiStatus.changed,
    "6": EdiStatus.accepted,
    "27": EdiStatus.rejected,
    "28": EdiStatus.changed,
    "29": EdiStatus.accepted,
    "30": EdiStatus.changed,
}
_RESPONSE = {
    "AB": EdiStatus.acknowledged,
    "AC": EdiStatus.changed,
    "AD": EdiStatus.accepted,
    "AI": EdiStatus.changed,
    "AJ": EdiStatus.pending,
    "AP": EdiStatus.accepted,
    "CA": EdiStatus.changed,
    "RE": EdiStatus.rejected,
}
# LIN: 1229, what is done with the line.
_ACTION = {
    "1": EdiStatus.added,
    "2": EdiStatus.cancelled,
    "3": EdiStatus.changed,
    "4": EdiStatus.accepted,
    "5": EdiStatus.accepted,
    "6": EdiStatus.changed,
    "7": EdiStatus.rejected,
    "10": EdiStatus.rejected,
}
# 7143: whose code of the product it is.
_BUYER, _SELLER, _GTIN = {"IN", "BP", "BH"}, {"SA", "VP", "MF", "SK"}, {"EN", "SRV", "UP", "EU"}
# 6063: which quantity.
_ORDERED, _QUANTITY, _BACKORDERED = {"21"}, {"12", "113", "46", "194", "11", "1"}, {"83"}
# 2005: which day.
_DELIVERY = {"2", "17", "35", "61", "63", "64", "67", "69", "74", "76", "132", "191", "358"}
_DESPATCH = {"10", "11", "79", "110", "133", "189", "200"}
# QVR, 4221: why a quantity differs.
_VARIANCE = {"BP": EdiStatus.backordered, "BK": EdiStatus.backordered, "OS": EdiStatus.backordered}


@dataclass(frozen=True)
class Segment:
    """`segment.at(1)` is the first element's first component and `segment.at(1, 2)` its third; what is not there is ''."""

    tag: str
    elements: list[list[str]]

    def at(self, element: int, component: int = 0) -> str:
        found = self.elements[element - 1] if element <= len(self.elements) else []
        return found[component].strip() if component < len(found) else ""

    def __str__(self) -> str:
        return "+".join([self.tag, *(":".join(element).rstrip(":") for element in self.elements)])[:100]


def messages(content: str) -> Iterator[list[Segment]]:
    """The segments of each message, UNH to UNT."""
    found = islice(_segments(content), MOST_SEGMENTS)
    return documents_in(found, begin="UNH", end="UNT", envelope=("UNB", "UNZ"))


def _segments(content: str) -> Iterator[Segment]:
    """Without pydifact's own checks against directories, which warn of each that it does not hold."""
    from pydifact.control.characters import Characters
    from pydifact.exceptions import EDISyntaxError, ValidationError
    from pydifact.parser import Parser
    from pydifact.tokenizer import Tokenizer

    content = content.lstrip("\ufeff \r\n\t")[:MOST_CHARACTERS]
    try:
        advice, content = (content[:9], content[9:].lstrip()) if content.startswith("UNA") else (_USUAL, content)
        characters = Characters.from_str(advice)
        for raw in Parser().convert_tokens_to_raw_segments(Tokenizer().get_tokens(content, characters)):
            tag, *elements = [[str(part) for part in each] if isinstance(each, list) else [str(each)] for each in raw]
            yield Segment(tag[0].strip().upper(), elements)
    except (EDISyntaxError, ValidationError, ValueError, IndexError, RuntimeError):
        return  # a file that is cut or broken here: what came before it is still read, and is not complete


def type_of(given: list[Segment]) -> str:
    """The message's type, as UNH has it: ORDRSP, DESADV, IFTSTA."""
    return given[0].at(2).upper()


def directory_of(given: list[Segment]) -> str:
    """The directory that its codes are of: D96A, D01B."""
    return f"{given[0].at(2, 1)}{given[0].at(2, 2)}".upper()


def envelope_faults(given: list[Segment]) -> list[str]:
    """What the trailer says against the message: a truncated one must not pass for a short one."""
    first, last = given[0], given[-1]
    if last.tag != "UNT":
        return [f"{last}: the message ends here, without UNT."]
    faults = []
    if last.at(1).isdecimal() and int(last.at(1)) != len(given):
        faults.append(f"{last}: it counts {last.at(1)} segments, there are {len(given)}.")
    if last.at(2) != first.at(1):
        faults.append(f"{last}: its reference is not that of {first}.")
    return faults


def read_message(given: list[Segment]) -> list[EdiDocument]:
    """The documents of one message: a despatch advice for several orders gives one for each. Never raises on its
    content."""
    kind = type_of(given)
    document = EdiDocument(standard=STANDARD, type=kind, kind=_KINDS.get(kind, EdiKind.other))
    if document.kind is EdiKind.other:
        return [document]
    document.faults += envelope_faults(given)
    if document.kind is EdiKind.acknowledgement:
        acknowledgement.read_edifact(document, given)
        return [document]
    reader = _Reader(document)
    for segment in given[1:]:
        try:
            reader.take(segment)
        except Fault as fault:
            document.faults.append(str(fault))
    return reader.finish()


def moment(segment: Segment) -> Stated[date] | None:
    """The day of a DTM: CCYYMMDD with or without a time, YYMMDD, a week, or the end of a period."""
    value, form, source = segment.at(1, 1), segment.at(1, 2), str(segment)
    if form in ("616", "715"):
        return week(value[-6:], source)
    if form in ("718", "719", "711"):
        value = value[len(value) // 2 :].lstrip("-")
    return day(value, source)


class _Reader:
    """Walks a message: its head until the first LIN, then its lines, and within a line its schedules.

    `on_lin` takes each LIN, and so on; a segment whose tag has no such method says nothing of an order."""

    def __init__(self, document: EdiDocument) -> None:
        self.document = document
        self.line: EdiLine | None = None
        self.schedule: Delivery | None = None
        self.scheduled = False
        self.began = False

    def take(self, segment: Segment) -> None:
        handler = getattr(self, f"on_{segment.tag.lower()}", None)
        if handler is not None:
            handler(segment, str(segment))

    def finish(self) -> list[EdiDocument]:
        document = self.document
        if not self.began:
            document.faults.append("BGM, the beginning, is missing.")
        orders = {line.order.value: line.order for line in document.lines if line.order}
        if document.order is None and not orders:
            document.faults.append("RFF+ON, the order number, is missing.")
        if document.kind is not EdiKind.despatch_advice or not orders:
            document.order = document.order or next(iter(orders.values()), None)
            return [document]
        documents = []
        head = document.order
        for name, stated in {**({head.value: head} if head else {}), **orders}.items():
            one = document.model_copy(deep=True, update={"order": stated.model_copy()})
            one.lines = [x for x in one.lines if (x.order.value if x.order else head and head.value) == name]
            if one.lines:
                documents.append(one)
        return documents

    def on_bgm(self, segment: Segment, source: str) -> None:
        self.began = True
        self.document.number = text(segment.at(2), source)
        if self.document.kind is EdiKind.order_response:
            found = status(_RESPONSE, segment.at(4), source) or status(_FUNCTION, segment.at(3), source)
            self.document.status = found
            self.document.only_exceptions = segment.at(4).upper() == "AI"

    def on_rff(self, segment: Segment, source: str) -> None:
        kind, value = segment.at(1).upper(), text(segment.at(1, 1), source)
        if kind == "ON" and self.line is not None:
            self.line.order = value
            self.line.number = text(segment.at(1, 2), source) or self.line.number
        elif kind == "ON":
            self.document.order = self.document.order or value
        elif kind in ("VN", "SS") and self.line is None:
            self.document.seller_order = self.document.seller_order or value
        elif kind == "LI" and self.line is not None:
            self.line.number = text(segment.at(1, 2), source) or value or self.line.number
        elif kind in ("CN", "AAS", "CRN", "AAM"):
            self.document.tracking = self.document.tracking or value

    def on_dtm(self, segment: Segment, source: str) -> None:
        kind = segment.at(1)
        if kind not in _DELIVERY | _DESPATCH:
            return
        when, despatch = moment(segment), kind in _DESPATCH
        if self.line is None:
            if despatch:
                self.document.despatched = when
            elif kind != "2" or self.document.delivery is None:  # a requested day counts until another is stated
                self.document.delivery = when
        elif self.schedule is not None:
            self.schedule.day, self.schedule.despatch = when, despatch
        else:
            stated = [d for d in self.line.deliveries if d.day and d.day.source.startswith("DTM+2:")]
            if kind == "2" and self.line.deliveries:
                return
            for replaced in stated:
                self.line.deliveries.remove(replaced)
            self.line.deliveries.append(Delivery(day=when, despatch=despatch))

    def on_nad(self, segment: Segment, source: str) -> None:
        if segment.at(1).upper() in ("SU", "SE", "SF") and self.line is None:
            name = segment.at(4) or segment.at(3)
            self.document.sender = self.document.sender or text(name, source)
        elif segment.at(1).upper() in ("CA", "CX"):
            self._carrier(segment.at(4) or segment.at(3), source)

    def on_tdt(self, segment: Segment, source: str) -> None:
        if segment.at(1) == "20":
            self._carrier(segment.at(5, 3) or segment.at(5), source)
            if segment.at(2):
                self.document.tracking = self.document.tracking or text(segment.at(2), source)

    def _carrier(self, name: str, source: str) -> None:
        self.document.carrier = self.document.carrier or text(name, source)

    def on_cux(self, segment: Segment, source: str) -> None:
        self.document.currency = segment.at(1, 1)

    def on_ftx(self, segment: Segment, source: str) -> None:
        said = " ".join(segment.at(4, i) for i in range(5)).strip()
        if self.line is not None and said:
            self.line.notes.append(said)
        elif note := text(said, source):
            self.document.notes.append(note)

    def on_lin(self, segment: Segment, source: str) -> None:
        if len(self.document.lines) >= MOST_LINES:
            raise Fault(f"More than {MOST_LINES:,} lines.")
        line = EdiLine(number=text(segment.at(1), source), status=status(_ACTION, segment.at(2), source))
        self.line, self.schedule, self.scheduled = line, None, False
        self.document.lines.append(line)
        self._code(segment.at(3), segment.at(3, 1), source)

    def on_pia(self, segment: Segment, source: str) -> None:
        if self.line is None:
            return
        for at in range(2, 7):
            if segment.at(1) == "3":  # a substitution
                self.line.substitute = self.line.substitute or text(segment.at(at), source)
            elif segment.at(1) in ("1", "5"):
                self._code(segment.at(at), segment.at(at, 1), source)

    def _code(self, value: str, kind: str, source: str) -> None:
        line, stated = self.line, text(value, source)
        if line is None or stated is None:
            return
        if kind.upper() in _BUYER:
            line.buyer_code = line.buyer_code or stated
        elif kind.upper() in _SELLER:
            line.seller_code = line.seller_code or stated
        elif kind.upper() in _GTIN:
            line.gtin = line.gtin or stated

    def on_imd(self, segment: Segment, source: str) -> None:
        if self.line is not None:
            self.line.name = self.line.name or " ".join(filter(None, (segment.at(3, 3), segment.at(3, 4))))

    def on_scc(self, segment: Segment, source: str) -> None:
        if self.line is not None:
            self.scheduled, self.schedule = True, None

    def on_qty(self, segment: Segment, source: str) -> None:
        line, kind = self.line, segment.at(1)
        if line is None:
            return
        qty = number(segment.at(1, 1).replace(",", "."), source)
        if self.scheduled and kind in _QUANTITY | _ORDERED:
            self.schedule = Delivery(qty=qty)
            line.deliveries.append(self.schedule)
        elif kind in _ORDERED:
            line.ordered = qty
        elif kind in _BACKORDERED:
            line.backordered = qty
        elif kind in _QUANTITY:
            line.qty = qty
        else:
            return
        line.unit = segment.at(1, 2) or line.unit

    def on_qvr(self, segment: Segment, source: str) -> None:
        """A quantity variance: what is missing of what was ordered, and whether it follows."""
        line, missing = self.line, number(segment.at(1).replace(",", "."), source)
        found = status(_VARIANCE, segment.at(2), source)
        if line is not None and missing is not None and found is not None:
            line.backordered = line.backordered or Stated(value=abs(missing.value), source=source)

    def on_pri(self, segment: Segment, source: str) -> None:
        if self.line is not None and segment.at(1).upper() in ("AAA", "CAL", "CON", "INV"):
            self.line.price = number(segment.at(1, 1).replace(",", "."), source)
            base = number(segment.at(1, 4).replace(",", "."), source)
            self.line.price_base = base.value if base and base.value > 0 else 1.0
