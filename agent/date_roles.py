"""What a date is: the part that it plays in its sentence, told by the words beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache

from agent.calendar_days import day_or_none
from agent.date_mention import DateMention
from agent.lexicon import END, SPACE, START, any_of, pattern, phrases, words

BEFORE, AFTER, TO_COME = 48, 24, 24
LONGEST_GONE = {"order": timedelta(330), "shipped": timedelta(120)}
ROLES = ("new", "old", "order", "shipped", "dispatch", "arrival", "other")  # "not before" is tried before "not"
_YIELDING = ("order", "dispatch", "arrival")
_CLAUSE_END = re.compile(r"[;!?]|\n[ \t]*\n|(?<=[a-z0-9)]{2})\.[ \t]|\.\n")
_LED_TO = re.compile(r"[:\s(]*(?:[a-z'-]{1,10}[:\s]+){0,3}\(?")
_AND = re.compile(r"\s?(?:,|&|\b(?:and|und|et|y|e|en|i|oraz|sowie))\s(?:[a-z]+\s){0,3}")
_LABEL = re.compile(r"[^\n:]{0,40}:\s{0,4}")


@dataclass(frozen=True, slots=True)
class _Cues:
    before: re.Pattern[str]
    after: re.Pattern[str]
    from_word: re.Pattern[str]
    to_word: re.Pattern[str]
    to_customer: re.Pattern[str]
    to_come: re.Pattern[str]


@cache
def _cues(language: str) -> _Cues:
    table = words("dates")
    before = "|".join(
        rf"(?P<{r}>{'|'.join(pattern(p) for p in phrases(table['role_before'][r], language))})" for r in ROLES
    )
    after = "|".join(
        rf"(?P<{r}>{'|'.join(pattern(p) for p in phrases(table['role_after'][r], language))})" for r in ROLES
    )
    from_words = "|".join(pattern(p) for p in table["from_words"])
    to_words = "|".join(pattern(p) for p in table["to_words"])
    article = any_of(table["articles"])
    return _Cues(
        before=re.compile(rf"{START}(?:{before}){END}"),
        after=re.compile(rf"[ \t\n,:)(]{{0,3}}(?:{after}){END}"),
        from_word=re.compile(rf"{START}(?:{from_words})(?:{SPACE}{article})?[ \t\n]{{0,3}}$"),
        to_word=re.compile(rf"[ \t\n,]{{0,3}}(?:{to_words})(?:{SPACE}(?:{article}|dzien)?)?[ \t\n]{{0,3}}"),
        to_customer=re.compile(rf"{START}(?:{'|'.join(pattern(p) for p in table['to_customer'])}){END}"),
        to_come=re.compile(rf"{START}(?:{'|'.join(pattern(p) for p in table['to_come'])}){END}"),
    )


def in_roles(text: str, found: Sequence[DateMention], language: str, today: date) -> list[DateMention]:
    """The mentions of folded `text` (in order, disjoint), each with the role that the words beside it give it."""
    played = roles(text, [(m.start, m.end) for m in found], language)
    return [_dated_back(replace(m, role=r), today) for m, r in zip(found, played, strict=True)]


def to_the_last_leg(text: str, found: Sequence[DateMention], language: str) -> list[DateMention]:
    """A dispatch is `shipped` where the text also says when the goods arrive, and that arrival is the new date; where
    it is the only date, it is the one to count on. Of a list of labels ("arrives your warehouse: 5 October") the one
    at the customer's is the new date."""
    arrival = max((m.date for m in found if m.role in ("arrival", "new") and m.date), default=date.min)
    first_leg = min((m.date for m in found if m.role in ("dispatch", "new") and m.date), default=date.max)
    settled = []
    for mention in found:
        day, role = mention.date, mention.role
        if role == "dispatch":
            role = "shipped" if day and day <= arrival else "plain"
        elif role == "arrival":
            last = day is not None and first_leg <= day
            role = "new" if last or _label_of_the_last_leg(text, mention.start, language) else "plain"
        settled.append(replace(mention, role=role))
    return settled


def _label_of_the_last_leg(text: str, start: int, language: str) -> bool:
    window = text[max(0, start - BEFORE) : start]
    place = next(_cues(language).to_customer.finditer(window), None)
    return place is not None and _LABEL.fullmatch(window, place.end()) is not None


def _dated_back(mention: DateMention, today: date) -> DateMention:
    """What was ordered or shipped on a day is past: without a year it was the last such day, if that is not too long
    ago; else the words beside it were about something else."""
    if mention.role not in ("order", "shipped") or mention.date is None or mention.date <= today:
        return mention
    before = day_or_none(mention.date.year - 1, mention.date.month, mention.date.day)
    if mention.yearless and before and today - before < LONGEST_GONE[mention.role]:
        return replace(mention, date=before)
    return replace(mention, role="plain")


def roles(text: str, spans: Sequence[tuple[int, int]], language: str) -> list[str]:
    """The role of each span of folded `text` (in order, disjoint): plain or one of `ROLES`.

    A cue counts within 48 characters before or 24 after, in the same clause and not beyond a neighbour; before
    wins over after, unless only a comma stands between. What makes a date one of something else stands right beside
    it, and holds for a stretch of days. "from A to B" makes A old and B new.
    """
    cues = _cues(language)
    found = []
    for i, (start, end) in enumerate(spans):
        floor = spans[i - 1][1] if i else 0
        window = text[max(floor, start - BEFORE) : start]
        breaks = [m.end() for m in _CLAUSE_END.finditer(window)]
        window = window[breaks[-1] :] if breaks else window
        role = "plain"
        for match in cues.before.finditer(window):
            if match.lastgroup == "other" and not _LED_TO.fullmatch(window, match.end()):
                continue
            if match.lastgroup == "shipped" and cues.to_come.search(
                window, max(0, match.start() - TO_COME), match.start()
            ):
                continue
            role = match.lastgroup or "plain"
            if role == "other":
                break
        ceiling = spans[i + 1][0] if i + 1 < len(spans) else len(text)
        behind = cues.after.match(text[end : min(ceiling, end + AFTER)])
        if behind and (said := behind.lastgroup):
            if said == "shipped" and cues.to_come.search(window):
                said = "plain"
            of_a_leg = said in ("dispatch", "arrival")
            beside = not of_a_leg or "," not in behind[0][: behind.start(said)]
            if said == "old" or (beside and role == "plain") or (role in _YIELDING and not of_a_leg):
                role = said
        found.append(role)
    for i in range(len(spans) - 1):
        between = text[spans[i][1] : spans[i + 1][0]]
        if len(between) > 24:
            continue
        opened = cues.from_word.search(text[max(0, spans[i][0] - 12) : spans[i][0]])
        arrow = re.fullmatch(r"\s{0,3}(?:-+>|=+>|→|>)\s{0,3}", between)
        goes_on = cues.to_word.fullmatch(between)
        if found[i] == "other" and (goes_on or between in (" - ", "-") or _AND.fullmatch(between)):
            found[i + 1] = "other"
        elif arrow or (opened and goes_on):
            found[i], found[i + 1] = "old", "new"
        elif found[i] in ("plain", "arrival") and found[i + 1] == "new":
            cue = cues.before.search(between)
            if cue and not between[: cue.start()].strip(" \t\n,:("):
                found[i] = "old"
    return found
