"""How a domain looks to the eye, so that one that imitates another can be told.

A skeleton (after Unicode Technical Standard 39) has one letter for all that look alike, without hyphens and endings.
The table holds the letters that Unicode's confusables.txt maps to a Latin letter and that a domain name may contain
(IDNA 2008), with a few that only some typefaces confuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import idna

from agent.lexicon import fold

SHORTEST_IMITATED = 5
_LOOKS_LIKE = {
    "a": "ɑαаᗅꓮ",
    "b": "ᑲᖯᗷꓐьв",
    "c": "сᴄⲥꓚ",
    "d": "ԁᑯᗞᗪꓒꓓ",
    "e": "еҽⴹꓰꬲ",
    "f": "քᖴẝꓝꞙꬵ",
    "g": "ƍɡցᶃꓖ",
    "h": "һհᕼꓧн",
    "i": "ıɩɪιіӏꙇ",
    "j": "ϳјᒍꓙ",
    "k": "ᛕꓗкκ",
    "l": "ǀᒪᛁⵏꓡꓲ",
    "m": "ᗰᛖꓟм",
    "n": "ոռꓠ",
    "o": "οσоօ०০੦૦ଠ୦௦౦೦ഠ൦๐໐ဝ၀ჿዐᴏᴑⲟⵔꓳꬽ",
    "p": "ρрᑭⲣꓑ",
    "q": "ԛգզⵕ",
    "r": "гᖇᴦⲅꓣꭇꭈ",
    "s": "ƽѕꓢꜱ",
    "t": "ꓔтτ",
    "u": "ʋυսሀᑌᴜꓴꞟꭎꭒ",
    "v": "νѵᐯᴠⴸꓦꛟ",
    "w": "ɯѡԝաᴡꓪ",
    "x": "хᕁᕽᚷⵝꓫχ",
    "y": "ɣʏγуүყᶌỿꓬꭚ",
    "z": "ᴢꓜ",
}
_CONFUSABLE = {ord(other): letter for letter, others in _LOOKS_LIKE.items() for other in others}
_ONE_LETTER = str.maketrans("i10|5", "llols")


def skeleton(domain: str) -> str:
    """A domain as the eye reads it: punycode decoded, letters that look alike made one."""
    shown = ".".join(_decoded(label) for label in domain.split("."))
    latin = fold(shown.translate(_CONFUSABLE)).text.translate(_CONFUSABLE)
    return latin.translate(_ONE_LETTER).replace("rn", "m").replace("vv", "w")


def name_of(domain: str) -> str:
    """The skeleton of the name that was registered, without ending and hyphens."""
    return skeleton(domain).partition(".")[0].replace("-", "")


def parts_of(domain: str) -> list[str]:
    """Runs of the hyphenated words of a name, longest first, but for the whole: "acme-tools-pay" → "acmetools", …"""
    words = skeleton(domain).partition(".")[0].split("-")
    runs = [words[i:j] for i in range(len(words)) for j in range(i + 1, len(words) + 1) if j - i < len(words)]
    return ["".join(run) for run in sorted(runs, key=len, reverse=True)]


def one_letter_off(name: str) -> Iterator[str]:
    """All skeletons that a slip of one letter makes: left out, added, exchanged, or two swapped."""
    letters = "abcdefghjklmnopqrstuvwxyz2346789"  # as in skeletons: i, 1, 0 and 5 are other letters there
    for i in range(len(name) + 1):
        yield from (name[:i] + letter + name[i:] for letter in letters)
        if i < len(name):
            yield name[:i] + name[i + 1 :]
            yield from (name[:i] + letter + name[i + 1 :] for letter in letters)
            yield name[:i] + name[i + 1 : i + 2] + name[i] + name[i + 2 :]


def address_shown(name: str) -> str | None:
    """The mail address that a display name shows, if it shows one."""
    found = re.search(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", name)
    return found[0].lower() if found else None


def _decoded(label: str) -> str:
    try:
        return idna.decode(label) if label.startswith("xn--") else label
    except idna.IDNAError:
        return label
