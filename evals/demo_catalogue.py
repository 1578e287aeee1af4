"""An invented company's master data: partners, users, carriers and products as rows of Odoo 18.

A suite's `company.yaml` tells the company as a person would; `Catalogue` turns its master data into the rows that
`search_read` would give. `evals.demo_company` adds the orders.
"""

from __future__ import annotations

from datetime import date, datetime, time
from random import Random
from typing import Any

from tools.records import Row

BEFORE, EDITED = "2026-01-12 08:30:00", "2026-04-02 07:15:00"
EUR = {"EUR": 1}
DIAL = {"GB": 44, "IE": 353, "BE": 32, "NL": 31, "FR": 33, "DE": 49, "ES": 34, "IT": 39, "PL": 48, "CH": 41, "AT": 43}
ODOO_USERS = [
    ("OdooBot", "__system__"),
    ("Administrator", "admin"),
    ("Default User Template", "default"),
    ("Public user", "public"),
    ("Portal User Template", "portaltemplate"),
]


def at(day: date, hour: int = 10, minute: int = 0) -> str:
    """An Odoo datetime (UTC). Ten o'clock is noon in Brussels in summer, Odoo's own default for planned dates."""
    return datetime.combine(day, time(hour, minute)).strftime("%Y-%m-%d %H:%M:%S")


class Catalogue:
    """Rows by model, and the master data in them. `told` is the parsed company.yaml."""

    def __init__(self, told: dict[str, Any], seed: str) -> None:
        self.told = told
        self.seed = seed
        self.rows: dict[str, list[Row]] = {}
        self.partner_of: dict[str, Row] = {}
        self.contacts_of: dict[str, list[Row]] = {}
        self.product_of: dict[str, Row] = {}
        self.users: dict[str, list[Any]] = {}
        self.places: list[Row] = [told["warehouse"], *told.get("sites", {}).values()]
        self.company = self.company_and_users()
        for name in told["carriers"]:
            self.add("delivery.carrier", name=name, delivery_type="fixed")
        self.partners("suppliers", "L", "supplier_rank")
        self.partners("customers", "K", "customer_rank")
        self.products()

    def add(self, model: str, **values: Any) -> Row:
        rows = self.rows.setdefault(model, [])
        rows.append({"id": len(rows) + 1, **values})
        return rows[-1]

    def named(self, row: Row) -> list[Any]:
        """A many2one to the row: its id and display name."""
        return [row["id"], row.get("display_name") or row["name"]]

    def unit(self, name: str) -> list[Any]:
        return [self.told["units"][name][0], name]

    def carrier(self, name: str) -> list[Any]:
        return next(self.named(c) for c in self.rows["delivery.carrier"] if c["name"] == name)

    def currency(self, partner: str) -> list[Any]:
        """What a supplier or customer trades in: the company's first currency unless `company.yaml` says otherwise."""
        known: dict[str, int] = self.told.get("currencies", EUR)
        name = (self.told["suppliers"] | self.told["customers"])[partner].get("currency", next(iter(known)))
        return [known[name], name]

    def seller(self, code: str, supplier: Row) -> Row:
        offers = (self.rows["product.supplierinfo"][i - 1] for i in self.product_of[code]["seller_ids"])
        return next(o for o in offers if o["partner_id"][0] == supplier["id"])

    def company_and_users(self) -> list[Any]:
        about = self.told["company"]
        own = self.partner(about, email=about["email"], phone=about["phone"], vat=about["vat"])
        for name, login in ODOO_USERS:
            self.add("res.users", name=name, login=login)
        domain = about["email"].partition("@")[2]
        for key, name in self.told["users"].items():
            login = f"{name.lower().replace(' ', '.')}@{domain}"
            self.users[key] = self.named(self.add("res.users", name=name, login=login))
        for place in self.places:
            self.add("stock.warehouse", **place)
        return self.named(self.add("res.company", name=own["name"], partner_id=self.named(own)))

    def partner(self, about: Row, parent: Row | None = None, **values: Any) -> Row:
        name = about["name"]
        row: Row = {
            "name": name, "display_name": f"{parent['name']}, {name}" if parent else name, "ref": False,
            "email": False, "email_normalized": values["email"], "phone": False, "vat": False,
            "is_company": parent is None, "parent_id": self.named(parent) if parent else False,
            "commercial_partner_id": False, "supplier_rank": 0, "customer_rank": 0,
            "country_id": list(self.told["countries"][about["country"]]), "city": about["city"], "zip": about["zip"],
            "street": about["street"], "lang": about["lang"], "active": True, "create_date": BEFORE,
            "write_date": EDITED,
        }  # fmt: skip
        row = self.add("res.partner", **(row | values))
        row["commercial_partner_id"] = self.named(parent or row)
        return row

    def partners(self, kind: str, letter: str, rank: str) -> None:
        rng = Random(f"{self.seed} {kind}")
        for number, (key, about) in enumerate(self.told[kind].items()):
            ranked: Row = {rank: 1, "ref": f"{letter}{2100 + 7 * number}"}
            digits = f"{rng.randrange(10, 99)} {rng.randrange(100, 999)} {rng.randrange(10, 99)} 40"
            dial = DIAL.get(about["country"])
            self.partner_of[key] = parent = self.partner(
                about,
                None,
                email=f"{about['box']}@{about['domain']}",
                phone=f"+{dial} {digits}" if dial else False,
                **ranked,
            )
            self.contacts_of[key] = [
                self.partner({**about, "name": name}, parent, email=f"{box}@{about['domain']}")
                for name, box in about["contacts"]
            ]

    def products(self) -> None:
        categories = sorted({about[1] for about in self.told["products"].values()})
        for number, (code, about) in enumerate(self.told["products"].items(), 1):
            name, category, unit, _, _, _, sellers = about
            label = f"[{code}] {name}"
            product = self.product_of[code] = self.add(
                "product.product", display_name=label, name=name, default_code=code, barcode=f"54129870{number:04d}7",
                active=True, type="consu", is_storable=True, product_tmpl_id=[number, label],
                categ_id=[4 + categories.index(category), f"All / {category}"], uom_id=self.unit(unit), seller_ids=[],
                qty_available=0.0, virtual_available=0.0, incoming_qty=0.0, outgoing_qty=0.0, create_date=BEFORE,
                write_date=EDITED,
            )  # fmt: skip
            for supplier, their_code, their_name, price, days in sellers:
                offer = self.add(
                    "product.supplierinfo", partner_id=self.named(self.partner_of[supplier]), product_id=False,
                    product_tmpl_id=product["product_tmpl_id"], product_name=their_name or False,
                    product_code=their_code, delay=days, min_qty=1.0, price=float(price),
                    currency_id=self.currency(supplier), date_start=False, date_end=False, create_date=BEFORE,
                    write_date=EDITED,
                )  # fmt: skip
                product["seller_ids"].append(offer["id"])
