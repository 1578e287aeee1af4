"""A trading company of any size, invented from a seed: its records as Odoo gives them, made when they are read.

Five years of purchase and sales orders (four lines each on average) with receipts, deliveries, moves and invoices. Who
trades and what is traded follow Zipf's law; each supplier has its own words, codes and way of numbering. Only columns
of numbers are held, about 50 bytes a line, so that a measured peak of memory is that of the thing measured.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from agent.orders import INVOICE, PICKING, PURCHASE, SALE, RecordKey
from benchmarks.company_words import PRODUCT_NAMES, company_name, product_words
from tools.records import Domain, RecordsError, Row

NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
YEARS = 5
OPEN_SHARE = 0.06
MOST_PRODUCTS, MOST_COMPANIES = 20_000, 5_000
RANGE_OF_A_SUPPLIER = 400


@dataclass(frozen=True, eq=False)
class Side:
    """One half of the trade as columns. Orders, lines and their ids run in the order of time, from 1."""

    model: str
    partner: np.ndarray[Any, Any]  # of each order: which company
    placed: np.ndarray[Any, Any]  # of each order: seconds since 1970
    first: np.ndarray[Any, Any]  # of each order and one more: its first line
    product: np.ndarray[Any, Any]  # of each line
    qty: np.ndarray[Any, Any]
    order: np.ndarray[Any, Any]  # of each line: its order

    @property
    def orders(self) -> int:
        return len(self.partner)

    def is_open(self, order: int) -> bool:
        return order >= self.orders * (1 - OPEN_SHARE)

    def products(self, order: int) -> list[int]:
        """Of each line of an order: its product."""
        return [int(p) for p in self.product[self.first[order] : self.first[order + 1]]]


class LargeCompany:
    """A `RecordReader` that also tells its changes. `lines` counts purchase and sales lines together."""

    def __init__(self, lines: int, seed: int = 1) -> None:
        rng = np.random.default_rng([seed, lines])
        self.lines, self.seed = lines, seed
        self.products = min(MOST_PRODUCTS, max(200, lines // 25))
        self.companies = min(MOST_COMPANIES, max(50, lines // 100))
        # A smaller company's products are the first of a larger one's, so that each text is embedded once for all.
        self._names = np.random.default_rng(seed).permutation(PRODUCT_NAMES)[: self.products]
        suppliers = self.companies // 2
        self.buying = self._side(rng, PURCHASE, np.arange(suppliers))
        self.selling = self._side(rng, SALE, np.arange(suppliers, self.companies))
        self._received: list[set[int]] = []

    def _side(self, rng: np.random.Generator, model: str, companies: np.ndarray[Any, Any]) -> Side:
        lines = self.lines // 2
        sizes = np.minimum(rng.geometric(0.25, lines), 40)
        orders = int(np.searchsorted(np.cumsum(sizes), lines)) + 1
        first = np.minimum(np.concatenate([[0], np.cumsum(sizes[:orders])]), lines)
        partner = companies[_zipf(rng, len(companies), orders, 1.0)]
        order = np.repeat(np.arange(orders), np.diff(first))
        if model == PURCHASE:
            product = (partner[order] * 97 + _zipf(rng, RANGE_OF_A_SUPPLIER, lines, 0.7)) % self.products
        else:
            product = _zipf(rng, self.products, lines, 0.7)
        start = NOW.timestamp() - YEARS * 365 * 86400
        placed = np.sort(rng.integers(int(start), int(NOW.timestamp()), orders))
        return Side(model, partner, placed, first, product, rng.integers(1, 200, lines), order)

    def sides(self) -> tuple[Side, Side]:
        return self.buying, self.selling

    def receive(self, count: int) -> None:
        """The goods of the `count` oldest open purchase lines arrive: another version of the records."""
        done = set().union(*self._received)
        first = int(self.buying.first[int(self.buying.orders * (1 - OPEN_SHARE)) + 1])
        fresh = [i for i in range(first + 1, first + 1 + count + len(done)) if i not in done]
        self._received.append(set(fresh[:count]))

    def version(self) -> str:
        return f"{self.lines}-{self.seed}-{len(self._received)}"

    def as_of(self) -> datetime | None:
        return NOW

    def changes_since(self, version: str) -> Mapping[str, Collection[int]] | None:
        lines, seed, seen = version.split("-")
        if (lines, seed) != (str(self.lines), str(self.seed)):
            return None
        return {f"{PURCHASE}.line": set().union(*self._received[int(seen) :])}

    def search_read(
        self,
        model: str,
        domain: Domain = (),
        fields: Sequence[str] | None = None,
        *,
        limit: int | None = None,
        order: str | None = None,
    ) -> list[Row]:
        after = 0
        for name, operator, value in domain:
            if (name, operator) != ("id", ">"):
                raise RecordsError(f"The invented company is read by id, not by {name} {operator}.")
            after = value
        count = self.search_count(model)
        last = count if limit is None else min(count, after + limit)
        return self.read(model, range(after + 1, last + 1), fields)

    def read(self, model: str, ids: Sequence[int], fields: Sequence[str] | None = None) -> list[Row]:
        make = self._makers.get(model)
        count = self.search_count(model)
        rows = [{"id": i, **make(i - 1)} for i in ids if 1 <= i <= count] if make else []
        return rows if fields is None else [{n: r[n] for n in ("id", *fields) if n in r} for r in rows]

    def search_count(self, model: str, domain: Domain = ()) -> int:
        buying, selling = self.sides()
        orders = buying.orders + selling.orders
        return {
            "res.partner": 1 + 3 * self.companies,
            "res.company": 1,
            "res.users": 1,
            "delivery.carrier": 2,
            "product.product": self.products,
            "product.supplierinfo": self.products,
            PURCHASE: buying.orders,
            SALE: selling.orders,
            f"{PURCHASE}.line": len(buying.product),
            f"{SALE}.line": len(selling.product),
            PICKING: orders,
            "stock.move": len(buying.product) + len(selling.product),
            INVOICE: orders,
        }.get(model, 0)

    @cached_property
    def _makers(self) -> dict[str, Any]:
        buying, selling = self.sides()
        return {
            "res.partner": self._partner,
            "res.company": lambda i: {"name": "Hollandsche Waren N.V.", "partner_id": [1, "Hollandsche Waren N.V."]},
            "res.users": lambda i: {"name": "Desk", "login": "desk@hollandsche-waren.example"},
            "delivery.carrier": lambda i: {"name": ("GLS", "DSV")[i]},
            "product.product": self._product,
            "product.supplierinfo": self._supplier_code,
            PURCHASE: lambda i: self._order(buying, i),
            SALE: lambda i: self._order(selling, i),
            f"{PURCHASE}.line": lambda i: self._line(buying, i),
            f"{SALE}.line": lambda i: self._line(selling, i),
            PICKING: self._picking,
            "stock.move": self._move,
            INVOICE: self._invoice,
        }

    @lru_cache(20_000)  # noqa: B019
    def company(self, number: int) -> str:
        return company_name(number)

    def address(self, company: int) -> str:
        """The mail address of a company's first contact."""
        return f"orders@{self._domain(company)}"

    @lru_cache(20_000)  # noqa: B019
    def _domain(self, company: int) -> str:
        return (
            "".join(c for c in self.company(company).lower().rpartition(" ")[0] if c.isalnum()) + f"-{company}.example"
        )

    @lru_cache(20_000)  # noqa: B019
    def words_of(self, product: int) -> tuple[str, str]:
        """A product's name, and its supplier's."""
        return product_words(int(self._names[product]))

    @lru_cache(20_000)  # noqa: B019
    def shown(self, product: int) -> str:
        ours = self.words_of(product)[0]
        return f"[{ours[:3].upper()}-{10_000 + product}] {ours}"

    @lru_cache(20_000)  # noqa: B019
    def numbers(self, side: Side, order: int) -> dict[str, str]:
        """What an order is known by: its name, the partner's number, the shipment's, its tracking and the invoice's."""
        year = datetime.fromtimestamp(int(side.placed[order]), UTC).year
        partner = int(side.partner[order])
        odd = (order * 7_919 + partner * 31) % 900_000 + 100_000
        theirs = (f"AB-{odd}", f"{odd}", f"45{odd:08d}", f"OC/{year % 100}/{odd}")[partner % 4]
        buying = side.model == PURCHASE
        picking = order if buying else self.buying.orders + order
        return {
            "name": f"PO/{year}/{order + 1:06d}" if buying else f"S{1_000_000 + order}",
            "theirs": theirs,
            "picking": f"WH/{'IN' if buying else 'OUT'}/{order + 1:06d}",
            "tracking": f"00340434{picking * 37 + 100_000_000_000}",
            "invoice": f"RE{odd}-{year}" if buying else f"INV/{year}/{order + 1:06d}",
        }

    @lru_cache(20_000)  # noqa: B019
    def _named(self, company: int) -> list[Any]:
        return [2 + 3 * company, self.company(company)]

    def _partner(self, i: int) -> Row:
        if i == 0:
            email = "info@hollandsche-waren.example"
            return {"name": "Hollandsche Waren N.V.", "email": email, "is_company": True, "parent_id": False,
                    "commercial_partner_id": [1, "Hollandsche Waren N.V."], "supplier_rank": 0, "customer_rank": 0}  # fmt: skip
        number, person = divmod(i - 1, 3)
        supplies = number < self.companies // 2
        row = {"commercial_partner_id": self._named(number), "supplier_rank": 5 * supplies,
               "customer_rank": 5 * (not supplies), "lang": "en_US", "ref": False}  # fmt: skip
        if person == 0:
            return {**row, "name": self.company(number), "email": f"info@{self._domain(number)}", "is_company": True,
                    "parent_id": False}  # fmt: skip
        email = self.address(number) if person == 1 else f"office{person}@{self._domain(number)}"
        return {**row, "name": f"Contact {person} of {number}", "email": email, "is_company": False,
                "parent_id": self._named(number)}  # fmt: skip

    def _product(self, i: int) -> Row:
        return {
            "name": self.words_of(i)[0],
            "display_name": self.shown(i),
            "default_code": self.shown(i)[1:].partition("]")[0],
            "barcode": f"40{i:011d}",
            "product_tmpl_id": [i + 1, self.shown(i)],
        }

    def _supplier_code(self, i: int) -> Row:
        company = i % (self.companies // 2)
        return {"partner_id": self._named(company), "product_tmpl_id": [i + 1, self.shown(i)], "product_id": False,
                "product_code": f"{chr(65 + company % 26)}{company}.{i:05d}", "product_name": self.words_of(i)[1]}  # fmt: skip

    def _order(self, side: Side, i: int) -> Row:
        numbers, buying = self.numbers(side, i), side.model == PURCHASE
        due = self._due(side, i)
        picking = i + 1 if buying else self.buying.orders + i + 1
        return {
            "name": numbers["name"],
            "partner_ref" if buying else "client_order_ref": numbers["theirs"],
            "origin": False,
            "state": "purchase" if buying else "sale",
            "partner_id": self._named(int(side.partner[i])),
            "partner_shipping_id": self._named(int(side.partner[i])),
            "date_order": _moment(int(side.placed[i])),
            "date_planned" if buying else "commitment_date": due,
            "currency_id": [1, "EUR"],
            "picking_ids": [picking],
            "write_date": _moment(int(side.placed[i])),
        }

    def _due(self, side: Side, order: int) -> str:
        if not side.is_open(order):
            return _moment(int(side.placed[order]) + 28 * 86400)
        return (NOW + timedelta(days=order % 90 - 10)).strftime("%Y-%m-%d %H:%M:%S")

    def _line(self, side: Side, i: int) -> Row:
        order, product, qty = int(side.order[i]), int(side.product[i]), float(side.qty[i])
        buying = side.model == PURCHASE
        arrived = not side.is_open(order) or (buying and any(i + 1 in ids for ids in self._received))
        return {
            "order_id": [order + 1, self.numbers(side, order)["name"]],
            "sequence": 10 * (i - int(side.first[order]) + 1),
            "name": self.shown(product),
            "display_type": False,
            "product_id": [product + 1, self.shown(product)],
            "product_qty" if buying else "product_uom_qty": qty,
            "qty_received" if buying else "qty_delivered": qty if arrived else 0.0,
            "product_uom": [1, "Units"],
            "price_unit": 1.0 + product % 97,
            "date_planned" if buying else "scheduled_date": self._due(side, order),
        }

    def _picking(self, i: int) -> Row:
        side, order = self._at(i)
        numbers, buying = self.numbers(side, order), side.model == PURCHASE
        return {
            "name": numbers["picking"],
            "origin": numbers["name"],
            "state": "assigned" if side.is_open(order) else "done",
            "partner_id": self._named(int(side.partner[order])),
            "picking_type_code": "incoming" if buying else "outgoing",
            "scheduled_date": self._due(side, order),
            "carrier_id": False if buying else [1, "GLS"],
            "carrier_tracking_ref": False if buying else numbers["tracking"],
            "purchase_id": [order + 1, numbers["name"]] if buying else False,
            "sale_id": False if buying else [order + 1, numbers["name"]],
            "write_date": _moment(int(side.placed[order])),
        }

    def _move(self, i: int) -> Row:
        buying = i < len(self.buying.product)
        side, line = (self.buying, i) if buying else (self.selling, i - len(self.buying.product))
        order, product = int(side.order[line]), int(side.product[line])
        picking = order if buying else self.buying.orders + order
        return {
            "state": "assigned" if side.is_open(order) else "done",
            "product_id": [product + 1, self.shown(product)],
            "product_uom_qty": float(side.qty[line]),
            "picking_id": [picking + 1, "transfer"],
            "purchase_line_id": [line + 1, "line"] if buying else False,
            "sale_line_id": False if buying else [line + 1, "line"],
            "move_dest_ids": [],
        }

    def _invoice(self, i: int) -> Row:
        side, order = self._at(i)
        numbers, buying = self.numbers(side, order), side.model == PURCHASE
        year = numbers["invoice"][-4:]
        return {
            "name": f"BILL/{year}/{order + 1:06d}" if buying else numbers["invoice"],
            "ref": numbers["invoice"] if buying else numbers["theirs"],
            "move_type": "in_invoice" if buying else "out_invoice",
            "state": "posted",
            "partner_id": self._named(int(side.partner[order])),
            "invoice_origin": numbers["name"],
        }

    def _at(self, i: int) -> tuple[Side, int]:
        """Of transfer or invoice `i`: the order behind it."""
        return (self.buying, i) if i < self.buying.orders else (self.selling, i - self.buying.orders)

    def line_texts(self) -> Iterator[str]:
        """What a search engine alone would be given of each line: its order's numbers, partner, product and quantity."""
        for side in self.sides():
            for order in range(side.orders):
                head = f"{' '.join(self.numbers(side, order).values())} {self.company(int(side.partner[order]))}"
                for line in range(int(side.first[order]), int(side.first[order + 1])):
                    yield f"{head} {self.shown(int(side.product[line]))} {side.qty[line]} pcs"

    def order_of_line(self, number: int) -> RecordKey:
        """The order of text `number` of `line_texts`."""
        side, line = self._line_at(number)
        return side.model, int(side.order[line]) + 1

    def product_of_line(self, number: int) -> int:
        side, line = self._line_at(number)
        return int(side.product[line])

    def _line_at(self, number: int) -> tuple[Side, int]:
        bought = len(self.buying.product)
        return (self.buying, number) if number < bought else (self.selling, number - bought)


def _zipf(rng: np.random.Generator, kinds: int, count: int, exponent: float) -> np.ndarray[Any, Any]:
    """`count` ranks from 0 to `kinds` - 1, each as likely as 1 / (1 + rank) ** exponent."""
    weights = (1.0 + np.arange(kinds)) ** -exponent
    return np.searchsorted(np.cumsum(weights) / weights.sum(), rng.random(count)).astype(np.int64).clip(0, kinds - 1)


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
