"""A small invented company as a records snapshot: chandlery goods for boats, bought from two suppliers, sold to three
customers. Its numbering can be chosen, because nothing may depend on one company's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tools.message import Address, Channel, Message, Part, Passage, PassageKind

NOW = datetime(2026, 5, 11, 9, 0, tzinfo=UTC)

PARTNERS = [
    (1, "Havnegaard Marine ApS", "office@havnegaard.example", None, 0, 0),
    (2, "Søren Holm", "soren.holm@havnegaard.example", 1, 0, 0),
    (10, "Trosse & Tau Werft GmbH", "verkauf@trosse-tau.example", None, 5, 0),
    (11, "Wiebke Harms", "w.harms@trosse-tau.example", 10, 0, 0),
    (12, "Vela Bianca S.r.l.", "ordini@velabianca.example", None, 3, 0),
    (13, "Ropeworks Ltd", "ropeworks.sales@gmail.com", None, 2, 0),
    (20, "Bådehuset Fredericia", "indkob@baadehuset.example", None, 0, 4),
    (21, "Chantier Naval Kerguen", "achats@kerguen.example", None, 0, 2),
    (22, "Jachthaven De Kreek B.V.", "info@dekreek.example", None, 0, 2),
]
PRODUCTS = [
    (1, "ROP-12-NAV", "Mooring rope 12 mm navy, 20 m", "5701234000017"),
    (2, "FEN-20-WHT", "Fender 20x60 cm white", ""),
    (3, "FEN-25-BLU", "Fender 25x75 cm blue", ""),
    (4, "ANC-10-GAL", "Plough anchor 10 kg galvanised", ""),
    (5, "LAM-LED-03", "LED navigation lamp, red and green", ""),
    (6, "PMP-500", "Bilge pump 500 gph 12 V", ""),
]
SUPPLIER_CODES = [
    (10, 1, "TT 1220-N", "Festmacher 12 mm marine"),
    (10, 2, "TT F2060/W", "Langfender weiß"),
    (12, 5, "VB.771", "Fanale di via LED"),
]


def snapshot(
    purchase: str = "P{:05d}", sale: str = "S{:05d}", picking: str = "WH/{}/{:05d}", **changes: Any
) -> dict[str, Any]:
    """The company's records with the given numbering; `changes` replace whole models (underscores for dots)."""
    names = {i: name for i, name, *_ in PARTNERS}
    products = {i: f"[{code}] {name}" for i, code, name, _ in PRODUCTS}

    def ref(model_names: dict[int, str], i: int) -> list[Any]:
        return [i, model_names[i]]

    bought = [
        (41, 10, "AB 26-7781", "2026-05-04 08:00:00", [(1, 40, 0, 31.5), (2, 24, 24, 18.0), (3, 12, 0, 22.0)]),
        (42, 12, "OC/2026/118", "2026-05-06 08:00:00", [(5, 10, 0, 49.0)]),
        (43, 10, False, "2026-04-01 08:00:00", [(4, 6, 6, 80.0)]),
        (44, 13, "88417", "2026-05-07 08:00:00", [(1, 15, 0, 29.0)]),
    ]
    sold = [
        (41, 20, "4500771200", "2026-05-05 08:00:00", [(1, 8, 0, 55.0), (6, 2, 0, 39.0)]),
        (57, 21, "BC-3391", "2026-05-02 08:00:00", [(4, 1, 1, 140.0)]),
        (58, 22, False, "2026-05-08 08:00:00", [(3, 4, 0, 44.0)]),
    ]
    orders: dict[str, list[dict[str, Any]]] = {"purchase.order": [], "sale.order": []}
    lines: dict[str, list[dict[str, Any]]] = {"purchase.order.line": [], "sale.order.line": []}
    pickings, moves = [], []
    for model, rows in (("purchase.order", bought), ("sale.order", sold)):
        buying = model == "purchase.order"
        for number, partner, theirs, placed, items in rows:
            name = (purchase if buying else sale).format(number)
            at = len(pickings) + 1
            shipment = picking.format("IN" if buying else "OUT", at)
            open_now = any(qty > done for _, qty, done, _ in items)
            pickings.append(
                {"id": at, "name": shipment, "origin": name, "state": "assigned" if open_now else "done",
                 "partner_id": ref(names, partner), "picking_type_code": "incoming" if buying else "outgoing",
                 "scheduled_date": "2026-05-20 10:00:00", "carrier_id": [1, "GLS Denmark"] if not buying else False,
                 "carrier_tracking_ref": f"GD70033{number:04d}" if not buying else False,
                 "purchase_id": [number, name] if buying else False, "sale_id": False if buying else [number, name]}
            )  # fmt: skip
            order_lines = []
            for product, qty, done, price in items:
                line = len(lines[f"{model}.line"]) + 1
                order_lines.append(line)
                lines[f"{model}.line"].append(
                    {"id": line, "order_id": [number, name], "sequence": 10, "name": products[product],
                     "display_type": False, "product_id": [product, products[product]],
                     "product_qty" if buying else "product_uom_qty": float(qty), "product_uom": [1, "Units"],
                     "qty_received" if buying else "qty_delivered": float(done), "price_unit": price,
                     "date_planned" if buying else "scheduled_date": "2026-05-20 10:00:00"}
                )  # fmt: skip
                moves.append(
                    {"id": len(moves) + 1, "picking_id": [at, shipment], "product_id": [product, products[product]],
                     "product_uom_qty": float(qty), "state": "assigned",
                     "purchase_line_id": [line, "x"] if buying else False,
                     "sale_line_id": False if buying else [line, "x"]}
                )  # fmt: skip
            lines[f"{model}.line"].append(
                {"id": 900 + number, "order_id": [number, name], "name": "Thank you", "display_type": "line_note"}
            )
            orders[model].append(
                {"id": number, "name": name, "partner_ref" if buying else "client_order_ref": theirs,
                 "state": "purchase" if buying else "sale", "partner_id": ref(names, partner), "date_order": placed,
                 "order_line": order_lines, "picking_ids": [at], "currency_id": [1, "EUR"], "amount_total": 100.0,
                 "write_date": placed}
            )  # fmt: skip
    data: dict[str, Any] = {
        "_meta": {"odoo": "18.0", "exported_at": "2026-05-11T09:00:00Z"},
        **orders,
        **lines,
        "stock.picking": pickings,
        "stock.move": moves,
        "res.partner": [
            {"id": i, "name": name, "email": email, "parent_id": [parent, names[parent]] if parent else False,
             "commercial_partner_id": [parent or i, names[parent or i]], "is_company": not parent,
             "supplier_rank": supplier, "customer_rank": customer}
            for i, name, email, parent, supplier, customer in PARTNERS
        ],
        "product.product": [
            {"id": i, "display_name": products[i], "name": name, "default_code": code, "barcode": barcode or False,
             "product_tmpl_id": [i, name]}
            for i, code, name, barcode in PRODUCTS
        ],
        "product.supplierinfo": [
            {"id": at, "partner_id": ref(names, partner), "product_tmpl_id": [product, "x"], "product_id": False,
             "product_code": code, "product_name": name}
            for at, (partner, product, code, name) in enumerate(SUPPLIER_CODES, 1)
        ],
        "account.move": [
            {"id": 1, "name": "BILL/2026/05/0007", "ref": "RG-55120", "move_type": "in_invoice", "state": "posted",
             "partner_id": ref(names, 10), "invoice_origin": purchase.format(43)},
            {"id": 2, "name": "INV/2026/00031", "ref": "BC-3391", "move_type": "out_invoice", "state": "posted",
             "partner_id": ref(names, 21), "invoice_origin": sale.format(57)},
        ],
        "delivery.carrier": [{"id": 1, "name": "GLS Denmark"}],
        "res.company": [{"id": 1, "name": "Havnegaard Marine ApS", "partner_id": [1, "Havnegaard Marine ApS"]}],
        "res.users": [{"id": 2, "name": "Søren Holm", "login": "soren.holm@havnegaard.example"}],
    }  # fmt: skip
    data.update({model.replace("_", "."): rows for model, rows in changes.items()})
    return data


def mail(
    text: str,
    sender: str = "w.harms@trosse-tau.example",
    name: str = "",
    subject: str = "",
    quoted: str = "",
    kind: PassageKind = PassageKind.quoted,
) -> Message:
    """A read mail of a new passage and, after it, one of the given kind."""
    body = f"{text}\n{quoted}"
    passages = [Passage(kind=PassageKind.new, start=0, end=len(text) + 1)]
    if quoted:
        passages.append(Passage(kind=kind, start=len(text) + 1, end=len(body)))
    return Message(
        id="0" * 64,
        channel=Channel.email,
        received_at=NOW,
        subject=subject,
        sender=Address(name=name, email=sender),
        parts=[
            Part(name="subject", text=subject, passages=[Passage(kind=PassageKind.new, start=0, end=len(subject))]),
            Part(name="body", text=body, passages=passages),
        ],
    )
