"""Changes to a text that leave its meaning as it is: other words, typing and scanning errors, other languages, length.

Whatever holds a digit, an address or a code is left alone, so that the labels of the text stay right.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

WORD = re.compile(r"(?<![\w@./-])[^\W\d_]{5,}(?![\w@/-]|\.\w)")
TYPO_SHARE = 0.08
SCAN_SHARE = 0.06

KEYS = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo", "j": "hk", "k": "jl",
    "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "wa", "r": "et", "s": "ad", "t": "ry", "u": "yi", "v": "cb",
    "w": "qe", "x": "zc", "y": "tu", "z": "x",
}  # fmt: skip
LOOKALIKES = [
    ("rn", "m"),
    ("m", "rn"),
    ("cl", "d"),
    ("l", "1"),
    ("o", "0"),
    ("e", "c"),
    ("ü", "u"),
    ("é", "e"),
    ("ł", "l"),
]

SAME: dict[str, list[list[str]]] = {
    "en": [
        ["Dear Sir or Madam", "Good morning", "Hello", "Hi all", "Good afternoon"],
        ["Kind regards", "Best regards", "Many thanks and best wishes", "With kind regards", "Sincerely"],
        ["unfortunately", "regrettably", "I am sorry to say that", "sadly"],
        ["please note", "kindly note", "for your information"],
        ["will be delayed", "is going to be late", "is running late"],
        ["thank you", "many thanks", "thanks a lot"],
    ],
    "de": [
        ["Sehr geehrte Damen und Herren", "Guten Tag", "Hallo zusammen", "Guten Morgen"],
        ["Mit freundlichen Grüßen", "Freundliche Grüße", "Beste Grüße", "Viele Grüße"],
        ["leider", "bedauerlicherweise", "zu unserem Bedauern"],
        ["verspätet sich", "verzögert sich", "kommt später"],
        ["vielen Dank", "herzlichen Dank", "danke sehr"],
    ],
    "fr": [
        ["Bonjour", "Madame, Monsieur", "Bonjour à tous"],
        ["Cordialement", "Bien cordialement", "Sincères salutations", "Bien à vous"],
        ["malheureusement", "à notre grand regret", "nous sommes au regret de vous dire que"],
        ["merci", "merci beaucoup", "merci bien"],
    ],
    "it": [
        ["Buongiorno", "Gentili signori", "Spett.le ditta", "Salve"],
        ["Cordiali saluti", "Distinti saluti", "Un cordiale saluto"],
        ["purtroppo", "sfortunatamente", "con rammarico"],
        ["grazie", "molte grazie", "grazie mille"],
    ],
    "es": [
        ["Buenos días", "Estimados señores", "Hola a todos", "Buenas tardes"],
        ["Un saludo", "Saludos cordiales", "Atentamente", "Reciban un cordial saludo"],
        ["lamentablemente", "por desgracia", "desafortunadamente"],
        ["gracias", "muchas gracias"],
    ],
    "nl": [
        ["Goedemorgen", "Geachte heer, mevrouw", "Beste", "Goedendag"],
        ["Met vriendelijke groet", "Vriendelijke groeten", "Hartelijke groeten"],
        ["helaas", "jammer genoeg", "tot onze spijt"],
        ["dank u wel", "hartelijk dank", "alvast bedankt"],
    ],
    "pl": [
        ["Dzień dobry", "Szanowni Państwo", "Witam"],
        ["Pozdrawiam", "Z poważaniem", "Z wyrazami szacunku", "Serdecznie pozdrawiam"],
        ["niestety", "z przykrością informujemy, że"],
        ["dziękuję", "bardzo dziękuję", "z góry dziękuję"],
    ],
}

POLITE = {
    "en": ("I hope this finds you well.", "Have a good week, and regards to everybody."),
    "de": ("ich hoffe, es geht Ihnen gut.", "Eine schöne Woche und Grüße an alle."),
    "fr": ("j'espère que vous allez bien.", "Bonne semaine et bonjour à tout le monde."),
    "it": ("spero che stiate tutti bene.", "Buona settimana e saluti a tutti."),
    "es": ("espero que estén todos bien.", "Que tengan buena semana, y recuerdos a todos."),
    "nl": ("ik hoop dat alles goed gaat.", "Een fijne week, en groeten aan iedereen."),
    "pl": ("mam nadzieję, że wszystko u Państwa w porządku.", "Miłego tygodnia i pozdrowienia dla wszystkich."),
}

FILLER = [
    "It was a pleasure to meet so many of you in person. The coffee at our stand seems to have been the best of the hall.",
    "Our colleagues in the office have planted a small garden behind the building, and the first tomatoes are red already.",
    "As a family firm in its third generation we care for people before anything else, and we train young people every year.",
    "We renewed our certificate for environmental management. The auditor praised the new roof and its solar panels.",
    "Our switchboard now has a friendlier melody. Tell us whether you like it; the old one had many friends as well.",
    "The canteen started to offer a vegetarian dish, which was welcomed by the whole team and by some visitors.",
    "Please think of nature before you print this message. Paper is made of trees, and trees take long to grow.",
    "This message and its attachments are meant for the person to whom they are addressed. If that is not you, delete it.",
    "The views of the writer are not necessarily those of the firm. No contract is made by this message alone.",
    "Follow us on our pages to see pictures of the summer party, the running team and the office dog.",
]


def paraphrase(text: str, language: str, drawn: random.Random) -> str:
    """Greetings, closings and turns of phrase replaced by others of the same meaning and language."""
    for group in SAME.get(language, []):
        said = re.compile(r"\b(" + "|".join(re.escape(p) for p in sorted(group, key=len, reverse=True)) + r")\b", re.I)
        text = said.sub(lambda found, group=group: _another(found.group(), group, drawn), text)  # type: ignore[misc]
    return text


def _another(phrase: str, group: Sequence[str], drawn: random.Random) -> str:
    other = drawn.choice([p for p in group if p.casefold() != phrase.casefold()])
    return other[0].upper() + other[1:] if phrase[0].isupper() else other[0].lower() + other[1:]


def typos(text: str, drawn: random.Random) -> str:
    """Typing errors in about one word of twelve: two letters swapped, one missing, doubled, or that of the next key."""

    def mistype(found: re.Match[str]) -> str:
        word = found.group()
        if drawn.random() >= TYPO_SHARE:
            return word
        at = drawn.randrange(1, len(word) - 1)
        kind = drawn.randrange(4)
        if kind == 0:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        if kind == 1:
            return word[:at] + word[at + 1 :]
        if kind == 2:
            return word[:at] + word[at] + word[at:]
        near = KEYS.get(word[at].lower(), word[at])
        return word[:at] + drawn.choice(near) + word[at + 1 :]

    return WORD.sub(mistype, text)


def scanned(text: str, drawn: random.Random) -> str:
    """The errors of a scanner: letters taken for lookalikes, words torn apart. Codes and numbers are left whole."""

    def misread(found: re.Match[str]) -> str:
        word = found.group()
        if drawn.random() < SCAN_SHARE / 2:
            at = drawn.randrange(2, len(word) - 1)
            return f"{word[:at]} {word[at:]}"
        if drawn.random() < SCAN_SHARE:
            for real, seen in drawn.sample(LOOKALIKES, len(LOOKALIKES)):
                if real in word:
                    return word.replace(real, seen, 1)
        return word

    return WORD.sub(misread, text)


def mixed(text: str, language: str, drawn: random.Random) -> str:
    """Polite words in another language before and after."""
    before, after = POLITE[drawn.choice([code for code in sorted(POLITE) if code != language])]
    return f"{before[0].upper()}{before[1:]}\n\n{text}\n\n{after}"


def long(text: str, drawn: random.Random, paragraphs: int = 40) -> str:
    """The text among paragraphs without business, some before it and most after."""
    drawn_ones = [drawn.choice(FILLER) for _ in range(paragraphs)]
    few = paragraphs // 8
    return "\n\n".join([*drawn_ones[:few], text, *drawn_ones[few:]])


def quoting(text: str, earlier: Sequence[tuple[str, str]]) -> str:
    """The text above a conversation: `earlier` are the senders and texts that it answers, newest first, each one level
    deeper than the one before."""
    quoted: list[str] = []
    for depth, (sender, said) in enumerate(earlier, start=1):
        mark = ">" * depth + " "
        head = (
            ">" * (depth - 1) + (" " if depth > 1 else "") + f"On Mon, 1 Jun 2026 at 09:0{depth % 10}, {sender} wrote:"
        )
        quoted += [head, *(mark + line for line in said.splitlines())]
    return "\n".join([text, "", *quoted]) + "\n"


def forwarded(text: str, *, sender: str, to: str, subject: str, date: str, times: int) -> str:
    """The text as a mail that colleagues passed on: `times` headers of forwarded mails above it."""
    head = "---------- Forwarded message ---------"
    between = [f"{head}\nFrom: {to}\nDate: {date}\nSubject: Fwd: {subject}\nTo: {to}\n" for _ in range(times - 1)]
    return "\n".join(
        [
            "FYI, please handle.\n",
            *between,
            f"{head}\nFrom: {sender}\nDate: {date}\nSubject: {subject}\nTo: {to}\n",
            text,
        ]
    )
