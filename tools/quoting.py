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

from tools.layout import cover
from tools.message import Passage, PassageKind
from tools.signatures import mark_endings

_FORWARD_SUBJECT = re.compile(
    r"^\s*(?:\[[^\]]{1,40}\]\s*)*(?:fwd?|wg|tr|rv|i|pd|doorst|enc|vb|vl)\s*(?:\[\d+\])?\s*:", re.I
)
_PREFIX = re.compile(r"^[ \t]{0,3}(?:>|&gt;|\|[ \t]*>)")
_RULE = r"[-_=*–—\s]"
_ORIGINAL = re.compile(
    rf"^{_RULE}{{2,}}(?:original (?:message|mail|e-?mail|appointment)|(?:ursprüngliche|original)[ -]?(?:nachricht|mail|e-?mail)|"
    r"urspr(?:ü|u)ngliche nachricht|originalnachricht|message d['’]origine|message (?:original|initial)|courriel original|"
    r"mensaje original|correo original|messaggio originale|messaggio di posta originale|oorspronkelijk(?:e)? bericht|"
    r"origineel bericht|(?:wiadomość oryginalna|oryginalna wiadomość|wiadomość pierwotna|treść oryginalnej wiadomości)|"
    rf"mensagem original|original besked|ursprungligt meddelande|původní zpráva|eredeti üzenet){_RULE}{{0,80}}$",
    re.I,
)
_FORWARD_MARK = re.compile(
    rf"^{_RULE}*(?:begin forwarded message|forwarded (?:message|mail|e-?mail)(?: (?:from|by|follows) .{{0,80}})?|"
    r"(?:anfang der )?weitergeleitete[nr]? (?:nachricht|e-?mail|mail)|weitergeleitet von .{1,80}|"
    r"(?:début du )?message (?:transféré|transmis|réexpédié)(?: par .{1,60})?|(?:inicio del )?mensaje reenviado|"
    r"(?:inizio )?messaggio inoltrato|inoltrato da .{1,60}|(?:begin )?doorgestuurd bericht|"
    r"(?:początek )?(?:wiadomość przekazana|przekazana wiadomość|przekazanej wiadomości|przesłana dalej wiadomość)|"
    rf"mensagem encaminhada|treść przekazanej wiadomości)\s*:?{_RULE}{{0,80}}$",
    re.I,
)
_ATTRIBUTION_START = re.compile(
    r"^(?:on|am|le|el|il|il giorno|op|em|dnia|w dniu|den|dne|a|em|at|no dia|in data|pe)\b.{0,300}\d|"
    r"^(?:mon|tue|wed|thu|fri|sat|sun|pon|wt|śr|czw|pt|sob|niedz|lun|mar|mer|gio|ven|sab|dom|mo|di|mi|do|fr|sa|so)\w{0,8}[.,]? .{0,200}\d|"
    r"^\d{1,4}[-./ ].{0,200}|^.{0,120}<[^<>\s]+@[^<>\s]+>",
    re.I,
)
_ATTRIBUTION_END = re.compile(
    r"(?:\bwrote|\bwrites|\bsaid|\bschrieb(?: am .{1,60}| .{1,100})?|\bgeschrieben|\ba écrit|\bécrit|\bescribió|\bescribio|\bha escrito|"
    r"\bha scritto|\bscriveva|\bscrisse|\bschreef(?: .{1,100})?|\bgeschreven|\bnapisa(?:ł|l)(?:\(a\)|a|/a|\(-a\))?|\bpisze|\bescreveu|\bskrev(?: .{1,100})?|"
    r"\bnapsal(?:\(a\)|a)?|\bírta)\s*:\s*$",
    re.I,
)
_ON_DATE_NAME = re.compile(
    r"^(?:on|am|le|el|il|op|dnia|w dniu)\b.{0,200}\d{1,2}[:.h]\d{2}.{0,200}<[^<>\s]+@[^<>\s]+>.{0,40}:\s*$", re.I
)
_NAMES = {
    "from": r"from|von|de|da|van|od|från|fra|mittente|expéditeur|remitente|afzender|nadawca|absender|feladó",
    "sent": r"sent|date|gesendet|datum|envoyé(?: le)?|enviado(?: el)?|fecha|inviato|data|verzonden|wysłano|skickat|"
    r"sendt|enviada em|odesláno|elküldve|heure|datum/uhrzeit",
    "to": r"to|an|à|a|para|aan|do|til|till|pour|destinataire|destinatario|komu|címzett|cc|kopie|dw|empfänger|dest",
    "subject": r"subject|betreff|objet|asunto|oggetto|onderwerp|temat|ämne|emne|assunto|předmět|tárgy|sujet|betr",
}
_HEADER = re.compile(
    r"^[\s>*_|]{0,6}(?:"
    + "|".join(f"(?P<{k}>{v})" for k, v in _NAMES.items())
    + r")[*_]{0,2}\s{0,3}:[*_]{0,2}(?:\s|$)(?P<value>.*)$",
    re.I,
)
_POINTER = re.compile(
    r"\b(?:see below|please see|fyi|for your information|below|forward\w*|siehe unten|s\. ?u\.|z\.? ?k\.?|zur (?:info|kenntnis)|"
    r"unten|weiter\w*|voir ci-dessous|ci-dessous|pour (?:info\w*|suivi)|ver abajo|más abajo|para (?:su |tu )?información|"
    r"vedi sotto|qui sotto|sotto|per conoscenza|zie onder|hieronder|ter info\w*|poniżej|do wiadomości|przesyłam dalej)\b",
    re.I,
)


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
    _mark_older(lines, forward=bool(_FORWARD_SUBJECT.match(subject)))
    _mark_new_runs(lines)
    passages = [Passage(kind=line.kind or PassageKind.new, start=line.start, end=line.end) for line in lines]
    return cover(len(text), passages, hidden)


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
    index = 0
    count = len(lines)
    outer: PassageKind | None = None  # the kind that unmarked lines have now; None while they are new
    forwarded_words = 0
    new_words: list[str] = []
    quoted_above = False
    while index < count:
        line = lines[index]
        if line.kind == PassageKind.hidden:
            index += 1
            continue
        opener, length = _opener(lines, index)
        if opener == "attribution" and _quoted_follows(lines, index + length):
            for inner in lines[index : index + length]:
                inner.kind = PassageKind.quoted
            quoted_above = True
            index += length
            continue
        if opener:
            known = line.kind == PassageKind.quoted
            if outer is None:
                empty = not any(new_words) and not quoted_above
                pointed = len(new_words) <= 12 and bool(_POINTER.search(" ".join(new_words)))
                sends_on = opener == "forward" or forward or empty or (pointed and opener in {"headers", "original"})
                outer = PassageKind.forwarded if sends_on else PassageKind.quoted
                forwarded_words = 0
            elif outer == PassageKind.forwarded and (
                forwarded_words >= 25 or (opener == "attribution" and forwarded_words)
            ):
                outer = PassageKind.quoted
            for inner in lines[index : index + length]:
                inner.kind = outer
            if known and outer == PassageKind.forwarded:
                _release(lines, index + length)
            index += length
            continue
        if line.kind is None and _PREFIX.match(line.text):
            line.kind = PassageKind.quoted
            quoted_above = True
        elif line.kind is None and _wrapped_quote(lines, index):
            line.kind = PassageKind.quoted
        elif line.kind is None and outer is not None:
            line.kind = outer
            if outer == PassageKind.forwarded:
                forwarded_words += len(line.text.split())
        elif line.kind is None:
            new_words.extend(line.text.split()[:40])
        elif line.kind == PassageKind.quoted:
            quoted_above = True
        index += 1
    if not any(line.kind is None and line.text.strip() for line in lines):
        _keep_something(lines)


def _release(lines: list[_Line], index: int) -> None:
    """Lines that HTML marked as quoted belong to the forward that begins here."""
    while index < len(lines) and (lines[index].kind == PassageKind.quoted or not lines[index].text.strip()):
        if lines[index].kind == PassageKind.quoted:
            lines[index].kind = None
        index += 1


def _keep_something(lines: list[_Line]) -> None:
    if any(line.kind == PassageKind.forwarded and line.text.strip() for line in lines):
        return
    opened = False
    for index, line in enumerate(lines):
        if line.kind != PassageKind.quoted:
            continue
        if opened and _opener(lines, index)[0] and sum(1 for x in lines[:index] if x.kind == PassageKind.forwarded) > 4:
            return
        line.kind, opened = PassageKind.forwarded, True


def _opener(lines: list[_Line], index: int) -> tuple[str, int]:
    """What opens older text at this line: its name and how many lines it takes; ('', 0) where nothing does."""
    text = lines[index].text.strip()
    if not text or len(text) > 400:
        return "", 0
    bare = _PREFIX.sub("", text).strip() if lines[index].kind is None and text.startswith(">") else text
    if bare is not text:
        return "", 0
    if _FORWARD_MARK.match(text) and (len(text) > 30 or text[0] in "-_=*–—" or text.endswith((":", "-", "_"))):
        return "forward", 1 + _headers(lines, index + 1, after_rule=True)
    if _ORIGINAL.match(text):
        return "original", 1 + _headers(lines, index + 1, after_rule=True)
    if found := _headers(lines, index):
        return "headers", found
    rule = re.fullmatch(r"[_\-=*–—]{5,}", text)
    if rule:
        following = _next_filled(lines, index + 1)
        if following is not None and following - index <= 3 and (found := _headers(lines, following)):
            return "headers", following - index + found
        return "", 0
    if length := _attribution(lines, index):
        return "attribution", length
    return "", 0


def _attribution(lines: list[_Line], index: int) -> int:
    """Lines of an attribution such as "On Monday … wrote:", which mail programs wrap over up to four lines."""
    first = lines[index].text.strip()
    if not _ATTRIBUTION_START.match(first):
        return 0
    joined = ""
    for length in range(1, 5):
        if index + length > len(lines):
            return 0
        piece = lines[index + length - 1].text.strip()
        if not piece or piece.startswith(">") or len(joined) + len(piece) > 500:
            return 0
        joined = f"{joined} {piece}".strip()
        if _ATTRIBUTION_END.search(joined[-160:]) and re.search(r"\d|@", joined):
            return length
        if _ON_DATE_NAME.match(joined):
            return length
        if piece.endswith((".", "!", "?")) and not re.search(r"\b[ap]\.m\.$|\b(?:uhr|h)\.$", piece, re.I):
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
    first = _HEADER.match(lines[at].text)
    if first is None or not (first.lastgroup and (first["from"] or after_rule)):
        return 0
    mailbox = False
    blanks = 0
    last = at
    cursor = at
    while cursor < len(lines) and cursor - at < 16:
        text = lines[cursor].text
        match = _HEADER.match(text)
        if match:
            name = next(key for key in _NAMES if match[key])
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
