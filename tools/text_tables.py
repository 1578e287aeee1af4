"""Tables in plain text: rows of cells apart by tabs, pipes, semicolons or two and more spaces."""

from __future__ import annotations

import re
from collections.abc import Sequence

from tools.message import Cell, Table

# Words that stand over columns of order lists, in the seven languages.
_HEADER_TEXT = """
pos position item line no nr art artikel article code sku ref reference referenz description bezeichnung
beschreibung product produkt produit material qty quantity ordered open confirmed shipped menge anzahl stück
bestellt bestätigt offen unit uom einheit price preis einzelpreis total summe betrag amount date delivery
eta termin liefertermin lieferdatum datum old new alt neu order bestellung auftrag po remark comment
bemerkung status désignation désign qté quantité unité prix montant livraison commande référence remarque
statut ancien nouveau délai descripción cant cantidad unidad precio importe fecha entrega pedido referencia
artículo estado observaciones descrizione articolo codice qtà quantità prezzo importo data consegna ordine
riferimento stato note vecchia nuova omschrijving aantal stuks prijs bedrag leverdatum levering bestelling
opmerking nieuwe oude nazwa opis ilość szt jm cena wartość kwota termin dostawa dostawy zamówienie indeks
uwagi nowy stary lp towar
"""
_HEADER_WORDS = frozenset(_HEADER_TEXT.split())
_NUMBER = re.compile(r"\d")
_RULE_LINE = re.compile(r"^[\s|+:=─━│┃┼├┤┌┐└┘┬┴*-]{3,}$")
_SPACED = re.compile(r"\S+(?: \S+)*")
_PIPED = re.compile(r"[^|│┃\n]+")
_MAX_ROWS = 2_000


def find_tables(text: str, *, skip: Sequence[tuple[int, int]] = ()) -> list[Table]:
    """Tables of a plain text: at least two neighbouring rows with alike numbers of cells. Linear in the text.

    `skip` are spans (in order) that hold tables already; lines that begin in them are left out.
    """
    tables: list[Table] = []
    block: list[list[Cell]] = []
    kind = ""
    spans = iter(sorted(skip))
    span = next(spans, None)
    start = 0
    blanks = 0
    for line in text.splitlines(keepends=True):
        end = start + len(line)
        while span is not None and span[1] <= start:
            span = next(spans, None)
        covered = span is not None and span[0] <= start < span[1]
        if not covered and block and _RULE_LINE.match(line):
            start = end
            continue
        if not covered and block and not line.strip() and blanks == 0:
            blanks, start = 1, end
            continue
        row_kind, row = ("", []) if covered else _cells(line, start)
        fits = row and row_kind == kind and _alike(block[-1], row) and not (blanks and len(block) == 1)
        if fits and len(block) < _MAX_ROWS:
            block.append(row)
        else:
            _close(tables, block)
            block, kind = ([row], row_kind) if row else ([], "")
        blanks = 0
        start = end
    _close(tables, block)
    return tables


def _cells(line: str, offset: int) -> tuple[str, list[Cell]]:
    """The line's separator and cells; no cells where it is a sentence."""
    line = line.rstrip("\n")
    if not line.strip() or len(line) > 2_000 or line.lstrip().startswith(">"):
        return "", []
    if line.count("|") + line.count("│") >= 2 or (" | " in line):
        kind, pattern = "|", _PIPED
    elif "\t" in line.strip():
        kind, pattern = "\t", re.compile(r"[^\t\n]+")
    elif line.count(";") >= 2 and not re.search(r"; [a-zà-ž]{3,}", line):
        kind, pattern = ";", re.compile(r"[^;\n]+")
    elif "  " in line.strip():
        kind, pattern = " ", _SPACED
    else:
        return "", []
    cells = []
    for match in pattern.finditer(line):
        raw = match.group()
        stripped = raw.strip()
        if not stripped and kind in {" ", "|"}:
            continue
        start = match.start() + (len(raw) - len(raw.lstrip()) if stripped else 0)
        cells.append(Cell(text=stripped, start=offset + start, end=offset + start + len(stripped)))
    if len(cells) < 2 or (kind == " " and len(cells) < 2):
        return "", []
    return kind, cells


def _alike(one: Sequence[Cell], other: Sequence[Cell]) -> bool:
    return abs(len(one) - len(other)) <= max(1, max(len(one), len(other)) // 3)


def _close(tables: list[Table], block: list[list[Cell]]) -> None:
    if len(block) < 2:
        return
    numbers = sum(1 for row in block for cell in row if _NUMBER.search(cell.text))
    if numbers:
        tables.append(Table(rows=block, header=header_row(block)))


def header_row(rows: Sequence[Sequence[Cell]]) -> int | None:
    """Index of the header: the first row that has words without numbers above rows with numbers, or known words.

    Only the first six rows are looked at; None where no row reads like a header.
    """
    best: tuple[int, int] | None = None
    for index, row in enumerate(rows[: min(6, len(rows) - 1)]):
        filled = [cell.text for cell in row if cell.text.strip()]
        if len(filled) < 2:
            continue
        known = sum(any(word in _HEADER_WORDS for word in _words(text)) for text in filled)
        numbers = sum(bool(_NUMBER.search(text)) for text in filled)
        below = rows[index + 1]
        numbers_below = sum(bool(_NUMBER.search(cell.text)) for cell in below)
        if known >= max(2, len(filled) // 2) and numbers * 3 <= len(filled):
            score = 10 + known
        elif numbers == 0 and numbers_below and all(len(text) <= 40 for text in filled):
            score = 1 + known
        else:
            continue
        if best is None or score > best[0]:
            best = (score, index)
    return best[1] if best else None


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", text.lower())[:6]
