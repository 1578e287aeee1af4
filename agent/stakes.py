"""What an approval is weighed by: the order's value and company, whose it is, and what its products are sold for."""

from __future__ import annotations

from agent.order_rows import shown_name
from agent.orderbook import OrderBook
from agent.orders import PURCHASE, SALE, Order
from agent.proposal import Impact, LineHeld, Stakes
from tools.records import RecordReader, Row


def stakes(reader: RecordReader, book: OrderBook, order: Order | None, impact: Impact) -> Stakes:
    """Out of what is known already: `reader` is the snapshot or the mirror, so that Odoo is asked nothing more."""
    if order is None:
        return Stakes()
    partner = book.directory.name(order.commercial_partner_id) or None
    buying = order.model == PURCHASE
    rows = reader.read(order.model, [order.id], ["company_id", "picking_type_id", "warehouse_id"])
    products = sorted({line.product_id for line in order.lines if line.product_id})
    kinds = reader.read("product.product", products, ["categ_id"]) if products else []
    return Stakes(
        currency=order.currency or None,
        value=sum(line.qty * line.price for line in order.lines),
        lines={line.id: LineHeld(qty=line.qty, price=line.price) for line in order.lines},
        selling_prices=_selling_prices(book, order, impact) if buying else {},
        company=(shown_name(rows[0].get("company_id")) or None) if rows else None,
        warehouse=_warehouse(rows[0]) if rows else None,
        vendor=partner if buying else None,
        customers=[partner] if partner and not buying else [],
        categories=sorted({name for row in kinds if (name := shown_name(row.get("categ_id")))}),
    )


def _warehouse(row: Row) -> str | None:
    """Where the goods come in or leave. A purchase names it by how they come in: "San Francisco: Receipts"."""
    kind = shown_name(row.get("picking_type_id"))
    return shown_name(row.get("warehouse_id")) or kind.rpartition(": ")[0] or None


def _selling_prices(book: OrderBook, order: Order, impact: Impact) -> dict[int, float]:
    waiting = [book.order((SALE, item.record.id)) for item in impact.items if item.record.model == SALE]
    found: dict[int, float] = {}
    for line in order.lines:
        prices = [
            sold.price
            for sale in waiting
            if sale is not None and sale.currency == order.currency
            for sold in sale.lines
            if sold.product_id == line.product_id and sold.uom == line.uom and sold.price > 0
        ]
        if line.product_id and prices:
            found[line.id] = min(prices)
    return found
