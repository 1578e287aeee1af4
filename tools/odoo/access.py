"""What may be asked of Odoo: one table of models and methods, looked up before a byte is sent.

Everything in it reads. A call that is not in it does not exist for this product, whatever the account could do.
"""

from __future__ import annotations

from tools.odoo.errors import CallForbidden

READING = frozenset({"search", "search_read", "search_count", "read", "fields_get", "has_access"})
UNTIL_17 = frozenset({"check_access_rights"})  # what `has_access` was called before Odoo 18

MODELS = (
    "res.company",
    "res.users",
    "res.partner",
    "res.currency",
    "res.country",
    "uom.uom",
    "product.category",
    "product.template",
    "product.product",
    "product.supplierinfo",
    "purchase.order",
    "purchase.order.line",
    "sale.order",
    "sale.order.line",
    "delivery.carrier",
    "stock.warehouse",
    "stock.location",
    "stock.picking.type",
    "stock.picking",
    "stock.move",
    "stock.move.line",
    "stock.quant",
    "stock.lot",
    "stock.reference",  # from 19
    "procurement.group",  # until 18
    "account.move",
    "account.move.line",
    "mail.message",
    "mail.message.subtype",
    "ir.attachment",
)

ALLOWED: dict[str, frozenset[str]] = {
    **dict.fromkeys(MODELS, READING | UNTIL_17),
    "res.users": READING | UNTIL_17 | {"context_get", "has_group"},
}


def require_allowed(model: str, method: str) -> None:
    """Raises CallForbidden unless the table has the method for the model."""
    if method not in ALLOWED.get(model, ()):
        raise CallForbidden(f"{model}.{method} is not among the calls that may be sent to Odoo. Nothing was sent.")
