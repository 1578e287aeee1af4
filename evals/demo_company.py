"""An invented company's records, as `search_read` of Odoo 18 would give them.

The orders that messages talk about stand in a suite's `company.yaml`; this module draws everyday orders around them
with a seed and lets goods and papers follow from both: receipts and backorders, deliveries with tracking numbers, links
of made-to-order lines, bills and invoices.

    python -m evals.demo_company [SUITE]    writes suites/SUITE/records.json (demo), the same bytes each time
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import yaml

from evals.demo_catalogue import Catalogue, at
from tools.records import Row

SUITES = Path(__file__).parent / "suites"
SUITE = SUITES / "demo"
VENDORS, CUSTOMERS = [4, "Partners/Vendors"], [5, "Partners/Customers"]
INVENTORY = [14, "Virtual Locations/Inventory adjustment"]


def workday(day: date) -> date:
    """The day itself, or the Monday after a weekend."""
    return day + timedelta(days=7 - day.weekday()) if day.weekday() > 4 else day


def day_of(moment: str) -> date:
    return datetime.fromisoformat(moment).date()


class Numbering:
    """How orders of a kind are numbered and named. `told` gives the first and last number, the days since and until when
    they were given out, and formats (of `number` and `day`) for orders and their invoices."""

    def __init__(self, told: dict[str, Any]) -> None:
        first, last = told["numbers"]
        self.numbers = range(first, last + 1)
        self.told = told

    def day(self, number: int) -> date:
        """Numbers are given out evenly over time, on working days."""
        since: date = self.told["since"]
        share = (number - self.numbers.start) / (len(self.numbers) - 1)
        day = since + timedelta(days=round(share * (self.told["until"] - since).days))
        return day - timedelta(days=max(0, day.weekday() - 4))

    def order(self, number: int) -> str:
        return str(self.told["name"].format(number=number, day=self.day(number)))

    def invoice(self, number: int) -> str:
        return str(self.told["invoice"].format(number=number + self.told["invoices_ahead"]))


@dataclass
class Goods:
    """A quantity of an order line, in the product's stock unit. `made_for` is the sales order it is bought for."""

    line: Row
    product: Row
    quantity: float
    made_for: int | None = None


class Company(Catalogue):
    """Master data and orders. Sales come first, so that purchases can be made for them."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(told, told["seed"])
        codes = [place["code"] for place in self.places]
        self.stock_of = {code: [8 + 10 * number, f"{code}/Stock"] for number, code in enumerate(codes)}
        self.stock = self.stock_of[codes[0]]
        self.purchases, self.sales = Numbering(told["purchases"]), Numbering(told["sales"])
        self.today = day_of(told["exported_at"].rstrip("Z"))
        self.sale_of: dict[int, Row] = {}
        self.sale_line_of: dict[tuple[int, str], Row] = {}
        self.sale_move_of: dict[int, Row] = {}
        self.serials: Counter[str] = Counter()
        for code, about in told["products"].items():
            if on_hand := about[5]:
                goods = Goods({}, self.product_of[code], float(on_hand))
                self.move(
                    goods, told["stocktaking"], INVENTORY, self.stock, "done", reference="Product Quantity Updated"
                )
        for number in self.sales.numbers:
            self.sale(number, told["sales_orders"].get(number) or self.everyday_sale(number))
        for number in self.purchases.numbers:
            self.purchase(number, told["purchase_orders"].get(number) or self.everyday_purchase(number))
        for order in self.rows["purchase.order"] + self.rows["sale.order"]:
            rank = "supplier_rank" if "partner_ref" in order else "customer_rank"
            partner = self.rows["res.partner"][order["partner_id"][0] - 1]
            self.rows["res.partner"][partner["commercial_partner_id"][0] - 1][rank] += 1

    # -- goods ------------------------------------------------------------------------------------------------

    def move(
        self, goods: Goods, day: date, source: list[Any], target: list[Any], state: str, picking: Row | None = None,
        **values: Any,
    ) -> Row:  # fmt: skip
        """A stock move, with what it does to the product's quantities."""
        product, quantity = goods.product, goods.quantity
        if state == "done":
            product["qty_available"] += quantity if target in self.stock_of.values() else -quantity
        elif target in self.stock_of.values():
            product["incoming_qty"] += quantity
        else:
            product["outgoing_qty"] += quantity
        product["virtual_available"] = product["qty_available"] + product["incoming_qty"] - product["outgoing_qty"]
        row: Row = {
            "reference": False, "origin": False, "state": state, "product_id": self.named(product),
            "product_uom_qty": quantity, "quantity": quantity if state in ("done", "assigned") else 0.0,
            "date": at(day), "date_deadline": False, "picking_id": False, "purchase_line_id": False,
            "sale_line_id": False, "partner_id": False, "location_id": source, "location_dest_id": target,
            "move_orig_ids": [], "move_dest_ids": [], "create_date": at(day, 8), "write_date": at(day, 8),
        }  # fmt: skip
        if picking:
            row |= {key: picking[key] for key in ("origin", "date_deadline", "create_date", "write_date")}
            row |= {"reference": picking["name"], "picking_id": self.named(picking)}
        move = self.add("stock.move", **(row | values))
        if picking:
            picking["move_ids"].append(move["id"])
        return move

    def place(self, told: dict[str, Any]) -> Row:
        """Where the goods of an order come in or go out: at its site, its partner's, or the main warehouse."""
        partner = (self.told["suppliers"] | self.told["customers"])[told.get("customer") or told["supplier"]]
        site = told.get("site") or partner.get("site")
        found: Row = self.told["sites"][site] if site else self.told["warehouse"]
        return found

    def picking(
        self, order: Row, place: Row, day: date, done: date | None, out: list[Any] | None, before: Row | None
    ) -> Row:
        """A receipt or delivery. `out` is [carrier, tracking number]; `before` the one it is a backorder of."""
        incoming = "partner_ref" in order
        series = f"{place['code']}/{'IN' if incoming else 'OUT'}"
        self.serials[series] += 1
        types = 1 + 2 * self.places.index(place)
        client_ref = order.get("client_order_ref")
        created = order["date_approve"] if incoming else order["date_order"]
        row = self.add(
            "stock.picking", name=f"{series}/{self.serials[series]:05d}",
            origin=f"{order['name']} - {client_ref}" if client_ref else order["name"],
            state="done" if done else "assigned", partner_id=order["partner_id" if incoming else "partner_shipping_id"],
            picking_type_id=[types, f"{place['name']}: Receipts"] if incoming else
                            [types + 1, f"{place['name']}: Delivery Orders"],
            picking_type_code="incoming" if incoming else "outgoing", scheduled_date=at(day), date_deadline=at(day),
            date_done=at(done, 13, 20) if done else False, carrier_id=self.carrier(out[0]) if out else False,
            carrier_tracking_ref=(out[1] or False) if out else False, has_deadline_issue=False,
            purchase_id=self.order_named(order) if incoming else False,
            sale_id=False if incoming else [order["id"], order["name"]],
            backorder_id=self.named(before) if before else False, move_ids=[], products_availability=False,
            products_availability_state=False, company_id=self.company, create_date=created,
            write_date=at(done, 13, 20) if done else created,
        )  # fmt: skip
        order["picking_ids"].append(row["id"])
        if done:
            order["effective_date"] = row["date_done"]
        return row

    def made_to_order(self, purchase_move: Row, sale_move: Row) -> None:
        """The delivery waits for exactly these goods."""
        purchase_move["move_dest_ids"].append(sale_move["id"])
        sale_move["move_orig_ids"].append(purchase_move["id"])
        sale_move.update(state="waiting", quantity=0.0)
        picking = self.rows["stock.picking"][sale_move["picking_id"][0] - 1]
        arrives, leaves = day_of(purchase_move["date"]), day_of(picking["scheduled_date"])
        late = "late" if arrives > leaves else "expected"
        availability = {"products_availability": f"Exp {arrives:%m/%d/%Y}", "products_availability_state": late}
        picking.update(state="waiting", **availability)

    # -- purchase orders --------------------------------------------------------------------------------------

    def order_named(self, order: Row) -> list[Any]:
        """Odoo shows the supplier's reference behind the number of a purchase order."""
        ref = order["partner_ref"]
        return [order["id"], f"{order['name']} ({ref})" if ref else order["name"]]

    def purchase(self, number: int, told: dict[str, Any]) -> None:
        """Lines are `[code, quantity in the buying unit, {due, received, price, for: sales order number}]`."""
        supplier = self.partner_of[told["supplier"]]
        day = self.purchases.day(number)
        asked, approved = at(day, 8, number % 60), at(day, 9, number % 60)
        state = told.get("state", "purchase")
        opts = [line[2] if len(line) > 2 else {} for line in told["lines"]]
        origins = sorted({self.sale_of[o["for"]]["name"] for o in opts if "for" in o})
        order = self.add(
            "purchase.order", name=self.purchases.order(number), partner_ref=told.get("ref") or False,
            origin=", ".join(origins) or False, state=state, partner_id=self.named(supplier),
            user_id=self.users[self.told["buyers"][number % 2]], date_order=asked,
            date_approve=approved if state == "purchase" else False, date_planned=at(told["due"]), effective_date=False,
            receipt_status=False, invoice_status="no", order_line=[], picking_ids=[],
            currency_id=self.currency(told["supplier"]), amount_total=0.0, company_id=self.company, create_date=asked,
            write_date=approved if state == "purchase" else asked,
        )  # fmt: skip
        come: list[Goods] = []
        to_come: list[Goods] = []
        for sequence, ((code, quantity, *_), opt) in enumerate(zip(told["lines"], opts, strict=True), 1):
            product, offer, buying_unit = (
                self.product_of[code],
                self.seller(code, supplier),
                self.told["products"][code][3],
            )
            price, received = float(opt.get("price") or offer["price"]), float(opt.get("received", 0))
            line = self.add(
                "purchase.order.line", order_id=self.order_named(order), sequence=10 * sequence,
                name=f"[{offer['product_code']}] {offer['product_name'] or product['name']}", display_type=False,
                product_id=self.named(product), product_qty=float(quantity), product_uom=self.unit(buying_unit),
                qty_received=received, qty_invoiced=0.0, price_unit=price, date_planned=at(opt.get("due", told["due"])),
                state=state, partner_id=self.named(supplier), move_ids=[], create_date=asked,
                write_date=order["write_date"],
            )  # fmt: skip
            order["order_line"].append(line["id"])
            order["amount_total"] = round(order["amount_total"] + quantity * price, 2)
            size = self.told["units"][buying_unit][1]
            if received:
                come.append(Goods(line, product, received * size))
            if received < quantity:
                to_come.append(Goods(line, product, (quantity - received) * size, opt.get("for")))
        if state == "purchase":
            self.receive(order, come, to_come, told)
        if come:
            self.bill(order, come, told, number)

    def receive(self, order: Row, come: list[Goods], to_come: list[Goods], told: dict[str, Any]) -> None:
        """What came stands in a done receipt; what is to come in an open one, its backorder if both exist."""
        order["receipt_status"] = "pending" if not come else "partial" if to_come else "full"
        before: Row | None = None
        if come:
            day = workday(told["due"] + timedelta(days=order["id"] % 3))
            before = self.picking(order, self.place(told), told["due"], day, None, None)
            for goods in come:
                self.receipt_move(goods, day, before, "done")
        if to_come:
            picking = self.picking(order, self.place(told), told["due"], None, told.get("ship"), before)
            for goods in to_come:
                move = self.receipt_move(goods, day_of(goods.line["date_planned"]), picking, "assigned")
                if goods.made_for:
                    sale_line = self.sale_line_of[goods.made_for, goods.product["default_code"]]
                    self.made_to_order(move, self.sale_move_of[sale_line["id"]])

    def receipt_move(self, goods: Goods, day: date, picking: Row, state: str) -> Row:
        line = [goods.line["id"], goods.line["name"]]
        stock = self.stock_of[picking["name"].partition("/")[0]]
        move = self.move(goods, day, VENDORS, stock, state, picking, purchase_line_id=line)
        goods.line["move_ids"].append(move["id"])
        return move

    def bill(self, order: Row, come: list[Goods], told: dict[str, Any], number: int) -> None:
        day = day_of(order["effective_date"]) + timedelta(days=2)
        order["invoice_status"] = "to invoice"
        if day > self.today - timedelta(days=8) and "bill" not in told:
            return
        if order["receipt_status"] == "full":
            order["invoice_status"] = "invoiced"
        for goods in come:
            goods.line["qty_invoiced"] = goods.line["qty_received"]
        amount = sum(goods.line["qty_received"] * goods.line["price_unit"] for goods in come)
        self.paper(
            "in_invoice", self.purchases.invoice(number), told.get("bill") or f"{number * 7919}", order, day, amount
        )

    def paper(self, kind: str, name: str, ref: str, order: Row, day: date, amount: float) -> None:
        self.add(
            "account.move", name=name, ref=ref, move_type=kind, state="posted",
            payment_state="paid" if day < self.told["paid_before"] else "not_paid", partner_id=order["partner_id"],
            invoice_origin=order["name"], invoice_date=day.isoformat(),
            invoice_date_due=(day + timedelta(days=30)).isoformat(), amount_total=round(amount, 2), write_date=at(day),
        )  # fmt: skip

    # -- sales orders -----------------------------------------------------------------------------------------

    def sale(self, number: int, told: dict[str, Any]) -> None:
        """Lines are `[code, quantity in the stock unit, {delivered, price}]`; `out` is [carrier, tracking, day]."""
        customer, contacts = self.partner_of[told["customer"]], self.contacts_of[told["customer"]]
        ordered = at(self.sales.day(number), 7 + number % 8, 5 * (number % 12))
        state, name = told.get("state", "sale"), self.sales.order(number)
        buyer = contacts[number % len(contacts)] if number % 2 else customer
        order = self.sale_of[number] = self.add(
            "sale.order", name=name, client_order_ref=told.get("ref") or False, origin=False, reference=False,
            state=state, partner_id=self.named(buyer), partner_shipping_id=self.named(customer),
            user_id=self.users[self.told["sellers"][number % 2]], date_order=ordered, commitment_date=at(told["due"]),
            expected_date=ordered, effective_date=False, delivery_status=False, invoice_status="no", picking_ids=[],
            order_line=[], amount_total=0.0, currency_id=self.currency(told["customer"]), company_id=self.company,
            create_date=ordered, write_date=ordered,
        )  # fmt: skip
        gone: list[Goods] = []
        waiting: list[Goods] = []
        for sequence, (code, quantity, *opts) in enumerate(told["lines"], 1):
            product, about = self.product_of[code], self.told["products"][code]
            opt = opts[0] if opts else {}
            price, delivered = float(opt.get("price") or about[4]), float(opt.get("delivered", 0))
            line = self.sale_line_of[number, code] = self.add(
                "sale.order.line", order_id=[order["id"], name], sequence=10 * sequence, name=product["display_name"],
                display_type=False, product_id=self.named(product), product_uom_qty=float(quantity),
                product_uom=self.unit(about[2]), qty_delivered=delivered, qty_invoiced=delivered, price_unit=price,
                customer_lead=0.0, scheduled_date=at(told["due"]) if state == "sale" and delivered < quantity else False,
                state=state, create_date=ordered, write_date=ordered,
            )  # fmt: skip
            order["order_line"].append(line["id"])
            order["amount_total"] = round(order["amount_total"] + quantity * price, 2)
            if delivered:
                gone.append(Goods(line, product, delivered))
            if delivered < quantity:
                waiting.append(Goods(line, product, quantity - delivered))
        if state == "sale":
            self.deliver(order, gone, waiting, told)
        if gone:
            order["invoice_status"] = "no" if waiting else "invoiced"
            amount = sum(goods.quantity * goods.line["price_unit"] for goods in gone)
            day = day_of(order["effective_date"]) + timedelta(days=1)
            self.paper("out_invoice", self.sales.invoice(number), told.get("ref") or name, order, day, amount)

    def deliver(self, order: Row, gone: list[Goods], waiting: list[Goods], told: dict[str, Any]) -> None:
        order["delivery_status"] = "pending" if not gone else "partial" if waiting else "full"
        before: Row | None = None
        if gone:
            carrier, tracking, day = told["out"]
            before = self.picking(order, self.place(told), told["due"], day, [carrier, tracking], None)
            for goods in gone:
                self.delivery_move(goods, day, before, "done")
        if waiting:
            picking = self.picking(order, self.place(told), told["due"], None, None, before)
            picking.update(products_availability="Available", products_availability_state="available")
            for goods in waiting:
                short = goods.quantity > goods.product["qty_available"] - goods.product["outgoing_qty"]
                self.delivery_move(goods, told["due"], picking, "confirmed" if short else "assigned")
                if short:
                    missing = {"products_availability": "Not Available", "products_availability_state": "late"}
                    picking.update(state="confirmed", **missing)

    def delivery_move(self, goods: Goods, day: date, picking: Row, state: str) -> None:
        customer, order = picking["partner_id"], picking["sale_id"][1]
        line = [goods.line["id"], f"{order} - {goods.product['name']} ({customer[1]})"]
        stock = self.stock_of[picking["name"].partition("/")[0]]
        move = self.move(goods, day, stock, CUSTOMERS, state, picking, sale_line_id=line, partner_id=customer)
        self.sale_move_of[goods.line["id"]] = move

    # -- everyday orders --------------------------------------------------------------------------------------

    def everyday_purchase(self, number: int) -> dict[str, Any]:
        rng = Random(f"{self.seed} purchase {number}")
        supplier = rng.choice(list(self.told["suppliers"]))
        days = {c: s[4] for c, about in self.told["products"].items() for s in about[6] if s[0] == supplier}
        chosen = rng.sample(list(days), min(len(days), rng.choice([1, 1, 2, 3])))
        due = workday(self.purchases.day(number) + timedelta(days=max(days[c] for c in chosen)))
        lines: list[Any] = [[c, rng.choice([10, 20, 24, 30, 50, 60, 100])] for c in chosen]
        told: dict[str, Any] = {"supplier": supplier, "due": due, "lines": lines}
        fate = rng.random()
        if fate < 0.5:
            told["ref"] = f"{supplier[:2].upper()}{rng.randrange(10000, 99999)}"
        if due >= self.today - timedelta(days=4):
            return told | ({"state": "sent"} if fate > 0.85 else {})
        if fate > 0.94:
            return told | {"state": "cancel"}
        for index, line in enumerate(lines):
            half = fate > 0.7 and index == 0
            line.append({"received": line[1] // 2 if half else line[1]})
        return told

    def everyday_sale(self, number: int) -> dict[str, Any]:
        rng = Random(f"{self.seed} sale {number}")
        customer = rng.choice(list(self.told["customers"]))
        left = workday(self.sales.day(number) + timedelta(days=rng.choice([3, 5, 8, 12])))
        stocked = [c for c in self.told["products"] if self.product_of[c]["qty_available"] >= 20]
        lines: list[Any] = [[c, rng.choice([2, 4, 6, 10])] for c in rng.sample(stocked, rng.choice([1, 2, 2, 3, 4]))]
        told: dict[str, Any] = {"customer": customer, "due": workday(left + timedelta(days=2)), "lines": lines}
        fate = rng.random()
        if fate < 0.6:
            told["ref"] = f"{customer[:2].upper()}-{rng.randrange(1000, 9999)}"
        if left >= self.today:
            return told | ({"state": "sent"} if fate > 0.85 else {})
        if fate > 0.95:
            return told | {"state": "cancel"}
        for index, line in enumerate(lines):
            if fate < 0.8 or index > 0 or len(lines) == 1:
                line.append({"delivered": line[1]})
        carrier = rng.choice(list(self.told["tracking"]))
        start, digits = self.told["tracking"][carrier]
        return told | {"out": [carrier, f"{start}{rng.randrange(10**digits):0{digits}d}", left]}


def snapshot(suite: Path = SUITE) -> str:
    """The records snapshot of the contract, one row a line."""
    told = yaml.safe_load((suite / "company.yaml").read_text("utf-8"))
    rows = Company(told).rows
    meta = {"odoo": "18.0", "database": told["database"], "exported_at": told["exported_at"]}
    parts = [f'"_meta": {json.dumps(meta)}']
    for model in sorted(rows):
        lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows[model])
        parts.append(f'"{model}": [\n{lines}\n]')
    return "{" + ",\n".join(parts) + "}\n"


if __name__ == "__main__":
    folder = SUITES / (sys.argv[1] if len(sys.argv) > 1 else "demo")
    (folder / "records.json").write_text(snapshot(folder), "utf-8")
