"""Tables are set beside the order: only rows that differ from it are news, and rows of other orders are nobody's."""

from __future__ import annotations

from datetime import date

from agent.line_news import OrderNews
from agent.orderbook import OrderBook
from agent.orders import PURCHASE, Order
from agent.table_news import Stretch, add_tables
from tests.agent.company import mail, snapshot
from tests.agent.reading import BLUE, BOOK, LAMPS, ROPE, ROPES_AND_FENDERS, WHITE
from tools.message import Cell, Message, Part, Passage, PassageKind, Table
from tools.snapshot import SnapshotReader

HEAD = ["Item", "Description", "Qty", "Unit price", "Delivery date"]
AS_ORDERED = [
    ["ROP-12-NAV", "Mooring rope 12 mm navy", "40", "31.50", "20.05.2026"],
    ["FEN-20-WHT", "Fender white", "24", "18.00", "20.05.2026"],
    ["FEN-25-BLU", "Fender blue", "12", "22.00", "20.05.2026"],
]


def sheet(rows: list[list[str]], head: list[str] = HEAD) -> tuple[str, Table]:
    """Text with one line a row, and the table whose cells point into it."""
    text, table = "", []
    for row in [head, *rows]:
        cells = []
        for value in row:
            cells.append(Cell(text=value, start=len(text), end=len(text) + len(value)))
            text += value + "\t"
        text += "\n"
        table.append(cells)
    return text, Table(rows=table, header=0)


def with_attachment(rows: list[list[str]], head: list[str] = HEAD) -> Message:
    message = mail("Please find our confirmation attached.", subject="P00041")
    message.language = "en"
    text, table = sheet(rows, head)
    spans = [Passage(kind=PassageKind.new, start=0, end=len(text))]
    message.parts.append(Part(name="attachment:ab.csv", text=text, passages=spans, tables=[table]))
    return message


def read(message: Message, order: Order | None = ROPES_AND_FENDERS) -> tuple[OrderNews, list[Stretch]]:
    news = OrderNews()
    return news, add_tables(news, message, order, BOOK)


def values(news: OrderNews) -> dict[int, tuple[list[float], list[date | None], list[float]]]:
    return {
        i: ([q.qty for q, _ in n.quantities], [d.date for d, _ in n.dates], [p.amount for p, _ in n.prices])
        for i, n in news.lines.items()
        if n.quantities or n.dates or n.prices
    }


def changed(row: int, column: int, value: str) -> list[list[str]]:
    rows = [list(r) for r in AS_ORDERED]
    rows[row][column] = value
    return rows


def test_a_table_that_says_what_the_order_holds_is_no_news():
    news, covered = read(with_attachment(AS_ORDERED))
    assert values(news) == {}
    assert set(news.mentioned) == {ROPE, WHITE, BLUE}
    assert len(covered) == 3


def test_only_the_cell_that_differs_is_news_of_its_line():
    assert values(read(with_attachment(changed(0, 2, "30")))[0]) == {ROPE: ([30], [], [])}
    assert values(read(with_attachment(changed(2, 4, "09.06.2026")))[0]) == {BLUE: ([], [date(2026, 6, 9)], [])}
    assert values(read(with_attachment(changed(1, 3, "19.20")))[0]) == {WHITE: ([], [], [19.2])}


def test_the_quantity_that_is_still_open_is_no_change_either():
    data = snapshot()
    data["purchase.order.line"][0]["qty_received"] = 15.0
    book = OrderBook(SnapshotReader(data))
    order = book.orders[PURCHASE, 41]
    assert order.lines[0].open_qty == 25.0
    for qty, news_expected in [("25", {}), ("40", {}), ("20", {ROPE: ([20], [], [])})]:
        news = OrderNews()
        add_tables(news, with_attachment(changed(0, 2, qty)), order, book)
        assert values(news) == news_expected


def test_a_suppliers_own_code_and_words_name_the_line():
    rows = [["TT 1220-N", "Festmacher 12 mm marine", "35", "31.50", "20.05.2026"]]
    assert values(read(with_attachment(rows))[0]) == {ROPE: ([35], [], [])}


def test_a_row_that_names_another_order_is_that_orders_and_not_read_as_text():
    head = ["Order", *HEAD]
    rows = [["P00042", "LAM-LED-03", "LED navigation lamp", "5", "49.00", "09.06.2026"]]
    news, covered = read(with_attachment(rows, head))
    assert (values(news), len(covered)) == ({}, 1)
    assert [q for q, _, _ in values(read(with_attachment(rows, head), LAMPS)[0]).values()] == [[5]]


def test_a_row_of_nothing_that_was_ordered_is_left_to_the_text():
    news, covered = read(with_attachment([["XYZ-999", "Garden gnome", "7", "9.00", "09.06.2026"]]))
    assert (news.lines, covered) == ({}, [])


def test_tables_in_quoted_and_hidden_text_are_not_read():
    text, table = sheet(changed(0, 2, "30"))
    for kind, heard in [
        (PassageKind.new, True),
        (PassageKind.forwarded, True),
        (PassageKind.quoted, False),
        (PassageKind.hidden, False),
    ]:
        message = mail("x")
        message.parts[-1] = Part(
            name="body", text=text, tables=[table], passages=[Passage(kind=kind, start=0, end=len(text))]
        )
        assert bool(values(read(message)[0])) is heard, kind


def test_without_an_order_there_is_nothing_to_set_a_table_beside():
    news, covered = read(with_attachment(changed(0, 2, "30")), None)
    assert (news.lines, covered) == ({}, [])


def test_evidence_and_stretches_point_at_the_cells():
    message = with_attachment([["ROP-12-NAV", "Mooring rope", "30", "33.10", "09.06.2026"]])
    news, [stretch] = read(message)
    part = message.part("attachment:ab.csv")
    assert part is not None
    item = news.lines[ROPE]
    found = [e for _, e in (*item.quantities, *item.dates, *item.prices)] + [news.evidence[ROPE]]
    assert [e.text for e in found] == ["30", "09.06.2026", "33.10", "ROP-12-NAV"]
    assert all(part.text[e.start : e.end] == e.text for e in found)
    assert part.text[stretch[1] : stretch[2]].startswith("ROP-12-NAV")
    assert part.text[stretch[1] : stretch[2]].endswith("09.06.2026")
