"""Signatures and legal disclaimers at the end of what somebody wrote, in seven languages.

Careful by design: what could be content stays new. A closing phrase makes itself and following lines of contact data a
signature; sentences, dates and quantities after it, and a postscript, are new again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from tools.message import PassageKind
from tools.phrases import either, phrase

NEW, SIGNATURE, DISCLAIMER = PassageKind.new, PassageKind.signature, PassageKind.disclaimer

_DELIMITER = re.compile(r"^(?:--|––|—)\s*$")
_LONGEST_SIGNATURE = 80  # lines, legal text included
_POSTSCRIPT = re.compile(r"^\s*(?:p\.? ?p?\.?s\b\.?|nb\b|n\.b\.|ps:|pd:|p\.d\.)[\s:.–-]", re.I)
_DATE_OR_QUANTITY = re.compile(
    r"\b\d{1,2}[./-]\d{1,2}(?:[./-]\d{2,4})?(?=\D|$)|\b\d{4}-\d{2}-\d{2}\b|[€$£]\s?\d|"
    r"\b\d+(?:[.,]\d+)?\s?(?:pcs|pc|pieces|units|stk|stück|st|szt|pz|pzs|uds|ud|ve|kg|eur|usd|gbp|chf|pln|€|\$|"
    r"pallets?|paletten|cartons?|kartons?|boxes)\b",
    re.I,
)
_REACHABLE = re.compile(r"@|www\.|https?://|\+\d|\btel|\bphone|\bmob|\bfax", re.I)
_RULE = re.compile(r"[-_=*~#–—]{3,}")
_WORD = re.compile(r"[^\W\d_][\w'’.-]*")
_SMALL_WORDS_TEXT = """
und and von van de der den da di aus from ihr ihre i.v. i.a. ppa. your et y e en i z uit
"""
_SMALL_WORDS = frozenset(_SMALL_WORDS_TEXT.split())


@cache
def _closing() -> re.Pattern[str]:
    """A closing phrase, thanks before it and a second phrase after it allowed; `rest` is what else the line says."""
    phrases = either("closing")
    join = r"(?: (?:and|&|und|u\.|et|y|e|i|en) (?:\w+ )?|[,.!]? )"
    return re.compile(
        rf"^(?:{either('thanks')}{join})?{phrases}(?:\s*/\s*{phrases})?(?P<rest>(?:[ ,.!;:–/&+-].{{0,45}})?)$", re.I
    )


def mark_endings(lines: Sequence[str]) -> list[PassageKind]:
    """The kind of each line of what one person wrote. If nothing new would be left, all of it is new."""
    kinds = [NEW] * len(lines)
    stripped = [line.strip() for line in lines]
    filled = [index for index, line in enumerate(stripped) if line]
    if not filled:
        return kinds
    for index in filled[:4]:
        if phrase("banner").search(stripped[index][:200]):
            kinds[index] = DISCLAIMER
    closing = _closing_line(stripped, filled)
    if closing is not None:
        _mark_after(stripped, kinds, closing)
    else:
        _mark_bare_contacts(stripped, kinds)
    _mark_disclaimers(stripped, kinds, filled[max(0, len(filled) - _LONGEST_SIGNATURE)])
    for index in filled:
        if phrase("device", r"^[(<\[]{0,2}", r"[)>\]]{0,2}$").match(stripped[index]):
            kinds[index] = SIGNATURE
    if not any(kinds[index] == NEW for index in filled):
        return [NEW] * len(lines)
    return kinds


def _closing_line(stripped: list[str], filled: list[int]) -> int | None:
    """The line that begins the signature: the first delimiter or closing phrase below which little follows."""
    for position in range(max(1, len(filled) - _LONGEST_SIGNATURE - 1), len(filled)):
        index = filled[position]
        if _ends_soon(stripped, filled, position):
            if _DELIMITER.match(stripped[index]):
                data = sum(bool(_DATE_OR_QUANTITY.search(stripped[i])) for i in filled[position + 1 :])
                if data <= 2:
                    return index
            elif _is_closing(stripped, filled, position):
                return index
    return None


def _ends_soon(stripped: list[str], filled: list[int], position: int) -> bool:
    """At most 14 more lines, or mostly lines of contact data and legal text."""
    after = filled[position + 1 :]
    if len(after) <= 14:
        return True
    return sum(_is_boilerplate(stripped[i]) for i in after[:40]) * 3 >= min(len(after), 40)


def _is_closing(stripped: list[str], filled: list[int], position: int) -> bool:
    line = stripped[filled[position]]
    if len(line) > 110:
        return False
    if match := _closing().match(line):
        # "Best, Tom" closes; "Best price is 4.20" and "Greetings from the plant, we have bad news" do not.
        rest = match["rest"].strip(" ,.!;:–-/&+")
        return not rest or _like_name(rest)
    if phrase("thanks", "^", r"(?: (?:in advance|im voraus|vorab|and .{0,30}))?[ ,.!]*$").match(line):
        return position + 1 < len(filled) and _like_name(stripped[filled[position + 1]])
    return False


def _like_name(text: str) -> bool:
    """Up to five words, capitalised but for small ones, no digits: "Anna de Wit", "aus Linz"; or one word in lower case."""
    words = _WORD.findall(text)
    if not words or len(words) > 5 or len(text) > 50 or text.rstrip().endswith(("?", ":")) or re.search(r"\d", text):
        return False
    small = sum(word[0].islower() and word not in _SMALL_WORDS for word in words)
    return small == 0 or len(words) == 1


def _is_boilerplate(line: str) -> bool:
    return bool(phrase("contact").search(line[:300]) or phrase("legal").search(line[:1_000]))


def _is_content(line: str) -> bool:
    """A line below a closing phrase that says something: a sentence, or dates and quantities."""
    if _is_boilerplate(line):
        return False
    words = line.split()
    sentence = len(words) >= 14 or (len(words) >= 6 and line.endswith((".", "!", "?", ":")))
    return sentence or bool(_DATE_OR_QUANTITY.search(line))


def _mark_after(stripped: list[str], kinds: list[PassageKind], closing: int) -> None:
    """The signature's lines. Below a delimiter all is signature; below a closing phrase content is new again."""
    delimited = False
    kind = SIGNATURE
    for index in range(closing, len(stripped)):
        line = stripped[index]
        delimited = delimited or bool(_DELIMITER.match(line))
        if _POSTSCRIPT.match(line):
            kind = NEW
        elif delimited and line:
            kind = SIGNATURE if kind == SIGNATURE or _DELIMITER.match(line) else kind
        elif index > closing and line:
            paragraph = not stripped[index - 1]
            if kind == NEW and paragraph and _is_boilerplate(line) and not _DATE_OR_QUANTITY.search(line):
                kind = SIGNATURE
            elif kind == SIGNATURE and _is_content(line):
                kind = NEW
        kinds[index] = kind


def _mark_bare_contacts(stripped: list[str], kinds: list[PassageKind]) -> None:
    """A last paragraph of contact data without a closing phrase."""
    end = len(stripped)
    while end and not stripped[end - 1]:
        end -= 1
    start = end
    while start and stripped[start - 1] and end - start <= 10:
        start -= 1
    block = stripped[start:end]
    if not start or not 2 <= len(block) <= 10 or any(_is_content(x) or _DATE_OR_QUANTITY.search(x) for x in block):
        return
    contacts = sum(bool(phrase("contact").search(line[:300])) for line in block)
    if contacts >= 2 and contacts * 2 >= len(block) and any(_REACHABLE.search(line) for line in block):
        kinds[start:end] = [SIGNATURE] * len(block)


def _mark_disclaimers(stripped: list[str], kinds: list[PassageKind], first: int) -> None:
    """Paragraphs of legal text below line `first`; a rule above such a paragraph goes with it."""
    start = first + 1
    while start < len(stripped):
        end = start
        while end < len(stripped) and stripped[end] and kinds[end] == kinds[start] and end - start < 60:
            end += 1
        if end > start:
            text = " ".join(line for line in stripped[start:end] if not _RULE.fullmatch(line))[:6_000]
            if len(text) >= 40 and not _POSTSCRIPT.match(text) and _is_legal(text):
                kinds[start:end] = [DISCLAIMER] * (end - start)
        start = max(end, start + 1)


def _is_legal(text: str) -> bool:
    hits = len({hit.lower() for hit in phrase("legal").findall(text)})
    if hits >= 3:
        return len(text) >= 120 or bool(phrase("legal_strong").search(text))
    return bool(phrase("legal_strong").search(text)) and not _DATE_OR_QUANTITY.search(text)
