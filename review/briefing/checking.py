"""What may be said: a sentence is kept where one fact holds all of it, and dropped otherwise.

One sentence, one fact. Its numbers have to be that fact's figure, the one before or the difference, each in its place; a
trend has to be the one that the figures show; names have to be the fact's; and every other word has to be one of the
fact's own or of a short list of words that claim nothing. A cause, a forecast, a superlative or an invented company is
none of these, so it cannot be said, however it is put.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from review.briefing.content import Fact, Sentence
from review.briefing.metric import Better
from review.briefing.wording import told, written

# Words that claim nothing by themselves. No negation, quantifier or cause is among them, and they must stay out.
PLAIN = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "by",
        "day",
        "for",
        "from",
        "had",
        "has",
        "have",
        "in",
        "is",
        "it",
        "its",
        "of",
        "on",
        "or",
        "that",
        "the",
        "their",
        "there",
        "these",
        "they",
        "this",
        "those",
        "to",
        "was",
        "were",
        "which",
        "with",
        "we",
        "our",
        "us",
    ]
)
RISE = frozenset(["more", "up", "rose", "grew", "increased", "higher", "above", "greater"])
FALL = frozenset(["fewer", "less", "down", "fell", "shrank", "decreased", "lower", "below"])
LEVEL = frozenset(["same", "unchanged", "level", "steady"])
GOOD = frozenset(["better", "improved"])
BAD = frozenset(["worse", "worsened"])
BEFORE = frozenset(["before", "yesterday", "previous", "earlier", "weeks", "than", "since"])
TRENDS = RISE | FALL | LEVEL | GOOD | BAD
COUNTS = {
    word: str(n)
    for n, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    )
}
COUNTS |= {"no": "0", "none": "0"}
BOUND = " or less"
_NAME = "\ue000"  # stands for the fact's name while numbers are looked for: a name may hold digits
_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_WORD = re.compile(rf"{_NAME}|[^\W\d_]+(?:['’][^\W\d_]+)?|\d+(?:[.,]\d+)*|[^\w\s]")
_PUNCTUATION = frozenset(".,;:!–-()%")
_UNITS = frozenset(["h", "min", "s", "hour", "hours", "minute", "minutes", "second", "seconds", "days", "percent"])
_END = re.compile(r"(?<=[.!?])\s+(?=\S)")


class Checked(NamedTuple):
    """What is left of a text, and how many sentences were dropped."""

    kept: list[Sentence]
    dropped: int


def check(text: str, facts: Sequence[Fact]) -> Checked:
    """The sentences of a text that facts hold, in their order. Nothing in the text is taken on trust."""
    kept, dropped = [], 0
    for said in sentences(text):
        fact = holding(said, facts)
        if fact is None:
            dropped += 1
        else:
            kept.append(Sentence(text=said, fact=fact.name, key=fact.key))
    return Checked(kept, dropped)


def sentences(text: str) -> list[str]:
    return [one.strip() for line in text.splitlines() for one in _END.split(line.strip()) if one.strip()]


def holding(said: str, facts: Iterable[Fact]) -> Fact | None:
    """The fact that holds all that a sentence says, None where there is none."""
    return next((fact for fact in facts if _holds(said, fact)), None)


def _holds(said: str, fact: Fact) -> bool:
    if fact.value is None:
        return False
    # A median is told as "so much or less", which is no trend.
    text = said.replace(BOUND, "", 1) if BOUND in fact.sentence else said
    if fact.key:
        if fact.key not in text:
            return False
        text = text.replace(fact.key, _NAME)
    words = [word.casefold() for word in _WORD.findall(text)]
    own = {word.casefold() for word in _WORD.findall(told(fact).replace(fact.key, _NAME) if fact.key else told(fact))}
    own |= {word.casefold() for form in (1, 2) for word in _forms(fact, form)}
    own = {word for word in own if not word[0].isdigit() and word not in TRENDS}
    telling = own - PLAIN - _PUNCTUATION - _UNITS - {_NAME}
    if not telling <= {*words} | _optional(fact, telling, words):
        return False
    allowed = own | PLAIN | _PUNCTUATION | TRENDS | BEFORE | _UNITS
    strange = [word for word in words if word not in allowed and not word[0].isdigit() and word not in COUNTS]
    return not strange and _numbers_hold(words, fact) and _trend_holds(words, fact)


def _forms(fact: Fact, form: int) -> list[str]:
    """The words of the fact's sentence in the singular (1) or plural (2)."""
    text = re.sub(r"\{([^{}|]*)\|([^{}|]*)\}", lambda found: str(found[form]), fact.sentence)
    return _WORD.findall(text.replace("{value}", "").replace("{key}", _NAME))


def _optional(fact: Fact, telling: set[str], words: Sequence[str]) -> set[str]:
    """Of the fact's own words those that need not be said: of singular and plural, the form that is not used."""
    singular, plural = ({word.casefold() for word in _forms(fact, form)} for form in (1, 2))
    differ = singular ^ plural
    used = differ & {*words}
    return differ if used or not differ else set()


def _numbers_hold(words: Sequence[str], fact: Fact) -> bool:
    """Each number in its place: a difference before `more` and the like, the earlier figure after `from`, else the figure."""
    now, then = _digits(written(fact.value, fact.unit)), _digits(written(fact.previous, fact.unit))
    apart = "" if fact.change is None else _digits(written(abs(fact.change), fact.unit))
    numbers = 0
    for place, word in enumerate(words):
        number = COUNTS.get(word) if not word[0].isdigit() else _digits(word)
        if number is None:
            continue
        numbers += 1
        after = next((w for w in words[place + 1 :] if w not in _UNITS and w != "%"), "")
        before = words[place - 1] if place else ""
        if after in RISE | FALL or (before == "by" and place > 1 and words[place - 2] in TRENDS):
            expected = apart
        elif before == "from" or (before == "than" and place > 1 and words[place - 2] in RISE | FALL):
            expected = then
        else:
            expected = now
        if not expected or number != expected:
            return False
    return numbers > 0


def _digits(text: str) -> str:
    found = _NUMBER.search(text)
    return found[0].replace(",", "") if found else ""


def _trend_holds(words: Sequence[str], fact: Fact) -> bool:
    """Whatever is said of a direction is what the figures, as they are written, show."""
    said = TRENDS & {*words}
    if not said and not BEFORE & {*words}:
        return True
    if fact.change is None:
        return False
    level = written(fact.value, fact.unit) == written(fact.previous, fact.unit)
    rose = fact.change > 0
    if level:
        return not said - LEVEL
    welcome = None if fact.better is Better.neither else rose is (fact.better is Better.more)
    true = (RISE if rose else FALL) | (set() if welcome is None else GOOD if welcome else BAD)
    return bool(said) and said <= true
