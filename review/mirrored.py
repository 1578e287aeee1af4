"""What of Odoo is mirrored: models and their fields. A model or field that a server does not have is left out.

Sales lines come without their `scheduled_date`: it costs Odoo a stock computation a line, and the order's promise says
the same. Quantities on hand come from quants, since a product's own figures change without its `write_date`.
"""

from __future__ import annotations

_COMMON = ("display_name", "write_date")

MIRRORED: dict[str, tuple[str, ...]] = {
    model: (*_COMMON, *fields)
    for model, fields in {
        "res.company": ("name", "partner_id", "email"),
        "res.users": ("name", "login", "email", "partner_id", "share", "active"),
        "res.currency": ("name", "active"),
        "uom.uom": ("name", "active"),
        "delivery.carrier": ("name", "delivery_type", "active"),
        "stock.warehouse": ("name", "code", "company_id", "active"),
        "stock.location": ("name", "usage", "company_id", "active"),
        "res.partner": (
            "name", "email", "email_normalized", "phone", "is_company", "parent_id", "commercial_partner_id",
            "supplier_rank", "customer_rank", "ref", "lang", "vat", "street", "zip", "city", "company_id", "active",
        ),
        "product.template": ("name", "default_code", "company_id", "active"),
        "product.product": ("name", "default_code", "barcode", "product_tmpl_id", "uom_id", "categ_id", "active"),
        "product.supplierinfo": (
            "partner_id", "product_id", "product_tmpl_id", "product_code", "product_name", "price", "min_qty", "delay",
            "currency_id", "company_id",
        ),
        "purchase.order": (
            "name", "partner_ref", "origin", "state", "partner_id", "date_order", "date_planned", "currency_id",
            "picking_ids", "user_id", "amount_total", "company_id", "picking_type_id",
        ),
        "purchase.order.line": (
            "order_id", "sequence", "name", "display_type", "product_id", "product_qty", "product_uom",
            "product_uom_id", "qty_received", "price_unit", "date_planned",
        ),
        "sale.order": (
            "name", "client_order_ref", "reference", "origin", "state", "partner_id", "partner_shipping_id",
            "date_order", "commitment_date", "expected_date", "currency_id", "picking_ids", "user_id", "amount_total",
            "company_id", "warehouse_id",
        ),
        "sale.order.line": (
            "order_id", "sequence", "name", "display_type", "product_id", "product_uom_qty", "product_uom",
            "product_uom_id", "qty_delivered", "price_unit",
        ),
        "stock.picking": (
            "name", "origin", "state", "partner_id", "picking_type_code", "scheduled_date", "date_deadline", "date_done",
            "carrier_id", "carrier_tracking_ref", "purchase_id", "sale_id", "backorder_id", "company_id",
        ),
        "stock.move": (
            "state", "reference", "product_id", "product_qty", "product_uom_qty", "quantity", "picking_id", "date",
            "date_deadline", "purchase_line_id", "sale_line_id", "move_dest_ids", "location_usage",
            "location_dest_usage", "company_id",
        ),
        "stock.quant": ("product_id", "location_id", "quantity", "reserved_quantity", "company_id"),
        "account.move": (
            "name", "ref", "move_type", "state", "partner_id", "invoice_origin", "invoice_date", "invoice_date_due",
            "amount_total", "payment_state", "company_id",
        ),
    }.items()
}  # fmt: skip

# Computed whenever it is read, and for a quotation from that very moment: another value is no change of the row.
MOVING = frozenset({"expected_date"})
