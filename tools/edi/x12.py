"""ANSI X12 855 (order response), 856 (despatch advice), 824 (application advice), 997 and 999 → documents.

Elements are named as the standard has them: ACK01 is the first element of ACK. Codes are those of release 004010.
"""

from __future__ import annotations

from collections.abc import Iterator

from tools.edi import acknowledgement
from tools.edi.document import Delivery, EdiDocument, EdiKind, EdiLine, EdiStatus, Stated
from tools.edi.envelope import documents_in
from tools.edi.values import Fault, day, number, status, text
from tools.x12 import Segment, segments

STANDARD = "X12"
MOST_LINES = 2_000
_KINDS = {
    "855": EdiKind.order_response,
    "856": EdiKind.despatch_advice,
    "824": EdiKind.application_advice,
    "997": EdiKind.acknowledgement,
    "999": EdiKind.acknowledgement,
}
# BAK02 (element 587).
_ORDER = {
    **dict.fromkeys(("AD", "AK", "AP", "AT"), EdiStatus.accepted),
    **dict.fromkeys(("AC", "AE"), EdiStatus.changed),
    **dict.fromkeys(("RD", "RF", "RJ", "RO"), EdiStatus.rejected),
    "AH": EdiStatus.pending,
}
# ACK01 (element 668).
_LINE = {
    **dict.fromkeys(("AA", "AC", "AR", "IA"), EdiStatus.accepted),
    **dict.fromkeys(("DR", "IC", "IP", "IQ"), EdiStatus.changed),
    **dict.fromkeys(("BP", "IB"), EdiStatus.backordered),
    **dict.fromkeys(("IE", "IF", "IH", "IW", "SP"), EdiStatus.pending),
    **dict.fromkeys(("IR", "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9"), EdiStatus.rejected),
    "ID": EdiStatus.cancelled,
    "IS": EdiStatus.substituted,
}
_DELIVERY = frozenset({"002", "017", "063", "067", "069", "071", "074", "077", "371"})
_DESPATCH = frozenset({"010", "011", "037", "038", "068", "079", "118"})
_BUYER, _SELLER, _GTIN = (
    frozenset({"BP", "IN", "PI", "CB"}),
    frozenset({"VP", "VN", "VC", "SK", "MG"}),
    frozenset({"UP", "UK", "EN", "UA", "UI"}),
)
# OTI01 (element 110): batch, group, item or transaction set; accepted, with errors, rejected.
_OUTCOMES = frozenset(level + outcome for level in "BGIT" for outcome in "AEPR")
_TRACKING = {"CN", "2I", "TN", "SI"}


def transactions(content: str) -> Iterator[list[Segment]]:
    """The segments of each transaction set, ST to SE."""
    return documents_in(segments(content), begin="ST", end="SE", envelope=("ISA", "GS", "GE", "IEA"))


def read_transaction(given: list[Segment]) -> list[EdiDocument]:
    """The documents of one transaction set: a despatch advice has one for each order. Never raises on its content."""
    kind = given[0][1]
    document = EdiDocument(standard=STANDARD, type=kind, kind=_KINDS.get(kind, EdiKind.other))
    if document.kind is EdiKind.other:
        return [document]
    document.faults += envelope_faults(given)
    if document.kind is EdiKind.acknowledgement:
        acknowledgement.read_x12(document, given)
        return [document]
    reader = {"855": _Response, "856": _Despatch, "824": _Advice}[kind](document)
    for segment in given[1:]:
        try:
            reader.take(segment)
        except Fault as fault:
            document.faults.append(str(fault))
    return reader.finish()


def envelope_faults(given: list[Segment]) -> list[str]:
    """What the trailer says against the set: a truncated document must not pass for a short one."""
    first, last = given[0], given[-1]
    if last.tag != "SE":
        return [f"{last}: the document ends here, without SE."]
    faults = []
    if last[1].isdecimal() and int(last[1]) != len(given):
        faults.append(f"{last}: it counts {last[1]} segments, there are {len(given)}.")
    if last[2] != first[2]:
        faults.append(f"{last}: its control number is not that of {first}.")
    return faults


def _codes(line: EdiLine, segment: Segment, first: int) -> None:
    """Pairs of a qualifier and a product's code."""
    for at in range(first, min(len(segment.elements), first + 20), 2):
        code = text(segment[at + 1], str(segment))
        if segment[at] in _BUYER:
            line.buyer_code = line.buyer_code or code
        elif segment[at] in _SELLER:
            line.seller_code = line.seller_code or code
        elif segment[at] in _GTIN:
            line.gtin = line.gtin or code


def _when(segment: Segment, qualifier: str, value: str) -> Delivery | None:
    if qualifier not in _DELIVERY | _DESPATCH or not value:
        return None
    return Delivery(day=day(value, str(segment)), despatch=qualifier in _DESPATCH)


class _Reader:
    """What the three sets share: parties, notes, references."""

    def __init__(self, document: EdiDocument) -> None:
        self.document = document
        self.line: EdiLine | None = None

    def take(self, segment: Segment) -> None:
        document, source = self.document, str(segment)
        if segment.tag == "N1" and segment[1] in ("SE", "SU", "VN", "SF") and segment[2]:
            document.sender = document.sender or text(segment[2], source)
        elif segment.tag == "CUR":
            document.currency = segment[2]
        elif segment.tag in ("MSG", "NTE", "PID", "MTX"):
            said = segment[{"MSG": 1, "NTE": 2, "PID": 5, "MTX": 2}[segment.tag]]
            if self.line is not None and segment.tag == "PID":
                self.line.name = self.line.name or said
            elif self.line is not None:
                self.line.notes.append(said)
            elif note := text(said, source):
                document.notes.append(note)

    def new_line(self) -> EdiLine:
        if len(self.document.lines) >= MOST_LINES:
            raise Fault(f"More than {MOST_LINES:,} lines.")
        self.line = EdiLine()
        self.document.lines.append(self.line)
        return self.line

    def finish(self) -> list[EdiDocument]:
        return [self.document]


class _Response(_Reader):
    """855: BAK; PO1 with its ACK and SCH."""

    def take(self, segment: Segment) -> None:
        document, source = self.document, str(segment)
        if segment.tag == "BAK":
            if segment[1] == "01":
                document.status = Stated(value=EdiStatus.cancelled, source=source)
            else:
                document.status = status(_ORDER, segment[2], source)
            document.only_exceptions = segment[2] in ("AE", "RF")
            document.order = text(segment[3], source)
            document.seller_order = text(segment[8], source)
        elif segment.tag == "REF" and segment[1] in ("VN", "CO", "OQ") and self.line is None:
            document.seller_order = document.seller_order or text(segment[2], source)
        elif segment.tag == "PO1":
            line = self.new_line()
            line.number = text(segment[1], source)
            line.ordered, line.unit = number(segment[2], source), segment[3]
            line.price, line.price_base = number(segment[4], source), _base(segment[5])
            _codes(line, segment, 6)
        elif segment.tag == "ACK" and self.line is not None:
            self._acknowledged(self.line, segment)
        elif segment.tag == "SCH" and self.line is not None:
            found = _when(segment, segment[5], segment[6])
            if found:
                found.qty = number(segment[1], source)
                self.line.deliveries.append(found)
        elif segment.tag == "DTM" and (found := _when(segment, segment[1], segment[2])):
            if self.line is not None:
                self.line.deliveries.append(found)
            elif found.despatch:
                document.despatched = found.day
            else:
                document.delivery = found.day
        elif segment.tag == "CTP" and self.line is not None and segment[3]:
            self.line.price = number(segment[3], source)
        else:
            super().take(segment)

    def _acknowledged(self, line: EdiLine, segment: Segment) -> None:
        """One ACK: a status of so many, for a day. Several share a line."""
        source = str(segment)
        found, qty = status(_LINE, segment[1], source), number(segment[2], source)
        if found is None:
            raise Fault(f"{source}: the status {segment[1]!r} is not known.")
        if segment[1] == "IB":
            line.backordered = qty or line.ordered
        elif found.value in (EdiStatus.rejected, EdiStatus.cancelled) and line.qty is not None:
            return  # what is left of a line of which a part was accepted
        elif qty is not None and found.value not in (EdiStatus.rejected, EdiStatus.cancelled):
            line.qty = Stated(value=qty.value + (line.qty.value if line.qty else 0.0), source=source)
        line.status = line.status or found
        when = _when(segment, segment[4], segment[5])
        if when:
            when.qty = qty
            line.deliveries.append(when)
        if found.value is EdiStatus.substituted:
            line.substitute = text(segment[8], source)

    def finish(self) -> list[EdiDocument]:
        if self.document.order is None:
            self.document.faults.append("BAK03, the order number, is missing.")
        return super().finish()


def _base(code: str) -> float:
    """PO105, the basis of the unit price (element 639): per hundred, per thousand, per dozen."""
    return {"HP": 100.0, "HU": 100.0, "TP": 1000.0, "TH": 1000.0, "TE": 10.0, "DZ": 12.0}.get(code, 1.0)


class _Despatch(_Reader):
    """856: BSN, and a tree of HL levels: shipment, orders, packages, items."""

    def __init__(self, document: EdiDocument) -> None:
        super().__init__(document)
        self.order: Stated[str] | None = None
        self.orders: dict[str, Stated[str]] = {}
        self.started = False

    def take(self, segment: Segment) -> None:
        document, source = self.document, str(segment)
        if segment.tag == "BSN":
            self.started = True
            document.number = text(segment[2], source)
        elif segment.tag == "HL":
            self.line = None
        elif segment.tag == "PRF":
            self.order = text(segment[1], source)
            if self.order:
                self.orders.setdefault(self.order.value, self.order)
        elif segment.tag == "TD5":
            named = segment[5] or segment[3]
            document.carrier = document.carrier or text(named, source)
        elif (segment.tag == "REF" and segment[1] in _TRACKING) or (segment.tag == "MAN" and segment[1] == "CP"):
            document.tracking = document.tracking or text(segment[2], source)
        elif segment.tag == "DTM" and (found := _when(segment, segment[1], segment[2])):
            if found.despatch:
                document.despatched = found.day
            else:
                document.delivery = found.day
        elif segment.tag == "LIN":
            line = self.new_line()
            line.number, line.order = text(segment[1], source), self.order
            _codes(line, segment, 2)
        elif segment.tag == "SN1":
            line = self.line or self.new_line()
            line.order = line.order or self.order
            line.number = line.number or text(segment[1], source)
            line.qty, line.unit = number(segment[2], source), segment[3]
            line.ordered = number(segment[5], source)
        else:
            super().take(segment)

    def finish(self) -> list[EdiDocument]:
        """One document for each order, which share what is said of the shipment."""
        if not self.started:
            self.document.faults.append("BSN, the beginning, is missing.")
        if not self.orders:
            self.document.faults.append("PRF01, the order number, is missing.")
            return [self.document]
        documents = []
        for name, stated in self.orders.items():
            one = self.document.model_copy(deep=True, update={"order": stated.model_copy()})
            one.lines = [line for line in one.lines if line.order and line.order.value == name]
            documents.append(one)
        return documents


class _Advice(_Reader):
    """824: what became of a document of ours. OTI01 says so, TED says what was wrong."""

    def take(self, segment: Segment) -> None:
        document, source = self.document, str(segment)
        if segment.tag == "BGN":
            document.number = text(segment[2], source)
        elif segment.tag == "OTI":
            outcome = segment[1][1:2]
            if segment[1] not in _OUTCOMES:
                raise Fault(f"{source}: the outcome {segment[1]!r} is not known.")
            worse = document.status is None or document.status.value is EdiStatus.accepted
            if worse:
                value = {"A": EdiStatus.accepted, "E": EdiStatus.changed}.get(outcome, EdiStatus.rejected)
                document.status = Stated(value=value, source=source)
            if segment[2] in ("PO", "TN") and (document.order is None or segment[2] == "PO"):
                document.order = text(segment[3], source)
            for at in range(11, min(len(segment.elements), 40) - 1):
                if segment[at] == "PO":
                    document.order = text(segment[at + 1], source)
        elif segment.tag == "REF" and segment[1] == "PO":
            document.order = text(segment[2], source)
        elif segment.tag == "TED":
            where = " ".join(filter(None, (segment[3], segment[4] and f"segment {segment[4]}", segment[7])))
            said = ": ".join(filter(None, (f"error {segment[1]}", segment[2], where)))
            error = text(said, source)
            if error:
                document.errors.append(error)
        elif segment.tag == "NTE" or segment.tag == "RED":
            error = text(segment[2] if segment.tag == "NTE" else segment[1], source)
            if error:
                document.errors.append(error)
        else:
            super().take(segment)

    def finish(self) -> list[EdiDocument]:
        if self.document.status is None:
            self.document.faults.append("OTI, the outcome, is missing.")
        return super().finish()
