"""Who wrote which part of a mail's text: new, quoted, forwarded, signature or disclaimer.

Work goes by lines and in linear time. Lines with `>` and what the HTML marks are quoted; an attribution ("On … wrote:"),
a block of header lines or an "Original Message" rule opens older text that runs to the end, unless quoted lines
follow: then only those are old, and lines between them are answers, thus new. In a forward the first older message is
what the sender wants to be read (`forwarded`); older ones inside it are `quoted`. The languages are English, German,
French, Spanish, Italian, Dutch and Polish, and whatever shares their shapes.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from functools import cache

from tools.layout import cover
from tools.message import Passage, PassageKind
from tools.phrases import either, phrase
from tools.signatures import mark_endings

_PREFIX = re.compile(r"^[ \t]{0,3}(?:>|&gt;|\|[ \t]*>)")
_PREFIXES = re.compile(r"^(?:[ \t]{0,3}(?:>|&gt;))+[ \t]?")
_LAST_OPENER = 5_000  # lines; a mail that long opens older text before, or is none
_RULE = r"[-_=*–—\s]"
_RULE_LINE = re.compile(r"[_\-=*–—]{5,}")
_DATED = re.compile(r"^\D{0,60}\d{1,4}[-./ ].{0,200}|^.{0,120}<[^<>\s]+@[^<>\s]+>", re.S)
_SOMEBODY = re.compile(r"\d{1,2}[:.h]\d{2}.{0,240}<\s*(?:mailto:)?[^<>\s]+@[^<>\s]+\s*>.{0,60}:\s*$")
_ENDS_WITH_MARK = re.compile(r"^>\s?\S{0,12}:$")
_ZOHO = re.compile(r"^-{2,} ?on .{10,200} ?wrote ?-{2,}$", re.I)
_SENTENCE_END = re.compile(r"(?<!\d)(?<!\b[ap]\.m)(?<!\bUhr)(?<!\bkl)(?<!\b[a-z]{3})[.!?]$", re.I)
_HEADER_KEYS = ("from", "sent", "to", "subject")


@cache
def _header() -> re.Pattern[str]:
    names = "|".join(f"(?P<{key}>{either('header_' + key)})" for key in _HEADER_KEYS)
    return re.compile(rf"^[\s>*_|]{{0,6}}(?:{names})[*_]{{0,2}}\s{{0,3}}:[*_]{{0,2}}(?:\s|$)(?P<value>.*)$", re.I)


def is_envelope_line(text: str) -> bool:
    """Whether a line is one of the copied headers that say who wrote to whom and when; the subject says more."""
    found = _header().match(text)
    return bool(found and not found["subject"])


class _Line:
    __slots__ = ("end", "kind", "start", "text")

    def __init__(self, text: str, start: int, end: int) -> None:
        self.text, self.start, self.end = text, start, end
        self.kind: PassageKind | None = None


def split(text: str, *, subject: str = "", marks: Sequence[Passage] = ()) -> list[Passage]:
    """Divide a body into passages that cover it. `marks` are runs known from HTML (hidden, quoted).

    A body that would hold nothing new keeps its outermost older text as `forwarded`: somebody sent it to be read.
    """
    if not text:
        return []
    lines: list[_Line] = []
    start = 0
    for piece in text.split("\n"):
        end = min(start + len(piece) + 1, len(text))
        if end > start:
            lines.append(_Line(piece[:1_000], start, end))
        start = end
    hidden = [mark for mark in marks if mark.kind == PassageKind.hidden]
    _mark_known(lines, [mark for mark in marks if mark.kind == PassageKind.quoted], PassageKind.quoted)
    _mark_known(lines, hidden, PassageKind.hidden)
    _mark_older(lines, forward=_sends_on(subject))
    _mark_new_runs(lines)
    passages = [Passage(kind=line.kind or PassageKind.new, start=line.start, end=line.end) for line in lines]
    return cover(len(text), passages, hidden)


def _sends_on(subject: str) -> bool:
    """Whether the subject's first prefix is that of a forward ("Fwd:"; "Re: Fwd:" answers one)."""
    tags = r"^\s*(?:\[[^\]]{1,40}\]\s*)*"
    return bool(phrase("forward_prefix", tags, r"\s*(?:\[\d+\])?\s*:").match(subject))


def _mark_known(lines: list[_Line], marks: Sequence[Passage], kind: PassageKind) -> None:
    """Lines that begin in a marked run."""
    if not marks:
        return
    marks = sorted(marks, key=lambda m: m.start)
    starts = [m.start for m in marks]
    for line in lines:
        stripped = len(line.text) - len(line.text.lstrip())
        at = line.start + stripped
        index = bisect_right(starts, at) - 1
        if line.text.strip() and index >= 0 and marks[index].start <= at < marks[index].end:
            # A line that only begins with something hidden is not hidden as a whole.
            if kind == PassageKind.hidden and marks[index].end < line.start + len(line.text.rstrip()):
                continue
            line.kind = kind


def _mark_older(lines: list[_Line], forward: bool) -> None:
    """Give a kind to every line that is not new. `forward`: the subject says that the mail sends another one on."""
    outer: PassageKind | None = None  # what unmarked lines are since the last opener; None while they are new
    depth = 0  # of the `>` that the forwarded text itself carries
    forwarded_words = 0
    words: list[str] = []
    quoted_above = False
    index = 0
    while index < len(lines):
        line = lines[index]
        opener, length = _opener(lines, index) if line.kind != PassageKind.hidden else ("", 0)
        known = line.kind == PassageKind.quoted  # by HTML
        if opener == "attribution" and not forward and _quoted_follows(lines, index + length):
            _give(lines[index : index + length], PassageKind.quoted)
            quoted_above = True
            index += length
        elif opener and not (known and opener != "forward" and not forward):
            if outer is None:
                nothing_new = not words and not quoted_above
                pointed = len(words) <= 12 and bool(phrase("pointer", r"\b", r"\b").search(" ".join(words)))
                sends_on = opener == "forward" or forward or nothing_new or (pointed and opener != "attribution")
                outer = PassageKind.forwarded if sends_on else PassageKind.quoted
                if sends_on and _prefixed(lines, index + length - 1, index + length):
                    depth = 1
            elif outer == PassageKind.forwarded and (
                forwarded_words >= 25 or (opener == "attribution" and forwarded_words)
            ):
                outer = PassageKind.quoted
            _give(lines[index : index + length], outer)
            if known and outer == PassageKind.forwarded:
                _release(lines, index + length)
            index += length
        else:
            index += 1
            if line.kind is not None:
                quoted_above = quoted_above or known
            elif (marks := _depth(line.text)) > depth or _wrapped_quote(lines, index - 1):
                line.kind = PassageKind.quoted
                quoted_above = True
            elif outer is not None and (marks or not depth):
                line.kind = outer
                forwarded_words += len(line.text.split())
            elif line.text.strip():
                words.extend(line.text.split()[:40])
            elif index > 1:
                line.kind = lines[index - 2].kind  # an empty line goes with what stands above it
    if not words:
        _keep_something(lines)


def _give(lines: list[_Line], kind: PassageKind | None) -> None:
    for line in lines:
        line.kind = kind


def _depth(text: str) -> int:
    match = _PREFIXES.match(text)
    if match:
        return match.group().count(">") + match.group().count("&gt;")
    return 1 if _PREFIX.match(text) else 0


def _prefixed(lines: list[_Line], last: int, following: int) -> bool:
    """Whether the forwarded text carries `>` itself, as some mail programs write forwards."""
    at = _next_filled(lines, following)
    return _depth(lines[last].text) > 0 or (at is not None and _depth(lines[at].text) > 0)


def _release(lines: list[_Line], index: int) -> None:
    """Lines that HTML marked as quoted belong to the forward that begins here."""
    while index < len(lines) and (lines[index].kind == PassageKind.quoted or not lines[index].text.strip()):
        if lines[index].kind == PassageKind.quoted:
            lines[index].kind = None
        index += 1


def _keep_something(lines: list[_Line]) -> None:
    """Nothing is new: the outermost older text is what the sender wanted to be read."""
    if any(line.kind == PassageKind.forwarded and line.text.strip() for line in lines):
        return
    kept = 0
    for index, line in enumerate(lines):
        if line.kind == PassageKind.quoted:
            if kept > 4 and _opener(lines, index)[0]:
                return
            line.kind = PassageKind.forwarded
            kept += 1


def _opener(lines: list[_Line], index: int) -> tuple[str, int]:
    """What opens older text at this line: its name and how many lines it takes; ('', 0) where nothing does."""
    text = lines[index].text.strip()
    if len(text) < 3 or len(text) > 400 or text[0] == ">" or index > _LAST_OPENER:
        return "", 0
    if phrase("forwarded_message", rf"^{_RULE}*", rf"\s*:?{_RULE}{{0,80}}$").match(text) and (
        text[0] in "-_=*–—" or text[-1] in ":-_"
    ):
        return "forward", 1 + _headers(lines, index + 1, after_rule=True)
    if phrase("original_message", rf"^{_RULE}{{2,}}", rf"{_RULE}{{0,80}}$").match(text):
        return "original", 1 + _headers(lines, index + 1, after_rule=True)
    if found := _headers(lines, index):
        return "headers", found
    if _RULE_LINE.fullmatch(text):
        following = _next_filled(lines, index + 1)
        if following is not None and following - index <= 3 and (found := _headers(lines, following)):
            return "headers", following - index + found
    elif length := _attribution(lines, index):
        return "attribution", length
    return "", 0


def _attribution(lines: list[_Line], index: int) -> int:
    """Lines of an attribution such as "On Monday … wrote:", which mail programs wrap over up to four lines.

    Also, in any language, one or two lines with a date that end with a colon right above quoted lines.
    """
    first = lines[index].text.strip()
    if _ZOHO.match(first):
        return 1
    begins = bool(phrase("attribution_start", "^", r"\b.{0,300}\d").match(first)) or bool(_DATED.match(first))
    if not begins:
        return 0
    joined = ""
    for length in range(1, 5):
        if index + length > len(lines):
            return 0
        piece = lines[index + length - 1].text.strip()
        broken = length > 1 and _ENDS_WITH_MARK.match(piece)  # the ">" that closes a mailbox fell to a new line
        if not piece or (piece.startswith(">") and not broken) or len(joined) + len(piece) > 500:
            return 0
        joined = f"{joined} {piece}".strip()
        if piece.endswith(":"):
            said = phrase("attribution_end", r"(?:\b|[>\"')])", r"\s*:$").search(joined[-160:])
            if (said and re.search(r"\d|@", joined)) or _SOMEBODY.search(joined):
                return length
            if length <= 2 and re.search(r"\d{1,2}[:.]\d{2}|@", joined) and _quoted_follows(lines, index + length):
                return length
        if _SENTENCE_END.search(piece):
            return 0
    return 0


def _headers(lines: list[_Line], index: int, after_rule: bool = False) -> int:
    """Length of a block of copied header lines (From, Sent, To, Subject …) at this line, or 0."""
    at = index
    if after_rule:
        following = _next_filled(lines, at)
        if following is None or following - at > 2:
            return 0
        at = following
    seen: set[str] = set()
    first = _header().match(lines[at].text)
    if first is None or not (first.lastgroup and (first["from"] or after_rule)):
        return 0
    mailbox = False
    blanks = 0
    last = at
    cursor = at
    while cursor < len(lines) and cursor - at < 16:
        text = lines[cursor].text
        match = _header().match(text)
        if match:
            name = next(key for key in _HEADER_KEYS if match[key])
            if name == "from" and "from" in seen:
                break
            seen.add(name)
            mailbox = mailbox or "@" in match["value"] or "mailto" in match["value"]
            last, blanks = cursor, 0
        elif not text.strip():
            blanks += 1
            if blanks > 1 or len(seen) >= 4:
                break
        elif re.match(r"^[\s>*_]{0,6}[A-ZÀ-Ž][\w-]{1,20}(?: [\w-]{1,12}){0,2}\s?:[*_]?\s", text) and not blanks:
            last = cursor
        elif blanks or not (
            text.startswith((" ", "\t")) or "@" in text or lines[cursor - 1].text.rstrip().endswith((";", ","))
        ):
            break
        cursor += 1
    enough = ({"from", "subject"} <= seen and len(seen) >= 3) or (
        "from" in seen and "sent" in seen and (mailbox or "subject" in seen)
    )
    if after_rule:
        enough = enough or len(seen) >= 2
    return last - index + 1 if enough else 0


def _next_filled(lines: list[_Line], index: int) -> int | None:
    for at in range(index, min(index + 5, len(lines))):
        if lines[at].text.strip():
            return at
    return None


def _quoted_follows(lines: list[_Line], index: int) -> bool:
    at = _next_filled(lines, index)
    return at is not None and bool(_PREFIX.match(lines[at].text) or lines[at].kind == PassageKind.quoted)


def _wrapped_quote(lines: list[_Line], index: int) -> bool:
    """The tail of a quoted line that a mail program broke without repeating its `>`."""
    if index == 0 or index + 1 >= len(lines):
        return False
    before, text = lines[index - 1].text, lines[index].text
    return (
        len(before) >= 70
        and bool(_PREFIX.match(before))
        and 0 < len(text.strip()) <= 30
        and text[0].islower()
        and bool(_PREFIX.match(lines[index + 1].text))
    )


def _mark_new_runs(lines: list[_Line]) -> None:
    """Signatures and disclaimers inside what is new, and inside what was forwarded."""
    new = [line for line in lines if line.kind is None]
    kinds = mark_endings([line.text for line in new])
    for line, kind in zip(new, kinds, strict=True):
        line.kind = kind
