"""Which of a few order lines a text speaks of: by code, by name or by position.

The lines are those of an order, or a partner's open ones. People shorten and inflect names ("the oak desks" for
"Height-adjustable desk Vara 160x80 cm, oak") and use their own codes, so words count by how well they tell these
lines apart and by how rare they are among all products.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rapidfuzz.distance import OSA

from agent.glossary import is_quality, trade_terms
from agent.lexicon import fold
from agent.orderbook import OrderBook
from agent.orders import OrderLine
from agent.product_words import COUNTED, EMPTY, WORD, counted, likeness, plain, product_words, term_ends, word_ends
from agent.reference_keys import reference_key

How = Literal["code", "supplier_code", "barcode", "code_part", "code_typo", "name", "position"]
LEAST_WEIGHT = 0.24
IN_OTHER_WORDS, QUALITY, FURTHER = 0.85, 0.3, 0.5
LONGEST_UNIT = 3

_LETTERS = re.compile(r"[^\W\d_]+")
_TOKEN = re.compile(r"[^\W_]+")
_JOINT = re.compile(r"[ \t\u00a0]?[-‐‑–_/.\\+ \t\u00a0][ \t\u00a0]?|")
_BREAK = re.compile(r"[.;:!?]\s|\n|\|")
_POSITION = re.compile(
    r"(?<!\w)(?:pos(?:ition(?:en)?|izion[ei]|icion|ten|itie|ycj[aei])?\.?|poz(?:ycja|ycji)?\.?|line(?: item)?|"
    r"item|ligne|linea|riga|regel|zeile|partida)\s*(?:no|nr|n°)?[.:#]?\s*(0*\d{1,6})(?![\d.,x]*\d)"
)
_JOINED = re.compile(
    r"[,&+/]|(?<!\w)(?:and|und|et|e|y|en|i|a|oraz|sowie|but|aber|nur|only|not|nicht)(?!\w)", re.IGNORECASE
)


# A word of the text (start, end) with the lines that have it: line → (its word, the word's weight there).
Hit = tuple[int, int, dict[int, tuple[str, float]]]


@dataclass(frozen=True, slots=True)
class ProductMention:
    """`text` at `start:end` names a line's product. One place may give several mentions where lines fit alike.

    `score` in 0..1: how sure it is that this line is meant; `how`: by what it was recognised."""

    start: int
    end: int
    text: str
    line_id: int | None
    product_id: int | None
    score: float
    how: How


class ProductFinder:
    """Finds the same lines in one text after another. `partner` is the company whose own codes count first; what was
    taught of `codes` (key → product) comes before what is on file."""

    def __init__(
        self,
        lines: Sequence[OrderLine],
        book: OrderBook,
        partner: int | None = None,
        codes: Mapping[str, int] | None = None,
    ) -> None:
        self.lines = list(lines)
        self._codes: dict[str, dict[int, How]] = defaultdict(dict)
        self._holders: dict[str, list[int]] = defaultdict(list)
        self._book = book
        taught = codes or {}
        for position, line in enumerate(self.lines):
            for key in (key for key, product_id in taught.items() if product_id == line.product_id):
                self._codes[key][position] = "supplier_code"
            for code, how in _codes(line, book, partner):
                key = reference_key(code)
                if is_code(key, code) and key not in taught:
                    self._codes[key].setdefault(position, how)
            for term in {word for name in _names(line, book, partner) for word in product_words(name)}:
                self._holders[term].append(position)
        self._weights = {term: self._weight(term, len(at)) for term, at in self._holders.items()}
        self._goods = self._named_goods(partner)
        self._by_end: dict[str, list[str]] = defaultdict(list)
        for term in self._weights:
            for end in term_ends(term):
                self._by_end[end].append(term)

    def find(self, text: str, *, language: str = "en") -> list[ProductMention]:
        """Mentions in reading order."""
        if not self.lines:
            return []
        found = self._by_code(text)
        found += self._by_position(text, found)
        found += self._by_name(text, found, language)
        return sorted(found, key=lambda m: (m.start, -m.score))

    def _weight(self, term: str, holders: int) -> float:
        """Rarity among all products (0..1) times how well the word tells these lines apart."""
        return self._rarity(term) * self._apart(holders) * (0.6 if term.isdigit() else 1.0)

    def _apart(self, holders: int) -> float:
        """How well a word that so many lines have tells them apart."""
        return 1.0 if holders == 1 else 0.55 if holders < len(self.lines) else 0.3

    def _rarity(self, term: str) -> float:
        products = max(len(self._book.products), 2)
        rarity = math.log((products + 1) / (self._book.word_counts.get(term, 0) + 0.5)) / math.log(products + 1)
        return min(max(rarity, 0.15), 1.0)

    def _named_goods(self, partner: int | None) -> dict[int, dict[int, tuple[str, float]]]:
        """Kinds of goods and qualities of the lines: concept → line → (the words there, their weight)."""
        goods: dict[int, dict[int, tuple[str, float]]] = defaultdict(dict)
        for position, line in enumerate(self.lines):
            for text in _names(line, self._book, partner):
                for concept, (words, share) in _goods_in(text).items():
                    weight = share * max(self._rarity(word) for word in words.split())
                    if weight > goods[concept].get(position, ("", 0.0))[1]:
                        goods[concept][position] = (words, weight)
        for concept, at in goods.items():
            factor = self._apart(len(at)) * IN_OTHER_WORDS * (QUALITY if is_quality(concept) else 1.0)
            goods[concept] = {position: (words, weight * factor) for position, (words, weight) in at.items()}
        return goods

    def _by_code(self, text: str) -> list[ProductMention]:
        tokens = [m.span() for m in _TOKEN.finditer(text)]
        keys = [reference_key(text[a:b]) for a, b in tokens]
        found: list[ProductMention] = []
        i = 0
        while i < len(tokens):
            j, hits, score = self._code_at(text, tokens, keys, i)
            if hits:
                start, end = tokens[i][0], tokens[j - 1][1]
                found += [self._mention(text, start, end, p, score, how) for p, how in hits.items()]
            i = j
        return found

    def _code_at(
        self, text: str, tokens: list[tuple[int, int]], keys: list[str], i: int
    ) -> tuple[int, dict[int, How], float]:
        """The longest code that begins at token `i`: (next token, lines, score)."""
        ends = [i + 1]
        while ends[-1] < min(len(tokens), i + 6):
            gap = text[tokens[ends[-1] - 1][1] : tokens[ends[-1]][0]]
            if not gap or not _JOINT.fullmatch(gap):
                break
            ends.append(ends[-1] + 1)
        for j in reversed(ends):
            hits = self._codes.get("".join(keys[i:j]))
            if hits and not _is_amount(text, tokens[i][0], tokens[j - 1][1]):
                return j, hits, 0.97 if len(hits) == 1 else 0.9
        for j in reversed(ends):
            key = "".join(keys[i:j])
            spaced = any(c.isspace() for c in text[tokens[i][0] : tokens[j - 1][1]])
            if spaced or len(key) < 4 or key.isdigit() or not any(c.isdigit() for c in key):
                continue
            close = self._close_code(key)
            if close:
                return j, close, 0.75
        return i + 1, {}, 0.0

    def _close_code(self, key: str) -> dict[int, How]:
        """The one code that begins with the key, or that is one slip away from it (and no other product's code)."""
        begun: dict[int, How] = {p: "code_part" for code, at in self._codes.items() if code.startswith(key) for p in at}
        if len(begun) == 1:
            return begun
        if len(key) < 6 or key in self._book.products_by_code:
            return {}
        slipped: dict[int, How] = {
            p: "code_typo"
            for code, at in self._codes.items()
            if OSA.distance(key, code, score_cutoff=1) <= 1
            for p in at
        }
        return slipped if len(slipped) == 1 else {}

    def _by_position(self, text: str, taken: list[ProductMention]) -> list[ProductMention]:
        """ "Pos. 20", "line 2": the line at that place of the order, where all lines are of one order."""
        orders = {(line.order_model, line.order_id) for line in self.lines}
        if len(orders) != 1:
            return []
        every = self._book.orders[order].lines if (order := orders.pop()) in self._book.orders else self.lines
        at = {line.id: position for position, line in enumerate(self.lines)}
        sequences = [line.sequence for line in every]
        found = []
        folded = fold(text)
        for m in _POSITION.finditer(folded.text):
            number = int(m[1])
            if len(set(sequences)) == len(sequences) and number in sequences and number >= 10:
                chosen = every[sequences.index(number)]
            elif 1 <= number <= len(every):
                chosen = every[number - 1]
            elif number % 10 == 0 and 1 <= number // 10 <= len(every):
                chosen = every[number // 10 - 1]
            else:
                continue
            start, end = folded.span(*m.span())
            if chosen.id in at and not any(x.start < end and start < x.end for x in taken):
                found.append(self._mention(text, start, end, at[chosen.id], 0.6, "position"))
        return found

    def _by_name(self, text: str, taken: list[ProductMention], language: str) -> list[ProductMention]:
        found: list[ProductMention] = []
        words = [(m.start(), m.end(), plain(m[0])) for m in WORD.finditer(text)]
        words += [(m.start(), m.end(), counted(m)) for m in COUNTED.finditer(text)]
        words = sorted(w for w in words if w[2] not in EMPTY)
        matched = [(start, end, self._lines_with(word)) for start, end, word in words]
        matched = sorted([*matched, *self._in_other_words(text, matched, language)], key=lambda hit: hit[:2])
        cluster: list[Hit] = []
        for start, end, hits in matched:
            if not hits or any(x.start < end and start < x.end for x in taken):
                continue
            if cluster:
                between = text[cluster[-1][1] : start]
                apart = len(between) > 25 or _BREAK.search(between)
                if apart or (_JOINED.search(between) and not _same_product(cluster, hits)):
                    found += self._named(text, cluster)
                    cluster = []
            cluster.append((start, end, hits))
        return found + self._named(text, cluster)

    def _in_other_words(self, text: str, matched: Sequence[Hit], language: str) -> list[Hit]:
        """Words of the text that mean what lines are called in words that it does not use."""
        if not self._goods:
            return []
        words = list(_LETTERS.finditer(text))
        found: dict[tuple[int, int], dict[int, tuple[str, float]]] = defaultdict(dict)
        for term in trade_terms([m[0] for m in words], language):
            start, end = words[term.first].start(), words[term.last - 1].end()
            literal = {p for a, b, hits in matched if a < end and start < b for p in hits}
            for position, (name, weight) in self._goods.get(term.concept, {}).items():
                weight *= term.share
                if position not in literal and weight > found[start, end].get(position, ("", 0.0))[1]:
                    found[start, end][position] = (name, weight)
        return [(start, end, hits) for (start, end), hits in found.items() if hits]

    def _lines_with(self, word: str) -> dict[int, tuple[str, float]]:
        """Lines one of whose words this is: line → (the word there, its weight here)."""
        terms = {term for end in word_ends(word) for term in self._by_end.get(end, ())}
        alike = {term: value for term in terms if (value := likeness(word, term))}
        # Where the word itself is in a name, a compound of it in another name is not meant.
        least = max(alike.values(), default=0.0) - 0.15
        ranked = sorted(
            ((self._weights[term] * value, term) for term, value in alike.items() if value >= least), reverse=True
        )
        hits: dict[int, tuple[str, float]] = {}
        for weight, term in ranked:
            for position in self._holders[term]:
                first, before = hits.get(position, (term, 0.0))
                # A compound may hold two words of a name ("Akazientische" for "Gartentisch Akazie").
                hits[position] = (first, before + weight * (FURTHER if before else 1.0))
        return hits

    def _named(self, text: str, cluster: list[Hit]) -> list[ProductMention]:
        """The lines that a run of matching words names; a run may name several products one after another."""
        spans: dict[int, tuple[int, int]] = {}
        weights: dict[int, dict[str, float]] = defaultdict(dict)
        for start, end, hits in self._measures_and_words(text, cluster):
            for position, (term, weight) in hits.items():
                weights[position][term] = max(weight, weights[position].get(term, 0.0))
                spans[position] = (spans.get(position, (start, end))[0], end)
        # Numbers alone ("20 pieces") name nothing, however well they fit a measure.
        worded = {p for start, end, hits in cluster if not text[start:end].isdigit() for p in hits}
        totals = {p: sum(w.values()) for p, w in weights.items() if p in worded}
        totals = {p: total for p, total in totals.items() if total >= LEAST_WEIGHT}
        found: list[ProductMention] = []
        while totals:
            best = max(totals.values())
            alike = [p for p, total in totals.items() if total >= 0.93 * best]
            lead = spans[alike[0]]
            alike = [p for p in alike if spans[p][0] < lead[1] and lead[0] < spans[p][1]]
            score = min(0.93, 0.35 + 0.45 * best) / len(alike) ** 0.5
            for p in alike:
                found.append(self._mention(text, *spans[p], p, round(score, 3), "name"))
            # What overlaps the better fit is explained by it; what stands beside it is another product.
            totals = {
                p: total
                for p, total in totals.items()
                if p not in alike and not any(spans[p][0] < spans[a][1] and spans[a][0] < spans[p][1] for a in alike)
            }
        return found

    @staticmethod
    def _measures_and_words(text: str, cluster: list[Hit]) -> list[Hit]:
        """Without a number that counts what follows it: "200 cleats" is not the cleat of 200 mm."""
        if len(cluster) > 1:
            (start, end, _), (following, stop, _) = cluster[:2]
            counts = text[start:end].isdigit() and following - end <= 2 and stop - following > LONGEST_UNIT
            if counts and text[following:stop].isalpha():
                return cluster[1:]
        return cluster

    def _mention(self, text: str, start: int, end: int, position: int, score: float, how: How) -> ProductMention:
        line = self.lines[position]
        return ProductMention(start, end, text[start:end], line.id, line.product_id, score, how)


def _same_product(cluster: list[Hit], hits: dict[int, tuple[str, float]]) -> bool:
    """Whether a word after a comma or "and" still belongs to the product named before it ("table, walnut")."""
    totals: dict[int, float] = defaultdict(float)
    for _, _, earlier in cluster:
        for position, (_, weight) in earlier.items():
            totals[position] += weight
    best = max(totals.values())
    return any(p in hits and total >= 0.93 * best for p, total in totals.items())


def _codes(line: OrderLine, book: OrderBook, partner: int | None) -> list[tuple[str, How]]:
    codes: list[tuple[str, How]] = [(line.code, "code")]
    codes += [(code, "supplier_code") for code in re.findall(r"\[([^\]\n]{2,40})\]", line.description)]
    product = book.products.get(line.product_id or 0)
    if product:
        codes.append((product.barcode, "barcode"))
        own = [c for c in product.supplier_codes if book.directory.commercial(c.partner_id) == partner]
        codes += [(c.code, "supplier_code") for c in own or product.supplier_codes]
    return codes


def _names(line: OrderLine, book: OrderBook, partner: int | None) -> list[str]:
    """What the line's product is called: by us, on the order, by its supplier."""
    product = book.products.get(line.product_id or 0)
    theirs = product.supplier_codes if product else ()
    return [
        line.name,
        line.description,
        *(c.name for c in theirs if book.directory.commercial(c.partner_id) == partner),
    ]


@lru_cache(20_000)
def _goods_in(name: str) -> dict[int, tuple[str, float]]:
    """Concepts of a product's name: concept → (its words there, how much of them it explains)."""
    words = [plain(m[0]) for m in _LETTERS.finditer(re.sub(r"\[[^\]]*\]", " ", name))]
    return {term.concept: (" ".join(words[term.first : term.last]), term.share) for term in trade_terms(words)}


def is_code(key: str, code: str) -> bool:
    """Whether a code can be told from a quantity or a word where it stands alone."""
    if key.isdigit():
        return len(key) >= 4
    return len(key) >= 3 and (any(c.isdigit() for c in key) or (len(key) >= 4 and code.upper() == code))


def _is_amount(text: str, start: int, end: int) -> bool:
    """Digits that are a year, a part of a longer number, or a price are not a code of digits alone."""
    written = text[start:end]
    if not written.replace(" ", "").isdigit():
        return written.isalpha() and written.upper() != written
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    year = len(written) == 4 and written[:2] in ("19", "20")
    return year or bool(re.search(r"\d[.,/:-]$|[€$£]\s?$", before) or re.match(r"[.,/:-]\d|\s?[€$£%]", after))
