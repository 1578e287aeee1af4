"""A document as a page that a person can read: one fact a line, and beside it the segment that states it."""

from __future__ import annotations

from typing import Any

from tools.edi.document import EdiDocument, EdiLine, Stated
from tools.layout import Layout, clean

MOST_NOTES = 50


def write_page(out: Layout, document: EdiDocument) -> None:
    """Write the document, and set where each of its values stands."""
    out.break_line(blank=out.length > 0)
    out.write(f"{document.kind.capitalize()} ({document.name})\n")
    facts: list[tuple[str, Stated[Any] | None]] = [
        ("Number", document.number),
        ("Order", document.order),
        ("Seller's order number", document.seller_order),
        ("From", document.sender),
        ("Status", document.status),
        ("Delivery", document.delivery),
        ("Despatch", document.despatched),
        ("Tracking", document.tracking),
        ("Carrier", document.carrier),
    ]
    for label, stated in facts:
        _fact(out, label, stated)
    for note in document.notes[:MOST_NOTES]:
        _fact(out, "Note", note)
    for error in document.errors[:MOST_NOTES]:
        _fact(out, "Error", error)
    for place, line in enumerate(document.lines, start=1):
        _line(out, line, place, document.currency)
    for fault in document.faults:
        out.write(f"Not valid: {clean(fault)}\n")


def _line(out: Layout, line: EdiLine, place: int, currency: str) -> None:
    out.break_line(blank=True)
    if line.number:
        _fact(out, "Line", line.number)
    else:
        out.write(f"Line ({place})\n")
    unit = f" {clean(line.unit)}" if line.unit else ""
    if line.name:
        out.write(f"Name: {' '.join(clean(line.name).split())}\n")
    base = f" {currency}" + (f" for {line.price_base:g}" if line.price_base != 1 else "")
    facts: list[tuple[str, Stated[Any] | None, str]] = [
        ("Buyer's code", line.buyer_code, ""),
        ("Seller's code", line.seller_code, ""),
        ("GTIN", line.gtin, ""),
        ("Order", line.order, ""),
        ("Status", line.status, ""),
        ("Substitute", line.substitute, ""),
        ("Ordered", line.ordered, unit),
        ("Quantity", line.qty, unit),
        ("Back-ordered", line.backordered, unit),
        ("Price", line.price, base),
    ]
    for label, stated, after in facts:
        _fact(out, label, stated, after)
    for delivery in line.deliveries:
        if delivery.qty is not line.qty:
            _fact(out, "Delivery quantity", delivery.qty, unit)
        _fact(out, "Despatch on" if delivery.despatch else "Delivery on", delivery.day)
    for note in line.notes[:MOST_NOTES]:
        out.write(f"Note: {' '.join(clean(note).split())}\n")


def _fact(out: Layout, label: str, stated: Stated[Any] | None, after: str = "") -> None:
    if stated is None:
        return
    out.write(f"{label}: ")
    stated.start, stated.end = out.write(stated.shown)
    out.write(f"{after}   ‹{' '.join(clean(stated.source).split())[:120]}›\n" if stated.source else f"{after}\n")
