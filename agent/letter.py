"""A short business letter in one of seven languages: phrases of `words/drafts.yaml` with facts, dates and quantities
put in as that language writes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from agent.lexicon import words
from agent.orderbook import OrderBook
from agent.orders import PURCHASE, Order, OrderLine, Picking
from tools.language import SUPPORTED

LONGEST_FACT = 120
MOST_ITEMS = 20
TOO_MANY = 1e12
# How Odoo calls one piece: beside a number it says nothing that the reader does not know.
PIECES = frozenset({"", "unit", "units", "unit(s)"})


class Letter:
    """Built paragraph by paragraph; `text` gives the whole. A language that is not supported becomes English.

    `name` is the reader's, `company` ours; either may be empty."""

    def __init__(self, language: str, name: str, company: str, book: OrderBook) -> None:
        self.language = language if language in SUPPORTED else "en"
        self._phrases: dict[str, str] = words("drafts")[self.language]
        self._name = name
        self._company = company
        self._book = book
        self._subject = ""
        self._notes: list[str] = []
        self._paragraphs: list[str] = []

    def words(self, phrase: str, **facts: str | None) -> str:
        """A phrase with its places filled; a fact that is not given becomes the language's blank for it."""
        return self._phrases[phrase].format_map(_Facts(self._phrases, facts))

    def say(self, phrase: str, **facts: str | None) -> None:
        """A paragraph of its own."""
        self._paragraphs.append(self.words(phrase, **facts))

    def note(self, phrase: str) -> None:
        """A remark to the person who sends the letter, above all else."""
        self._notes.append(self.words(phrase))

    def items(self, entries: Iterable[Sequence[str]]) -> None:
        """A list, each entry made of several facts. At most `MOST_ITEMS` are shown."""
        shown = [f"- {'; '.join(facts)}" for facts in entries]
        if shown:
            self._paragraphs.append("\n".join([*shown[:MOST_ITEMS], *(["- …"] if len(shown) > MOST_ITEMS else [])]))

    def about(self, order: Order | None, picking: Picking | None) -> None:
        """The subject: numbers of the order and of the shipment, ours and theirs."""
        facts = []
        if order:
            facts.append(self.words("purchase" if order.model == PURCHASE else "sale", order=order.name))
            if order.refs:
                facts.append(self.words("reference", reference=", ".join(order.refs)))
        elif picking is None:
            facts.append(self.words("blank_order"))
        if picking:
            facts.append(self.words("shipment", shipment=picking.name))
            if picking.tracking:
                facts.append(self.words("tracking", tracking=", ".join(picking.tracking)))
        subject = "; ".join(facts)
        self._subject = subject[:1].upper() + subject[1:]

    def item(self, line: OrderLine, *, supplier_code: bool = False) -> str:
        """A product by name with our code and, where asked, with the code of the order's supplier."""
        codes = [line.code]
        order = self._book.order((line.order_model, line.order_id))
        product = self._book.products.get(line.product_id or 0)
        if supplier_code and order and product:
            directory = self._book.directory
            codes += [
                c.code
                for c in product.supplier_codes
                if directory.commercial(c.partner_id) == order.commercial_partner_id
            ]
        shown = " / ".join(dict.fromkeys(filter(None, codes)))
        return _one_line(f"{line.name} [{shown}]" if shown else line.name)

    def quantity(self, amount: float | None, uom: str) -> str:
        """An amount as the language writes it; the blank where there is none or none that goods come in."""
        if amount is None or not 0 <= amount < TOO_MANY:
            return self.words("blank_qty")
        from babel.numbers import format_decimal

        number = str(format_decimal(amount, "#,##0.###", locale=self.language))
        return number if uom.lower() in PIECES else f"{number} {_one_line(uom)}"

    def day(self, day: datetime | date | str | None) -> str | None:
        """A date in words; None where there is none or where it is not ISO 8601."""
        from babel.dates import format_date

        if isinstance(day, str):
            try:
                day = date.fromisoformat(day)
            except ValueError:
                return None
        if isinstance(day, datetime):
            day = day.date()
        # Day before month: "20 May 2026" is read alike on both sides of the Atlantic.
        locale = "en_GB" if self.language == "en" else self.language
        return str(format_date(day, "long", locale=locale)) if day else None

    def text(self) -> str:
        name = _one_line(self._name)
        hello = self.words("hello_named", name=name) if name else self.words("hello")
        bye = "\n".join(filter(None, [self.words("bye"), self.words("blank_name"), _one_line(self._company)]))
        parts = [*self._notes, self._subject, hello, *self._paragraphs, bye]
        return "\n\n".join(part for part in parts if part) + "\n"


class _Facts(dict[str, str]):
    def __init__(self, phrases: dict[str, str], facts: dict[str, str | None]) -> None:
        super().__init__({name: _one_line(fact) for name, fact in facts.items() if fact})
        self._phrases = phrases

    def __missing__(self, name: str) -> str:
        return self._phrases[f"blank_{name}"]


def _one_line(fact: str) -> str:
    """Records hold line breaks too; a fact never makes a paragraph."""
    line = " ".join(fact.split())
    return line if len(line) <= LONGEST_FACT else f"{line[: LONGEST_FACT - 1]}…"
