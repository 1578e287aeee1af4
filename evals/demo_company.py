"""The demo company's records: an invented Belgian bicycle-parts distributor, as `search_read` of Odoo 18 would give it.

`suites/demo/company.yaml` tells the company as a person would: partners, products and the orders that messages talk
about. This module draws the everyday orders around them with a seed and lets goods and papers follow from both:
receipts and backorders, deliveries with tracking numbers, links of made-to-order lines, bills and invoices.

    python -m evals.demo_company        writes suites/demo/records.json, the same bytes each time
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

import yaml

from tools.records import Row

SUITE = Path(__file__).parent / "suites" / "demo"
SEED = 26061
PURCHASE_NUMBERS = range(101, 191)
SALES_NUMBERS = range(401, 511)
FIRST_PURCHASE, FIRST_SALE, LAST_ORDER = date(2026, 3, 30), date(2026, 4, 13), date(2026, 6, 12)
BEFORE = "2026-01-12 08:30:00"
EUR = [1, "EUR"]
VENDORS, STOCK, CUSTOMERS = [4, "Partners/Vendors"], [8, "KWK/Stock"], [5, "Partners/Customers"]
INVENTORY = [14, "Virtual Locations/Inventory adjustment"]
LANGUAGE_PREFIX = {
    "GB": "+44",
    "IE": "+353",
    "BE": "+32",
    "NL": "+31",
    "FR": "+33",
    "DE": "+49",
    "ES": "+34",
    "IT": "+39",
}


def at(day: date, hour: int = 10, minute: int = 0) -> str:
    """An Odoo datetime (UTC). Ten o'clock is noon in Kortrijk in summer, Odoo's own default for planned dates."""
    return datetime.combine(day, time(hour, minute)).strftime("%Y-%m-%d %H:%M:%S")


def workday(day: date) -> date:
    return day + timedelta(days=max(0, 7 - day.weekday())) if day.weekday() > 4 else day


def order_day(number: int, numbers: range, first: date) -> date:
    """Numbers are given out evenly over time, on working days."""
    share = (number - numbers.start) / (len(numbers) - 1)
    day = first + timedelta(days=round(share * (LAST_ORDER - first).days))
    return day - timedelta(days=max(0, day.weekday() - 4))


class Company:
    """Builds the rows, model by model. `told` is the parsed company.yaml; everything drawn comes from one seed."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told
        self.rng = Random(SEED)
        self.now = datetime.fromisoformat(told["exported_at"]).astimezone(UTC)
        self.today = self.now.date()
        self.rows: dict[str, list[Row]] = {}
        self.partner_of: dict[str, Row] = {}
        self.contacts_of: dict[str, list[Row]] = {}
        self.product_of: dict[str, Row] = {}
        self.sale_line_of: dict[tuple[int, str], Row] = {}
        self.sale_move_of: dict[int, Row] = {}
        self.wanted_by: dict[tuple[int, str], int] = {}
        self.serials = {"IN": 0, "OUT": 0}

    # -- small pieces -----------------------------------------------------------------------------------------

    def add(self, model: str, **values: Any) -> Row:
        rows = self.rows.setdefault(model, [])
        row: Row = {"id": len(rows) + 1, **values}
        rows.append(row)
        return row

    def named(self, row: Row) -> list[Any]:
        return [row["id"], row.get("display_name") or row["name"]]

    def unit(self, name: str) -> list[Any]:
        return [self.told["units"][name][0], name]

    def carrier(self, name: str) -> list[Any]:
        return next(self.named(c) for c in self.rows["delivery.carrier"] if c["name"] == name)

    def tracking(self, carrier: str) -> str | bool:
        digits = "".join(str(self.rng.randrange(10)) for _ in range(24))
        return {
            "DPD Belgium": "0548" + digits[:10],
            "GLS Belgium": "784" + digits[:8],
            "UPS Standard": "1Z7F41R268" + digits[:8],
            "bpost": "3232" + digits[:20],
            "DHL Freight": "JJD0003900" + digits[:8],
            "PostNL": "3SKASW" + digits[:9],
            "Dachser": "DA" + digits[:10],
        }.get(carrier, False)

    # -- master data ------------------------------------------------------------------------------------------

    def partner(self, told: dict[str, Any], **values: Any) -> Row:
        name, parent = told["name"], values.get("parent")
        row = self.add(
            "res.partner", name=name, display_name=f"{parent['name']}, {name}" if parent else name,
            ref=values.get("ref", False), email=values["email"], email_normalized=values["email"],
            phone=values.get("phone", False), vat=values.get("vat", False), is_company=parent is None,
            parent_id=self.named(parent) if parent else False, commercial_partner_id=False,
            supplier_rank=values.get("supplier_rank", 0), customer_rank=values.get("customer_rank", 0),
            country_id=list(self.told["countries"][told["country"]]), city=told["city"], zip=told["zip"],
            street=told["street"], lang=told["lang"], active=True, create_date=BEFORE, write_date="2026-04-02 07:15:00",
        )  # fmt: skip
        row["commercial_partner_id"] = self.named(parent or row)
        return row

    def master_data(self) -> None:
        told = self.told
        own = self.partner(told["company"], email=told["company"]["email"], phone=told["company"]["phone"],
                           vat=told["company"]["vat"])  # fmt: skip
        self.company = self.named(self.add("res.company", name=own["name"], partner_id=self.named(own)))
        for name, login in [("OdooBot", "__system__"), ("Administrator", "admin"), ("Default User Template", "default"),
                            ("Public user", "public"), ("Portal User Template", "portaltemplate")]:  # fmt: skip
            self.add("res.users", name=name, login=login)
        domain = told["company"]["email"].partition("@")[2]
        self.users = {}
        for key, name in told["users"].items():
            login = f"{name.lower().replace(' ', '.')}@{domain}"
            self.users[key] = self.named(self.add("res.users", name=name, login=login))
        self.add("stock.warehouse", **told["warehouse"])
        for name in told["carriers"]:
            self.add("delivery.carrier", name=name, delivery_type="fixed")
        for kind, rank in (("suppliers", "supplier_rank"), ("customers", "customer_rank")):
            for number, (key, about) in enumerate(told[kind].items()):
                prefix = LANGUAGE_PREFIX.get(about["country"])
                phone = f"{prefix} {self.rng.randrange(10, 99)} {self.rng.randrange(100, 999)} {self.rng.randrange(10, 99)} 40"
                row = self.partner(about, email=f"{about['box']}@{about['domain']}", phone=phone if prefix else False,
                                   ref=f"{'L' if rank == 'supplier_rank' else 'K'}{2100 + 7 * number}", **{rank: 1})  # fmt: skip
                self.partner_of[key] = row
                self.contacts_of[key] = [
                    self.partner({**about, "name": name}, email=f"{box}@{about['domain']}", parent=row)
                    for name, box in about["contacts"]
                ]
        categories = sorted({about[1] for about in told["products"].values()})
        for number, (code, about) in enumerate(told["products"].items()):
            name, category, unit, _, _, on_hand, sellers = about
            label = f"[{code}] {name}"
            product = self.add(
                "product.product", display_name=label, name=name, default_code=code, barcode=f"54129870{number:04d}7",
                active=True, type="consu", is_storable=True, product_tmpl_id=[number + 1, label],
                categ_id=[4 + categories.index(category), f"All / {category}"], uom_id=self.unit(unit), seller_ids=[],
                qty_available=0.0, virtual_available=0.0, incoming_qty=0.0, outgoing_qty=0.0, create_date=BEFORE,
                write_date="2026-04-02 07:15:00",
            )  # fmt: skip
            self.product_of[code] = product
            for supplier, their_code, their_name, price, delay in sellers:
                info = self.add(
                    "product.supplierinfo", partner_id=self.named(self.partner_of[supplier]), product_id=False,
                    product_tmpl_id=product["product_tmpl_id"], product_name=their_name or False, product_code=their_code,
                    delay=delay, min_qty=1.0, price=float(price), currency_id=EUR, date_start=False, date_end=False,
                    create_date=BEFORE, write_date="2026-04-02 07:15:00",
                )  # fmt: skip
                product["seller_ids"].append(info["id"])
            if on_hand:
                self.move(
                    product,
                    float(on_hand),
                    "done",
                    date(2026, 3, 2),
                    INVENTORY,
                    STOCK,
                    reference="Product Quantity Updated",
                )

    # -- goods ------------------------------------------------------------------------------------------------

    def move(
        self, product: Row, quantity: float, state: str, day: date, source: list[Any], target: list[Any], **values: Any
    ) -> Row:
        held = quantity if state in ("done", "assigned") else 0.0
        arrives, leaves = target == STOCK, source == STOCK
        if state == "done":
            product["qty_available"] += quantity if arrives else -quantity
        elif state != "cancel":
            product["incoming_qty"] += quantity if arrives else 0.0
            product["outgoing_qty"] += quantity if leaves else 0.0
        product["virtual_available"] = product["qty_available"] + product["incoming_qty"] - product["outgoing_qty"]
        row: Row = {
            "reference": False, "origin": False, "state": state, "product_id": self.named(product),
            "product_uom_qty": quantity, "quantity": held, "date": at(day), "date_deadline": at(day) if values.get("origin") else False,
            "picking_id": False, "purchase_line_id": False, "sale_line_id": False, "partner_id": False, "location_id": source,
            "location_dest_id": target, "move_orig_ids": [], "move_dest_ids": [], "create_date": at(day, 7), "write_date": at(day, 8),
        }  # fmt: skip
        return self.add("stock.move", **(row | values))

    def picking(
        self, kind: str, order: Row, day: date, done: date | None, out: list[Any] | None, backorder: Row | None
    ) -> Row:
        self.serials[kind] += 1
        incoming = kind == "IN"
        origin = order["name"]
        if not incoming and order["client_order_ref"]:
            origin += f" - {order['client_order_ref']}"
        created = order.get("date_approve") or order["date_order"]
        row = self.add(
            "stock.picking", name=f"{self.told['warehouse']['code']}/{kind}/{self.serials[kind]:05d}", origin=origin,
            state="done" if done else "assigned", partner_id=order["partner_id" if incoming else "partner_shipping_id"],
            picking_type_id=[1 if incoming else 2, f"{self.told['warehouse']['name']}: {'Receipts' if incoming else 'Delivery Orders'}"],
            picking_type_code="incoming" if incoming else "outgoing", scheduled_date=at(day), date_deadline=at(day),
            date_done=at(done, 13, 20) if done else False, carrier_id=self.carrier(out[0]) if out else False,
            carrier_tracking_ref=(out[1] or False) if out else False, has_deadline_issue=False,
            purchase_id=[order["id"], order["display_name"]] if incoming else False,
            sale_id=False if incoming else [order["id"], order["name"]],
            backorder_id=self.named(backorder) if backorder else False, move_ids=[], products_availability=False,
            products_availability_state=False, company_id=self.company, create_date=created,
            write_date=at(done, 13, 20) if done else created,
        )  # fmt: skip
        order["picking_ids"].append(row["id"])
        return row

    # -- purchase orders --------------------------------------------------------------------------------------

    def purchase(self, number: int, told: dict[str, Any]) -> None:
        """Lines are `[code, quantity in the buying unit, {due, received, price, for: sales order number}]`."""
        supplier = self.partner_of[told["supplier"]]
        ordered, due, state = (
            order_day(number, PURCHASE_NUMBERS, FIRST_PURCHASE),
            told["due"],
            told.get("state", "purchase"),
        )
        name, ref = f"PO/2026/{number:05d}", told.get("ref") or False
        confirmed = state in ("purchase", "done")
        asked_at, confirmed_at = at(ordered, 8, number % 60), at(ordered, 9, number % 60)
        wanted = {self.sale_of[opts[0]["for"]]["name"] for _, _, *opts in told["lines"] if opts and "for" in opts[0]}
        order = self.add(
            "purchase.order", name=name, partner_ref=ref, origin=", ".join(sorted(wanted)) or False, state=state,
            partner_id=self.named(supplier), user_id=self.users[self.told["buyers"][number % 2]], date_order=asked_at,
            date_approve=confirmed_at if confirmed else False, date_planned=at(due), effective_date=False,
            receipt_status=False, invoice_status="no", order_line=[], picking_ids=[], currency_id=EUR, amount_total=0.0,
            company_id=self.company, create_date=asked_at, write_date=confirmed_at if confirmed else asked_at,
        )  # fmt: skip
        order["display_name"] = f"{name} ({ref})" if ref else name
        lines: list[tuple[Row, Row, dict[str, Any], float]] = []
        for sequence, (code, quantity, *rest) in enumerate(told["lines"], 1):
            opts: dict[str, Any] = rest[0] if rest else {}
            _, _, _, buying_unit, *_ = self.told["products"][code]
            product, info = self.product_of[code], self.seller(code, supplier)
            line = self.add(
                "purchase.order.line", order_id=[order["id"], order["display_name"]], sequence=10 * sequence,
                name=f"[{info['product_code']}] {info['product_name'] or product['name']}", display_type=False,
                product_id=self.named(product), product_qty=float(quantity), product_uom=self.unit(buying_unit),
                qty_received=float(opts.get("received", 0)), qty_invoiced=0.0, price_unit=float(opts.get("price", info["price"])),
                date_planned=at(opts.get("due", due)), state=state, partner_id=self.named(supplier), move_ids=[],
                create_date=asked_at, write_date=order["write_date"],
            )  # fmt: skip
            order["order_line"].append(line["id"])
            order["amount_total"] = round(order["amount_total"] + quantity * line["price_unit"], 2)
            lines.append((line, product, opts, float(self.told["units"][buying_unit][1])))
        if confirmed:
            self.receive(order, lines, told)
            self.bill(order, lines, told, number)

    def seller(self, code: str, supplier: Row) -> Row:
        infos = {i["id"]: i for i in self.rows["product.supplierinfo"]}
        return next(
            infos[i] for i in self.product_of[code]["seller_ids"] if infos[i]["partner_id"][0] == supplier["id"]
        )

    def receive(self, order: Row, lines: list[tuple[Row, Row, dict[str, Any], float]], told: dict[str, Any]) -> None:
        """What was received stands in a done receipt; what is still to come in an open one, its backorder if both exist."""
        due: date = told["due"]
        come = [
            (line, product, opts, line["qty_received"] * size)
            for line, product, opts, size in lines
            if line["qty_received"]
        ]
        open_ = [(line, product, opts, (line["product_qty"] - line["qty_received"]) * size) for line, product, opts, size in lines
                 if line["qty_received"] < line["product_qty"]]  # fmt: skip
        order["receipt_status"] = "pending" if not come else "partial" if open_ else "full"
        first: Row | None = None
        for batch, done in ((come, workday(due + timedelta(days=order["id"] % 3))), (open_, None)):
            if not batch:
                continue
            picking = self.picking("IN", order, due, done, told.get("ship") if done is None else None, first)
            for line, product, opts, quantity in batch:
                move = self.move(product, quantity, "done" if done else "assigned", done or opts.get("due", due), VENDORS, STOCK,
                                 reference=picking["name"], origin=order["name"], picking_id=self.named(picking),
                                 purchase_line_id=[line["id"], line["name"]])  # fmt: skip
                line["move_ids"].append(move["id"])
                picking["move_ids"].append(move["id"])
                if "for" in opts and done is None:
                    self.link(move, self.sale_move_of[self.sale_line_of[opts["for"], product["default_code"]]["id"]])
            if done:
                first, order["effective_date"] = picking, at(done, 13, 20)

    def link(self, purchase_move: Row, sale_move: Row) -> None:
        """Made to order: the delivery waits for exactly these goods."""
        purchase_move["move_dest_ids"].append(sale_move["id"])
        sale_move["move_orig_ids"].append(purchase_move["id"])
        sale_move.update(state="waiting", quantity=0.0)
        picking = self.rows["stock.picking"][sale_move["picking_id"][0] - 1]
        arrives, leaves = (
            datetime.fromisoformat(purchase_move["date"]),
            datetime.fromisoformat(picking["scheduled_date"]),
        )
        picking.update(state="waiting", products_availability=f"Exp {arrives:%m/%d/%Y}",
                       products_availability_state="late" if arrives > leaves else "expected")  # fmt: skip

    def bill(
        self, order: Row, lines: list[tuple[Row, Row, dict[str, Any], float]], told: dict[str, Any], number: int
    ) -> None:
        amount = sum(line["qty_received"] * line["price_unit"] for line, *_ in lines)
        if not amount:
            return
        day = datetime.fromisoformat(order["effective_date"]).date() + timedelta(days=2)
        if day > self.today - timedelta(days=8) and "bill" not in told:
            order["invoice_status"] = "to invoice"
            return
        for line, *_ in lines:
            line["qty_invoiced"] = line["qty_received"]
        order["invoice_status"] = "invoiced" if order["receipt_status"] == "full" else "to invoice"
        self.add(
            "account.move", name=f"AF26/{number + 200:04d}", ref=told.get("bill") or f"{self.rng.randrange(10**5, 10**6)}",
            move_type="in_invoice", state="posted", payment_state="not_paid" if day > date(2026, 5, 10) else "paid",
            partner_id=order["partner_id"], invoice_origin=order["name"], invoice_date=day.isoformat(),
            invoice_date_due=(day + timedelta(days=30)).isoformat(), amount_total=round(amount, 2), write_date=at(day),
        )  # fmt: skip

    # -- sales orders -----------------------------------------------------------------------------------------

    def sale(self, number: int, told: dict[str, Any]) -> None:
        """Lines are `[code, quantity in the stock unit, {delivered, price}]`; `out` is [carrier, tracking, day it left]."""
        customer, contacts = self.partner_of[told["customer"]], self.contacts_of[told["customer"]]
        ordered, due, state = order_day(number, SALES_NUMBERS, FIRST_SALE), told["due"], told.get("state", "sale")
        name, created = f"SO26-{number:05d}", at(ordered, 7 + number % 8, 5 * (number % 12))
        order = self.add(
            "sale.order", name=name, client_order_ref=told.get("ref") or False, origin=False, reference=False, state=state,
            partner_id=self.named(contacts[number % len(contacts)]) if number % 2 else self.named(customer),
            partner_shipping_id=self.named(customer), user_id=self.users[self.told["sellers"][number % 2]], date_order=created,
            commitment_date=at(due), expected_date=created, effective_date=False, delivery_status=False, invoice_status="no",
            picking_ids=[], order_line=[], amount_total=0.0, currency_id=EUR, company_id=self.company, create_date=created,
            write_date=created,
        )  # fmt: skip
        self.sale_of[number] = order
        gone: list[tuple[Row, Row, float]] = []
        waits: list[tuple[Row, Row, float]] = []
        for sequence, (code, quantity, *rest) in enumerate(told["lines"], 1):
            opts: dict[str, Any] = rest[0] if rest else {}
            product, about = self.product_of[code], self.told["products"][code]
            delivered = float(opts.get("delivered", 0))
            line = self.add(
                "sale.order.line", order_id=[order["id"], name], sequence=10 * sequence, name=product["display_name"],
                display_type=False, product_id=self.named(product), product_uom_qty=float(quantity), product_uom=self.unit(about[2]),
                qty_delivered=delivered, qty_invoiced=delivered, price_unit=float(opts.get("price", about[4])), customer_lead=0.0,
                scheduled_date=False if delivered == quantity or state != "sale" else at(due), state=state, create_date=created,
                write_date=created,
            )  # fmt: skip
            self.sale_line_of[number, code] = line
            order["order_line"].append(line["id"])
            order["amount_total"] = round(order["amount_total"] + quantity * line["price_unit"], 2)
            if delivered:
                gone.append((line, product, delivered))
            if delivered < quantity:
                waits.append((line, product, quantity - delivered))
        if state == "sale":
            self.deliver(order, customer, gone, waits, told)
            if gone:
                self.invoice(order, number)

    def deliver(self, order: Row, customer: Row, gone: list[tuple[Row, Row, float]], waits: list[tuple[Row, Row, float]],
                told: dict[str, Any]) -> None:  # fmt: skip
        order["delivery_status"] = "pending" if not gone else "partial" if waits else "full"
        first: Row | None = None
        for batch, left in ((gone, True), (waits, False)):
            if not batch:
                continue
            out = told.get("out")
            done: date | None = out[2] if left else None
            picking = self.picking("OUT", order, told["due"], done, out if left else None, first)
            for line, product, quantity in batch:
                short = not left and quantity > product["qty_available"] - product["outgoing_qty"]
                state = "done" if left else "confirmed" if short else "assigned"
                move = self.move(product, quantity, state, done or told["due"], STOCK, CUSTOMERS, reference=picking["name"],
                                 origin=picking["origin"], picking_id=self.named(picking), partner_id=self.named(customer),
                                 sale_line_id=[line["id"], f"{order['name']} - {product['name']} ({customer['name']})"])  # fmt: skip
                picking["move_ids"].append(move["id"])
                self.sale_move_of[line["id"]] = move
                if short:
                    picking.update(
                        state="confirmed", products_availability="Not Available", products_availability_state="late"
                    )
                elif not left and picking["state"] == "assigned":
                    picking.update(products_availability="Available", products_availability_state="available")
            if done:
                first, order["effective_date"] = picking, at(done, 13, 20)

    def invoice(self, order: Row, number: int) -> None:
        day = datetime.fromisoformat(order["effective_date"]).date() + timedelta(days=1)
        lines = self.rows["sale.order.line"]
        amount = sum(lines[i - 1]["qty_delivered"] * lines[i - 1]["price_unit"] for i in order["order_line"])
        order["invoice_status"] = "invoiced" if order["delivery_status"] == "full" else "no"
        self.add(
            "account.move", name=f"VF26/{number + 600:04d}", ref=order["client_order_ref"] or order["name"], move_type="out_invoice",
            state="posted", payment_state="not_paid" if day > date(2026, 5, 15) else "paid", partner_id=order["partner_id"],
            invoice_origin=order["name"], invoice_date=day.isoformat(), invoice_date_due=(day + timedelta(days=30)).isoformat(),
            amount_total=round(amount, 2), write_date=at(day),
        )  # fmt: skip

    # -- everyday orders --------------------------------------------------------------------------------------

    def drawn_purchase(self, number: int) -> dict[str, Any]:
        self.rng = rng = Random(f"{SEED} purchase {number}")
        supplier = rng.choice(list(self.told["suppliers"]))
        codes = [c for c, about in self.told["products"].items() if supplier in [s[0] for s in about[6]]]
        delay = max(s[4] for c in codes for s in self.told["products"][c][6] if s[0] == supplier)
        due = workday(order_day(number, PURCHASE_NUMBERS, FIRST_PURCHASE) + timedelta(days=delay))
        chosen = rng.sample(codes, min(len(codes), rng.choice([1, 1, 2, 3])))
        lines: list[Any] = [[c, rng.choice([10, 20, 24, 30, 50, 60, 100])] for c in chosen]
        fate = rng.random()
        told: dict[str, Any] = {"supplier": supplier, "due": due, "lines": lines}
        if fate < 0.5:
            told["ref"] = f"{supplier[:2].upper()}{rng.randrange(10000, 99999)}"
        if due < self.today - timedelta(days=4):
            if fate > 0.94:
                return told | {"state": "cancel"}
            for index, line in enumerate(lines):
                line.append({"received": line[1] // 2 if fate > 0.78 and index == 0 else line[1]})
        elif fate > 0.7:
            told["state"] = "sent" if fate > 0.85 else "draft"
        return told

    def drawn_sale(self, number: int) -> dict[str, Any]:
        self.rng = rng = Random(f"{SEED} sale {number}")
        customer = rng.choice(list(self.told["customers"]))
        ordered = order_day(number, SALES_NUMBERS, FIRST_SALE)
        left = workday(ordered + timedelta(days=rng.choice([3, 5, 8, 12])))
        stocked = [c for c in self.told["products"] if self.product_of[c]["qty_available"] >= 10]
        lines: list[Any] = [[c, rng.choice([2, 4, 6, 10])] for c in rng.sample(stocked, rng.choice([1, 2, 2, 3, 4]))]
        fate = rng.random()
        told: dict[str, Any] = {"customer": customer, "due": workday(left + timedelta(days=2)), "lines": lines}
        if fate < 0.6:
            told["ref"] = f"{customer[:2].upper()}-{rng.randrange(1000, 9999)}"
        if left >= self.today:
            return told | ({"state": "sent"} if fate > 0.85 else {})
        if fate > 0.95:
            return told | {"state": "cancel"}
        for index, line in enumerate(lines):
            if fate > 0.8 and index == 0 and len(lines) > 1:
                continue
            line.append({"delivered": line[1]})
        carrier = rng.choice(self.told["carriers"][1:])
        return told | {"out": [carrier, self.tracking(carrier), left]}

    def build(self) -> dict[str, Any]:
        """All rows by model, with `_meta`: the records snapshot of the contract."""
        self.sale_of: dict[int, Row] = {}
        self.master_data()
        for number in SALES_NUMBERS:
            self.sale(number, self.told["sales_orders"].get(number) or self.drawn_sale(number))
        for number in PURCHASE_NUMBERS:
            self.purchase(number, self.told["purchase_orders"].get(number) or self.drawn_purchase(number))
        for order in self.rows["purchase.order"]:
            del order["display_name"]
        for order in self.rows["purchase.order"] + self.rows["sale.order"]:
            role = "supplier_rank" if "partner_ref" in order else "customer_rank"
            partner = self.rows["res.partner"][order["partner_id"][0] - 1]
            self.rows["res.partner"][partner["commercial_partner_id"][0] - 1][role] += 1
        meta = {"odoo": "18.0", "database": "kasseiwerk_demo", "exported_at": self.told["exported_at"]}
        return {"_meta": meta, **dict(sorted(self.rows.items()))}


def records_json() -> str:
    told = yaml.safe_load((SUITE / "company.yaml").read_text("utf-8"))
    models = Company(told).build()
    parts = [f'"{m}": ' + (json.dumps(r) if m == "_meta" else "[\n" + ",\n".join(json.dumps(x, ensure_ascii=False) for x in r) + "]")
             for m, r in models.items()]  # fmt: skip
    return "{" + ",\n".join(parts) + "}\n"


if __name__ == "__main__":
    (SUITE / "records.json").write_text(records_json(), "utf-8")
