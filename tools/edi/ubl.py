"""UBL 2.x OrderResponse, OrderResponseSimple, DespatchAdvice, OrderChange and OrderCancellation → documents.

Elements are found by their place in the schema and their namespace, not by their names alone. Status codes are those of
Peppol BIS 3 (UNCL 4343 and 1229) and the words of UBL's own list.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from tools.edi.document import Delivery, EdiDocument, EdiKind, EdiLine, EdiStatus, Stated
from tools.edi.values import Fault, day, number, status, text

STANDARD = "UBL"
MOST_LINES = 2_000
MOST_BYTES = 5_000_000
_ROOT = "urn:oasis:names:specification:ubl:schema:xsd:"
_NAMES = {
    "a": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "b": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
_KINDS = {
    "OrderResponse": EdiKind.order_response,
    "OrderResponseSimple": EdiKind.order_response,
    "DespatchAdvice": EdiKind.despatch_advice,
    "OrderChange": EdiKind.order_change,
    "OrderCancellation": EdiKind.order_cancellation,
}
_RESPONSE = {
    "AB": EdiStatus.acknowledged,
    "AP": EdiStatus.accepted,
    "CA": EdiStatus.changed,
    "RE": EdiStatus.rejected,
}
_INDICATOR = {
    "TRUE": EdiStatus.accepted,
    "1": EdiStatus.accepted,
    "FALSE": EdiStatus.rejected,
    "0": EdiStatus.rejected,
}
_LINE = {
    "1": EdiStatus.added,
    "2": EdiStatus.cancelled,
    "3": EdiStatus.changed,
    "4": EdiStatus.accepted,
    "5": EdiStatus.accepted,
    "7": EdiStatus.rejected,
    "42": EdiStatus.accepted,
    "ADDED": EdiStatus.added,
    "CANCELLED": EdiStatus.cancelled,
    "REVISED": EdiStatus.changed,
    "DISPUTED": EdiStatus.changed,
}
_DAYS = (
    ("a:PromisedDeliveryPeriod/b:EndDate", False),
    ("a:PromisedDeliveryPeriod/b:StartDate", False),
    ("a:EstimatedDeliveryPeriod/b:EndDate", False),
    ("a:EstimatedDeliveryPeriod/b:StartDate", False),
    ("b:ActualDeliveryDate", False),
    ("b:LatestDeliveryDate", False),
    ("a:RequestedDeliveryPeriod/b:EndDate", False),
    ("a:RequestedDeliveryPeriod/b:StartDate", False),
    ("a:Despatch/b:ActualDespatchDate", True),
    ("a:Despatch/b:EstimatedDespatchDate", True),
)


def read_ubl(data: bytes) -> EdiDocument | None:
    """The document, or None where the bytes are XML of another vocabulary. Raises Fault for what is no XML."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(data[:MOST_BYTES])
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Fault(f"The XML is not well-formed ({str(error)[:100]}).") from error
    namespace, _, name = str(root.tag).removeprefix("{").partition("}")
    if not namespace.startswith(_ROOT):
        return None
    document = EdiDocument(standard=STANDARD, type=name[:40], kind=_KINDS.get(name, EdiKind.other))
    if document.kind is not EdiKind.other:
        _Reader(root, document).read()
    return document


class _Reader:
    def __init__(self, root: Element, document: EdiDocument) -> None:
        self.root = root
        self.document = document

    def read(self) -> None:
        document, root = self.document, self.root
        document.number = self.text(root, "b:ID")
        document.order = self.text(root, "a:OrderReference/b:ID")
        document.seller_order = self.text(root, "b:SalesOrderID") or self.text(root, "a:OrderReference/b:SalesOrderID")
        document.currency = _plain(root, "b:DocumentCurrencyCode")[:3]
        document.status = self._status()
        document.sender = self._sender()
        for note in ("b:Note", "b:RejectionNote", "b:CancellationNote"):
            document.notes += [t for e in root.findall(note, _NAMES)[:20] if (t := text(e.text or "", _name(note)))]
        deliveries = self.deliveries(root, "")
        document.delivery = next((d.day for d in deliveries if d.day and not d.despatch), None)
        document.despatched = next((d.day for d in deliveries if d.day and d.despatch), None)
        if document.kind is EdiKind.despatch_advice:
            self._despatch()
        else:
            self._lines("a:OrderLine", self._order_line)
        self._required()

    def _required(self) -> None:
        """What the schema demands and a reader of it cannot do without."""
        document = self.document
        if document.number is None:
            document.faults.append("ID is missing.")
        orders = [line.order for line in document.lines if line.order]
        if document.order is None and not orders:
            document.faults.append("OrderReference/ID is missing.")
        document.order = document.order or next(iter(orders), None)
        if document.type == "OrderResponseSimple" and document.status is None:
            document.faults.append("AcceptedIndicator is missing.")
        if document.kind is EdiKind.despatch_advice and not document.lines:
            document.faults.append("DespatchLine is missing.")

    def _status(self) -> Stated[EdiStatus] | None:
        if self.document.type == "OrderResponseSimple":
            accepted = _plain(self.root, "b:AcceptedIndicator").lower()
            return status(_INDICATOR, accepted, f"AcceptedIndicator {accepted}")
        code = _plain(self.root, "b:OrderResponseCode")
        return status(_RESPONSE, code, f"OrderResponseCode {code}")

    def _sender(self) -> Stated[str] | None:
        customers = self.document.kind in (EdiKind.order_change, EdiKind.order_cancellation)
        parties = ("a:BuyerCustomerParty",) if customers else ("a:SellerSupplierParty", "a:DespatchSupplierParty")
        for party in parties:
            for name in ("a:PartyName/b:Name", "a:PartyLegalEntity/b:RegistrationName"):
                if found := self.text(self.root, f"{party}/a:Party/{name}"):
                    return found
        return None

    def _lines(self, path: str, take: Any) -> None:
        found = self.root.findall(path, _NAMES)
        if len(found) > MOST_LINES:
            self.document.faults.append(f"More than {MOST_LINES:,} lines.")
        for place, element in enumerate(found[:MOST_LINES], start=1):
            line = EdiLine()
            self.document.lines.append(line)
            try:
                take(element, line, f"{_name(path)}[{place}]/")
            except Fault as fault:
                self.document.faults.append(str(fault))

    def _order_line(self, element: Element, line: EdiLine, where: str) -> None:
        item = element.find("a:LineItem", _NAMES)
        if item is None:
            raise Fault(f"{where}LineItem is missing.")
        line.number = self.text(element, "a:OrderLineReference/b:LineID", where) or self.text(item, "b:ID", where)
        code = _plain(item, "b:LineStatusCode")
        line.status = status(_LINE, code, f"{where}LineStatusCode {code}")
        line.qty = self.number(item, "b:Quantity", where)
        line.unit = _unit(item, "b:Quantity")
        line.backordered = self.number(item, "b:MaximumBackorderQuantity", where)
        line.price = self.number(item, "a:Price/b:PriceAmount", where)
        base = self.number(item, "a:Price/b:BaseQuantity", where)
        line.price_base = base.value if base and base.value > 0 else 1.0
        currency = item.find("a:Price/b:PriceAmount", _NAMES)
        if currency is not None and currency.get("currencyID"):
            self.document.currency = str(currency.get("currencyID"))[:3]
        line.deliveries = self.deliveries(item, where)
        self._item(item, line, where)
        for kind in ("a:SellerSubstitutedLineItem", "a:SellerProposedSubstituteLineItem"):
            offered = element.find(kind, _NAMES)
            if offered is not None and line.substitute is None:
                line.substitute = self.text(offered, "a:Item/a:SellersItemIdentification/b:ID", where) or self.text(
                    offered, "a:Item/b:Name", where
                )

    def _despatch(self) -> None:
        document = self.document
        shipment = self.root.find("a:Shipment", _NAMES)
        if shipment is not None:
            document.carrier = self.text(shipment, "a:Consignment/a:CarrierParty/a:PartyName/b:Name") or self.text(
                shipment, "a:Consignment/a:CarrierParty/a:PartyLegalEntity/b:RegistrationName"
            )
            document.tracking = self.text(shipment, "a:Delivery/b:TrackingID") or self.text(
                shipment, "a:Consignment/b:ID"
            )
            days = [*self.deliveries(shipment, "Shipment/"), *self.day_lists(shipment)]
            document.delivery = document.delivery or next((d.day for d in days if d.day and not d.despatch), None)
            document.despatched = document.despatched or next((d.day for d in days if d.day and d.despatch), None)
        self._lines("a:DespatchLine", self._despatch_line)

    def _despatch_line(self, element: Element, line: EdiLine, where: str) -> None:
        line.number = self.text(element, "a:OrderLineReference/b:LineID", where)
        line.order = self.text(element, "a:OrderLineReference/a:OrderReference/b:ID", where)
        line.qty = self.number(element, "b:DeliveredQuantity", where)
        line.unit = _unit(element, "b:DeliveredQuantity")
        line.backordered = self.number(element, "b:BackorderQuantity", where) or self.number(
            element, "b:OutstandingQuantity", where
        )
        line.notes += [e.text or "" for e in element.findall("b:OutstandingReason", _NAMES)[:3]]
        self._item(element, line, where)

    def _item(self, element: Element, line: EdiLine, where: str) -> None:
        line.name = _plain(element, "a:Item/b:Name")[:200]
        line.buyer_code = self.text(element, "a:Item/a:BuyersItemIdentification/b:ID", where)
        line.seller_code = self.text(element, "a:Item/a:SellersItemIdentification/b:ID", where)
        line.gtin = self.text(element, "a:Item/a:StandardItemIdentification/b:ID", where)

    def deliveries(self, element: Element, where: str) -> list[Delivery]:
        """What each Delivery says: its quantity, and the most binding of its days."""
        found = []
        for each in element.findall("a:Delivery", _NAMES)[:100]:
            one = Delivery(qty=self.number(each, "b:Quantity", f"{where}Delivery/"))
            for path, despatch in _DAYS:
                stated = self.day(each, path, f"{where}Delivery/")
                if stated is not None:
                    one.day, one.despatch = stated, despatch
                    break
            if one.qty or one.day:
                found.append(one)
        return found

    def day_lists(self, shipment: Element) -> Iterator[Delivery]:
        """A shipment's days stand apart: of leaving, and in later versions on the consignment."""
        stated = self.day(shipment, "a:Delivery/a:Despatch/b:ActualDespatchDate", "Shipment/")
        if stated is not None:
            yield Delivery(day=stated, despatch=True)

    def text(self, element: Element, path: str, where: str = "") -> Stated[str] | None:
        return text(_plain(element, path), f"{where}{_name(path)}")

    def number(self, element: Element, path: str, where: str) -> Stated[float] | None:
        try:
            return number(_plain(element, path), f"{where}{_name(path)}")
        except Fault as fault:
            self.document.faults.append(str(fault))
            return None

    def day(self, element: Element, path: str, where: str) -> Stated[Any] | None:
        try:
            return day(_plain(element, path), f"{where}{_name(path)}")
        except Fault as fault:
            self.document.faults.append(str(fault))
            return None


def _plain(element: Element, path: str) -> str:
    found = element.find(path, _NAMES)
    return " ".join((found.text or "").split()) if found is not None else ""


def _unit(element: Element, path: str) -> str:
    found = element.find(path, _NAMES)
    return str(found.get("unitCode") or "")[:10] if found is not None else ""


def _name(path: str) -> str:
    return path.replace("a:", "").replace("b:", "")
