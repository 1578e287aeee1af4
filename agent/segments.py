"""A message's text cut into statements: the sentences and lines that one thing is said in, with their offsets."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from agent.lexicon import fold, spellings, words
from tools.message import Message, Part, PassageKind
from tools.quoting import is_envelope_line

# A full stop ends a sentence only before white space and something that can begin one, and not after a
# day number ("14. Dezember", "am 10.12. geliefert") or a usual abbreviation.
_STOP = re.compile(r"[.!?…]+[\"'»”)]*(?=\s)|\n")
_ABBREVIATION = re.compile(
    r"(?:\b\w*str|\b(?:av|avda|pza|c/|ul|nr|no|num|art|best|pos|stk|stck|st|pcs|pc|ctn|ctns|kt|ktn|krt|pce|pces|pza|pzas|"
    r"pzi|conf|opak|kpl|ltr|mtr|ca|approx|bzw|inkl|zzgl|mr|mrs|ms|dr|fr|hr|tel|ref|incl|excl|"
    r"réf|qté|env|sig|sra|sr|cant|uds|ud|unds|pz|sig\.ra|dott|szt|godz|nr zam|zam|prof|ing|resp|max|min|tj|tzn|np|itd|p\.?ej|p\.?ex|p\.?es|aprox|d\.w\.z|m\.a\.w|c\.-à-d|jan|feb|"
    r"mar|apr|jun|jul|aug|sep|sept|okt|oct|nov|dez|dec|m\.f\.g|z\.b|d\.h|u\.a|e\.g|i\.e|vs|etc|abt|bijv|evt|vgl))$",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"\d[ \t]?[^\W\d_]{1,5}$")
_BARE_NUMBER = re.compile(r"(?:(?P<before>[^\W\d_]+\.?)[ \t'’]+|^|[\s('’])(?P<number>\d{1,2})$")
_WEEK_AHEAD = re.compile(r"(?:KW|Kalenderwoche|Woche)\b")
_WEEK_WORDS = frozenset(
    (
        "kw",
        "kalenderwoche",
        "woche",
        "week",
        "wk",
        "semaine",
        "sem",
        "semana",
        "settimana",
        "tydzien",
        "tygodniu",
        "tygodnia",
    )
)
_NEXT_WORD = re.compile(r"\s*([^\W\d]+)")


@cache
def _month_names() -> frozenset[str]:
    forms = (form for months in words("dates")["months"].values() for each in months.values() for form in each.split())
    return frozenset(spelled for form in forms for spelled in spellings(form))


@cache
def _openers() -> frozenset[str]:
    """Words that begin a sentence after a number; another may be what it counts ("die 3. Lieferung")."""
    return frozenset(
        s for each in words("dates")["sentence_openers"].values() for w in each.split() for s in spellings(w)
    )


# What follows "but" is another statement: "A as agreed, but B two weeks later".
_CONTRAST = re.compile(
    r"[,;]\s+(?=(?:but|however|while|whereas|only|aber|jedoch|sondern|während|lediglich|mais|en revanche|tandis|pero|sino|"
    r"mientras|però|ma|mentre|invece|maar|echter|terwijl|ale|jednak|natomiast|lecz|"
    r"everything else|the rest|the others?|all others?|alles andere|alles übrige|die anderen|die übrigen|der rest|le reste|"
    r"les autres|tout le reste|el resto|los demás|las demás|il resto|gli altri|tutto il resto|de rest|de overige|de andere|"
    r"reszta|pozostałe|pozostała)\b)",
    re.IGNORECASE,
)
# Two sentences in one: each side of a comma and "and" has a number of its own.
_FURTHER = re.compile(r"[,;]\s+(?=(?:and|und|sowie|et|y|e|en|i|oraz)\s)", re.IGNORECASE)
LEAST_CLAUSE = 24
_BULLET = re.compile(r"\s*(?:[-*•·–—]|\(?\d{1,2}[.)]|[a-z]\))\s+\S")
WRAP_WIDTH = 58
MAX_STATEMENTS = 400


@dataclass(frozen=True)
class Statement:
    """A sentence or line. `start`/`end` are offsets in the part's text."""

    part: str
    start: int
    end: int
    text: str
    kind: PassageKind


def statements(message: Message, *kinds: PassageKind, attachments: bool = False) -> list[Statement]:
    """Statements of the subject and of the body's passages of the given kinds, in reading order.

    With `attachments`, the running text of attachments follows. At most `MAX_STATEMENTS` are returned: what a person
    would not read to its end is not worth more time.
    """
    found: list[Statement] = []
    subject = message.part("subject")
    if subject and subject.text.strip():
        found.append(Statement("subject", 0, len(subject.text), subject.text, PassageKind.new))
    for part in message.parts:
        if part.name == "body":
            for passage in part.passages:
                if passage.kind in kinds:
                    said = cut(part, passage.start, passage.end, passage.kind)
                    older = passage.kind in (PassageKind.forwarded, PassageKind.quoted)
                    found.extend(s for s in said if not (older and is_envelope_line(s.text)))
        elif attachments and part.name.startswith("attachment:"):
            found.extend(cut(part, 0, len(part.text), PassageKind.new))
    return found[:MAX_STATEMENTS]


def cut(part: Part, start: int, end: int, kind: PassageKind) -> list[Statement]:
    """The statements of one stretch of a part. Hard-wrapped lines are joined; list items stay apart."""
    text = part.text
    pieces: list[Statement] = []
    begin = start
    for match in _STOP.finditer(text, start, end):
        if match.group() == "\n":
            if _continues(text, begin, match.start(), end):
                continue
        elif not _ends_sentence(text, match.start(), match.end(), end):
            continue
        _append(pieces, part.name, text, begin, match.end(), kind)
        begin = match.end()
    _append(pieces, part.name, text, begin, end, kind)
    return [clause for piece in pieces for clause in _clauses(piece)]


def _clauses(statement: Statement) -> list[Statement]:
    text = statement.text
    cuts = [0, *(m.end() for m in _CONTRAST.finditer(text)), len(text)]
    for further in _FURTHER.finditer(text):
        sides = text[max(c for c in cuts if c <= further.end()) : further.end()], text[further.end() :]
        if all(len(side) >= LEAST_CLAUSE and any(c.isdigit() for c in side) for side in sides):
            cuts.append(further.end())
            cuts.sort()
    return [
        replace(statement, start=statement.start + a, end=statement.start + b, text=text[a:b])
        for a, b in pairwise(cuts)
        if b > a
    ]


def _append(pieces: list[Statement], name: str, text: str, start: int, end: int, kind: PassageKind) -> None:
    while start < end and text[start] in " \t\r\n>":
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if end > start:
        pieces.append(Statement(name, start, end, text[start:end], kind))


def _ends_sentence(text: str, stop: int, after: int, end: int) -> bool:
    before = text[max(0, stop - 12) : stop]
    rest = text[after : min(end, after + 24)].lstrip()
    if text[stop] in "!?…":
        return True
    if rest and rest[0].islower():
        return False
    ordinal = _BARE_NUMBER.search(before)
    if _WEEK_AHEAD.match(rest) and ordinal:
        return False
    if ordinal and fold(ordinal["before"] or "").text.rstrip(".") in _WEEK_WORDS:
        return True
    if ordinal and int(ordinal["number"]) <= 31 and (following := _NEXT_WORD.match(rest)):
        return _closes_a_date(fold(ordinal["before"] or "").text.rstrip("."), fold(following[1]).text)
    if rest and rest[0].isdigit() and _COUNTED.search(before):
        return False
    return not (_ABBREVIATION.search(before) or re.search(r"\b[A-Z]$", before))


def _closes_a_date(before: str, following: str) -> bool:
    """Whether a number's full stop ends the sentence ("Nov 9. Please …", "jueves 17. Los …") instead of making it an
    ordinal ("14. Dezember", "in der 40. KW", "die 3. Lieferung")."""
    return following not in _month_names() and (following in _openers() or before in _month_names())


def _continues(text: str, begin: int, newline: int, end: int) -> bool:
    """Whether the text goes on after a line break as if it had been wrapped by a mail program."""
    line_start = max(begin, text.rfind("\n", 0, newline) + 1)
    following = text[newline + 1 : min(end, newline + 120)]
    next_line = following.split("\n", 1)[0].lstrip("> \t")
    if not next_line.strip() or _BULLET.match(next_line) or "  " in next_line.strip():
        return False
    line = text[line_start:newline].rstrip()
    if re.search(r"(?:^|\s)\d{1,2}\.$", line) and _WEEK_AHEAD.match(next_line):
        return True
    if not line or line[-1] in ".!?:;" or "\t" in line or "\t" in next_line:
        return False
    return next_line[0].islower() or len(line) >= WRAP_WIDTH
