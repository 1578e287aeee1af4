"""Which date is the old one: the part that a date plays in its sentence, told by the words beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from agent.lexicon import END, SPACE, START, pattern, phrases, words

BEFORE, AFTER = 48, 24
ROLES = ("new", "old", "order", "shipped")  # "not before" is tried before "not"
_CLAUSE_END = re.compile(r"[;!?]|\n[ \t]*\n|(?<=[a-z0-9)]{2})\.[ \t]|\.\n")


@dataclass(frozen=True, slots=True)
class _Cues:
    before: re.Pattern[str]
    after: re.Pattern[str]
    from_word: re.Pattern[str]
    to_word: re.Pattern[str]


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
    return _Cues(
        before=re.compile(rf"{START}(?:{before}){END}"),
        after=re.compile(rf"[ \t\n,:)(]{{0,3}}(?:{after}){END}"),
        from_word=re.compile(rf"{START}(?:{from_words})[ \t\n]{{0,3}}$"),
        to_word=re.compile(rf"[ \t\n,]{{0,3}}(?:{to_words})(?:{SPACE}(?:the|den|dem|il|el|le|dzien)?)?[ \t\n]{{0,3}}"),
    )


def roles(text: str, spans: list[tuple[int, int]], language: str) -> list[str]:
    """The role of each span of folded `text` (in order, disjoint): plain, old, new, order or shipped.

    A cue counts within 48 characters before or 24 after, in the same clause and not beyond a neighbour; before
    wins over after, unless only a comma stands between. "from A to B" makes A old and B new.
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
            role = match.lastgroup or "plain"
        ceiling = spans[i + 1][0] if i + 1 < len(spans) else len(text)
        behind = cues.after.match(text[end : min(ceiling, end + AFTER)])
        if behind and (role in ("plain", "order") or behind.lastgroup == "old"):
            role = behind.lastgroup or role
        found.append(role)
    for i in range(len(spans) - 1):
        between = text[spans[i][1] : spans[i + 1][0]]
        if len(between) > 24:
            continue
        opened = cues.from_word.search(text[max(0, spans[i][0] - 12) : spans[i][0]])
        arrow = re.fullmatch(r"\s{0,3}(?:-+>|=+>|→|>)\s{0,3}", between)
        if arrow or (opened and cues.to_word.fullmatch(between)):
            found[i], found[i + 1] = "old", "new"
        elif found[i] == "plain" and found[i + 1] == "new":
            cue = cues.before.search(between)
            if cue and not between[: cue.start()].strip(" \t\n,:("):
                found[i] = "old"
    return found
