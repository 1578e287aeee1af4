"""How tables of order lines are read. "Now" is Monday, 23 November 2026."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from agent.tables import TableRow, column_role, read_table
from tools.message import Cell, Table

NOW = datetime(2026, 11, 23, 9, 0)


def table(text: str, header: int | None = None) -> Table:
    """A table from lines of cells separated by `|`, with offsets into that text."""
    rows, at = [], 0
    for line in text.split("\n"):
        row = []
        for cell in line.split("|"):
            row.append(Cell(text=cell, start=at, end=at + len(cell)))
            at += len(cell) + 1
        rows.append(row)
    return Table(rows=rows, header=header)


def read(text: str, language: str) -> list[TableRow]:
    return read_table(table(text), now=NOW, language=language)


HEADINGS = [
    ("en", "Your code|Our code|Description|Ordered|Shipped|Backorder|Unit price|ETA", "our_code their_code description ordered_qty confirmed_qty backorder_qty price date"),
    ("en", "Line|Part no.|Qty|UoM|Requested date|Confirmed date|Remarks", "position code qty unit old_date date remark"),
    ("de", "Pos.|Art.-Nr.|Bezeichnung|Menge|ME|LT alt|LT neu", "position code description qty unit old_date date"),
    ("de", "Ihre Artikelnummer|bestellt|geliefert|Rückstand|Liefertermin", "our_code ordered_qty confirmed_qty backorder_qty date"),
    ("fr", "Réf.|Désignation|Qté commandée|Qté livrée|Date de livraison", "code description ordered_qty confirmed_qty date"),
    ("fr", "N° commande|Référence|Quantité|Prix unitaire|Montant", "order code qty price total"),
    ("es", "Referencia|Descripción|Cantidad|F. entrega|Observaciones", "code description qty date remark"),
    ("it", "Codice|Descrizione|Q.tà|Prezzo unitario|Data di consegna", "code description qty price date"),
    ("nl", "Artikelnr.|Omschrijving|Aantal|Gevraagde leverdatum|Bevestigde leverdatum", "code description qty old_date date"),
    ("pl", "Lp.|Kod|Nazwa|Ilość|Cena netto|Termin dostawy|Uwagi", "position code description qty price date remark"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "headings", "roles"), HEADINGS)
def test_header_words_give_columns_their_roles(language: str, headings: str, roles: str) -> None:
    """In each of the seven languages."""
    assert [column_role(h, language) for h in headings.split("|")] == roles.split()


@pytest.mark.parametrize("heading", ["", "   ", "Dear Sir, please find our confirmation of the order below", "???"])
def test_other_text_is_no_heading(heading: str) -> None:
    """Empty cells and sentences have no role."""
    assert column_role(heading, "en") is None


def test_two_date_columns_are_old_and_new() -> None:
    """Words decide, in either order of the columns."""
    for text in ("Code|LT alt|LT neu\nAB-12|24.11.|14.12.", "Code|LT neu|LT alt\nAB-12|14.12.|24.11."):
        row = read(text, "de")[0]
        assert (row.old_date, row.date) == (date(2026, 11, 24), date(2026, 12, 14))


def test_of_requested_and_planned_the_planned_date_is_the_new_one() -> None:
    row = read("Ref.|Cant.|F. solicitada|F. prevista\nA-10|40|22/09/2027|29/09/2027", "es")[0]
    assert (row.old_date, row.date) == (date(2027, 9, 22), date(2027, 9, 29))


def test_ordered_and_confirmed_quantities_are_told_apart() -> None:
    """Also the backorder."""
    row = read("Item|Your code|Ordered|Shipped|Backorder\n10|KE-1|20 pcs|15 pcs|5", "en")[0]
    assert (row.qty, row.confirmed_qty, row.backorder_qty, row.unit) == (20, 15, 5, "piece")


def test_a_confirmed_column_holds_what_its_cells_look_like() -> None:
    """ "Confirmed" heads dates in one table and quantities in another."""
    assert read("Code|Ordered|Confirmed\nAB-12|20|15", "en")[0].confirmed_qty == 15
    assert read("Code|Requested|Confirmed\nAB-12|24/11/2026|14/12/2026", "en")[0].date == date(2026, 12, 14)


def test_a_table_without_header_is_read_by_its_content() -> None:
    """Code, words, count, price and two dates, of which the left one is the old one."""
    rows = read(
        "AB-12|Chair, oak|12|12,50 €|24.11.2026|14.12.2026\nAB-13|Table, oak|5|99,00 €|24.11.2026|21.12.2026", "en"
    )
    assert [(r.codes[0].text, r.qty, r.price, r.old_date, r.date) for r in rows] == [
        ("AB-12", 12, 12.5, date(2026, 11, 24), date(2026, 12, 14)),
        ("AB-13", 5, 99.0, date(2026, 11, 24), date(2026, 12, 21)),
    ]


def test_a_header_may_stand_below_a_title() -> None:
    """Rows above it state nothing."""
    rows = read("Order confirmation|||\nCode|Description|Qty|ETA\nAB-12|Chair|12|14 Dec", "en")
    assert [(r.index, r.qty, r.date) for r in rows] == [(2, 12, date(2026, 12, 14))]


def test_cells_keep_their_offsets() -> None:
    """A row's cells point into the text of their part."""
    text = "Code|Qty|ETA\nAB-12|1.200 Stk|KW 51"
    row = read(text, "de")[0]
    cell = row.cell("qty")
    assert cell is not None
    assert text[cell.start : cell.end] == "1.200 Stk"
    assert (row.qty, row.date) == (1200, date(2026, 12, 18))


def test_an_open_date_is_unknown() -> None:
    """ "tbc" in a date column."""
    assert [r.date_unknown for r in read("Code|Qty|ETA\nAB-12|5|tbc\nAB-13|5|14 Dec", "en")] == [True, False]


def test_prices_old_and_new() -> None:
    """Two price columns, by words and by order."""
    row = read("Code|Old price|New price\nAB-12|11,90 €|12,50 €", "en")[0]
    assert (row.old_price, row.price, row.currency) == (11.9, 12.5, "EUR")


def test_rows_that_state_nothing_are_left_out() -> None:
    """Sums, empty rows and tables of other things."""
    assert len(read("Code|Qty|Total\nAB-12|5|10,00\n||10,00\n||", "en")) == 1
    assert read_table(Table(rows=[]), now=NOW, language="en") == []
    assert read_table(table("Name|Phone\nJohn|12345", header=0), now=NOW, language="en") == []


def test_ragged_rows_do_not_break_reading() -> None:
    """More or fewer cells than the header has."""
    rows = read_table(table("Code|Qty|ETA\nAB-12\nAB-13|5\nAB-14|5|14 Dec|x|y"), now=NOW, language="en")
    assert [r.qty for r in rows] == [5, 5]
