"""What a model may look up while it reads: records, references, past cases, days. Everything here only reads.

What was shown is remembered, because a claim about a record counts only when the record was shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Protocol

from agent.orderbook import OrderBook
from agent.orders import INVOICE, PICKING, PURCHASE, Order, Picking, RecordKey
from agent.references import References
from tools.index import RecordIndex

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

MOST_RECORDS = 5
MOST_LINES = 40
LINES_AT_FIRST = 12
MOST_DAYS = 3_700
LONGEST_QUERY = 200


class PastCases(Protocol):
    """What people decided on messages like this one."""

    def similar(self, text: str, most: int) -> list[str]:
        """One line a case, most alike first."""
        ...


class LookUps:
    """The look-ups of one message. `shown` maps the name of each record that the model has seen to its key."""

    def __init__(
        self, book: OrderBook, references: References, index: RecordIndex | None, past: PastCases | None = None
    ) -> None:
        self._book = book
        self._references = references
        self._index = index
        self._past = past
        self.shown: dict[str, RecordKey] = {}

    def show(self, keys: Sequence[RecordKey], lines: int = LINES_AT_FIRST) -> list[str]:
        """Describes records, line by line, and remembers that they were shown."""
        described: list[str] = []
        for key in keys:
            described += self._describe(key, lines)
            self.shown.setdefault(self._book.name_of(key), key)
        return described

    def search_records(self, query: str) -> str:
        """Find orders, deliveries and invoices by a company's name, a product or any number. Gives at most five."""
        query = query[:LONGEST_QUERY]
        found: dict[RecordKey, None] = {}
        for mention in self._references.find(query):
            found.update(dict.fromkeys(r.record for r in mention.exact))
            found.update(dict.fromkeys(n.reference.record for n in mention.near))
        for match in self._book.directory.by_name(query)[:3]:
            orders = self._book.orders_of_partner(match.partner_id, is_open=True, most=MOST_RECORDS)
            found.update(dict.fromkeys(o.key for o in orders))
        if self._index is not None and len(found) < MOST_RECORDS:
            for hit in self._index.search(query, 3):
                orders = self._book.open_orders_of_product(int(hit.id), MOST_RECORDS)
                found.update(dict.fromkeys(o.key for o in orders))
        return "\n".join(self.show(list(found)[:MOST_RECORDS], 4)) or "Nothing was found."

    def read_record(self, name: str) -> str:
        """Read one record with its lines. `name` is as a search showed it, for instance P00041."""
        key = self.shown.get(name.strip()) or next(
            (
                r.record
                for r in self._book.by_reference(name[:LONGEST_QUERY])
                if self._book.name_of(r.record) == name.strip()
            ),
            None,
        )
        if key is None:
            return f"There is no record {name[:80]!r}. Search for it first."
        return "\n".join(self.show([key], MOST_LINES))

    def look_up_reference(self, number: str) -> str:
        """Which records bear a number: ours, theirs, a tracking or an invoice number; also with one slip in it."""
        found: dict[RecordKey, str] = {}
        for mention in self._references.find(f"order {number[:80]}"):
            found |= {r.record: f"{r.kind.replace('_', ' ')} number {r.value}" for r in mention.exact}
            found |= {
                n.reference.record: f"{n.reference.value} ({n.edit})"
                for n in mention.near
                if n.reference.record not in found
            }
        lines = []
        for key, how in list(found.items())[:MOST_RECORDS]:
            self.shown.setdefault(self._book.name_of(key), key)
            lines.append(f"{self._book.name_of(key)} ({key[0]}): {how}")
        return "\n".join(lines) or "No record bears this number."

    def similar_past_cases(self, text: str) -> str:
        """What people decided on earlier messages that were like `text`."""
        found = self._past.similar(text[:LONGEST_QUERY], MOST_RECORDS) if self._past else []
        return "\n".join(found) or "There are none."

    def shift_date(self, start: str, days: int, working_days: bool) -> str:
        """The date some days after `start` (YYYY-MM-DD); negative days go back. Weekends are left out of working days."""
        try:
            day = date.fromisoformat(start.strip())
            if abs(days) > MOST_DAYS:
                raise ValueError("too far")
            day = _working_day(day, days) if working_days else day + timedelta(days=days)
        except (ValueError, OverflowError):
            return f"This cannot be reckoned: start {start[:20]!r}, days {days}. Give a date as YYYY-MM-DD."
        return f"{day.isoformat()} ({day:%A}, week {day.isocalendar().week})"

    def tools(self) -> list[BaseTool]:
        """The look-ups as a model sees them."""
        from langchain_core.tools import StructuredTool

        offered: list[Callable[..., str]] = [
            self.search_records,
            self.read_record,
            self.look_up_reference,
            self.shift_date,
        ]
        if self._past is not None:
            offered.append(self.similar_past_cases)
        return [StructuredTool.from_function(f, name=f.__name__, description=f.__doc__) for f in offered]

    def _describe(self, key: RecordKey, lines: int) -> list[str]:
        if key[0] == PICKING:
            return self._describe_picking(self._book.pickings[key[1]])
        if key[0] == INVOICE:
            invoice = self._book.invoices[key[1]]
            orders = ", ".join(self._book.name_of(o) for o in invoice.orders) or "no order"
            return [f"{invoice.name}: invoice of {self.company(invoice.commercial_partner_id)}, for {orders}"]
        order = self._book.order(key)
        return self._describe_order(order, lines) if order else []

    def _describe_order(self, order: Order, lines: int) -> list[str]:
        kind = "purchase order to" if order.model == PURCHASE else "sales order of"
        about = [f"{order.name}: {kind} {self.company(order.commercial_partner_id)}"]
        about += [f"placed {order.date_order:%Y-%m-%d}"] if order.date_order else []
        about += [f"their number {ref}" for ref in order.refs[:2]]
        about.append("open" if order.is_open else "closed")
        told = [", ".join(about)]
        shown = (order.open_lines + [x for x in order.lines if not x.open_qty])[:lines]
        for line in shown:
            product = f"[{line.code}] {line.name}" if line.code and line.code not in line.name else line.name
            planned = f", planned {line.planned:%Y-%m-%d}" if line.planned else ""
            done = f", {line.done_qty:g} done" if line.done_qty else ""
            told.append(
                f"  line {line.id}: {product}, {line.qty:g} {line.uom} at {line.price:g} {order.currency}{planned}{done}"
            )
        if len(order.lines) > len(shown):
            told.append(f"  ... and {len(order.lines) - len(shown)} more lines (read_record shows them)")
        return told

    def _describe_picking(self, picking: Picking) -> list[str]:
        about = [f"{picking.name}: {picking.kind} shipment", f"state {picking.state}"]
        about += [f"for {self._book.name_of(picking.order)}"] if picking.order else []
        about += [f"of {self.company(picking.commercial_partner_id)}"] if picking.commercial_partner_id else []
        about += [f"planned {picking.scheduled:%Y-%m-%d}"] if picking.scheduled else []
        about += [f"tracking {number}" for number in picking.tracking[:2]]
        return [", ".join(about)]

    def company(self, partner: int | None) -> str:
        """A partner's company by name."""
        return self._book.directory.name(partner) or "an unknown company"


def _working_day(day: date, days: int) -> date:
    step = timedelta(days=1 if days > 0 else -1)
    left = abs(days)
    while left:
        day += step
        left -= day.weekday() < 5
    return day
