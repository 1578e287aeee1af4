"""Order numbers cut short, as people write them among themselves: "1154 comes a day later" for PO/2026/01154.

Only the sender's own open orders are meant this way, and only where the digits stand as a name does: at the start of a
line or sentence, in the subject, or after a word that leads to a name; never before a unit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from agent.lexicon import base_language, fold, lookup, words
from agent.orders import PURCHASE, Order, Reference, ReferenceKind
from agent.references import ReferenceMention

_DIGITS = re.compile(r"(?<![\w.,/:+-])\d{3,6}(?![\w/-]|[.,:]\d)")
_LEADS = re.compile(
    r"(?:^|\n|[.!?;:]\s|[,&+/]\s?|(?<![^\W\d_])(?:zu|zur|zum|bei|aus|von|vom|und|for|on|of|from|about|and|re|order|orders|"
    r"van|voor|bij|op|en|uit|de|du|pour|sur|et|la|el|del|y|para|il|dal|dell|della|sul|per|e|z|ze|do|i|dla|nr|no|n°|#)[.:]?\s?)$",
    re.IGNORECASE,
)
_WORD = re.compile(r"\s{1,2}([^\W\d_]+)")


def short_numbers(
    text: str, orders: Iterable[Order], taken: Sequence[ReferenceMention], language: str, *, subject: bool
) -> list[ReferenceMention]:
    """Digits in `text` that end the number of exactly one of `orders`, or that are its partner's whole number."""
    units = lookup(words("quantities")["units"], base_language(language), 3)
    known = [(order, _ends(order)) for order in orders]
    found = []
    for match in _DIGITS.finditer(text):
        start, end = match.span()
        if any(m.start < end and start < m.end for m in taken):
            continue
        following = _WORD.match(text, end)
        if following and fold(following[1]).text in units:
            continue
        if not subject and not _LEADS.search(text[max(0, start - 12) : start]):
            continue
        meant = [order for order, ends in known if any(_ends_with(each, match[0]) for each in ends)]
        if len(meant) == 1:
            order = meant[0]
            kind: ReferenceKind = "purchase" if order.model == PURCHASE else "sale"
            reference = Reference(kind, order.name, order.key)
            found.append(ReferenceMention(start, end, match[0], kind, [reference], bare=True))
    return found


def _ends(order: Order) -> list[str]:
    """The last run of digits of each number that the order is known by."""
    return [runs[-1] for number in (order.name, *order.refs) if (runs := re.findall(r"\d+", number))]


def _ends_with(number: str, written: str) -> bool:
    return number == written or (number.endswith(written) and not written.startswith("0"))
