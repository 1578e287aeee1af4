"""Statements read against one of the invented company's orders, as the engine reads them."""

from __future__ import annotations

from agent.fields import Context
from agent.line_news import OrderNews, gather
from agent.orderbook import OrderBook
from agent.orders import PURCHASE, Order
from agent.product_mentions import ProductFinder
from agent.references import References
from agent.said import Said, observe
from agent.segments import Statement
from tests.agent.company import NOW, snapshot
from tools.message import PassageKind
from tools.snapshot import SnapshotReader

BOOK = OrderBook(SnapshotReader(snapshot()))
REFERENCES = References(BOOK)
ROPES_AND_FENDERS = BOOK.orders[PURCHASE, 41]
LAMPS = BOOK.orders[PURCHASE, 42]
ROPE, WHITE, BLUE = (line.id for line in ROPES_AND_FENDERS.lines)
LAMP = LAMPS.lines[0].id


def say(*texts: str, order: Order | None = ROPES_AND_FENDERS, language: str = "en") -> list[Said]:
    """Each text as one statement of a body, with everything recognised in it."""
    saids = []
    start = 0
    for text in texts:
        statement = Statement("body", start, start + len(text), text, PassageKind.new)
        said = observe(statement, now=NOW, language=language, day_first=None)
        said.references = REFERENCES.find(text)
        if order is not None:
            said.products = ProductFinder(order.lines, BOOK, order.commercial_partner_id).find(text)
        saids.append(said)
        start += len(text) + 1
    return saids


def news_of(*texts: str, order: Order | None = ROPES_AND_FENDERS, language: str = "en") -> OrderNews:
    news = OrderNews()
    gather(news, say(*texts, order=order, language=language), order)
    return news


def context(*texts: str, order: Order | None = ROPES_AND_FENDERS, language: str = "en") -> Context:
    saids = say(*texts, order=order, language=language)
    news = OrderNews()
    gather(news, saids, order)
    return Context(saids, order, news, today=NOW.date())
