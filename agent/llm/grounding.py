"""From claims to findings: what a model says counts as far as it is found again in the message and the records.

A record must have been shown, a line must be the record's, a quote must stand in what was sent, and a value must be what
our own readers read in that quote (or reckon from it and the record). What fails is dropped, with a sentence why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from agent.dates import find_dates
from agent.fields import Filled, fill, open_lines, product_of
from agent.held import order_behind
from agent.line_news import SAME_PRICE
from agent.llm.claims import Answer, FactClaim, FindingClaim
from agent.llm.look_ups import LookUps
from agent.llm.redaction import Redaction
from agent.llm.request import sent_spans
from agent.match import Ranked, rank_shipments
from agent.orders import INVOICE, PICKING, PURCHASE, SALE, Order, OrderLine, RecordKey
from agent.prices import apply_percent, find_percentages, read_number
from agent.proposal import Evidence, Fields, LineFields, Split
from agent.taxonomy import INTENTS_WITHOUT_RECORD, taxonomy
from agent.topics import ABOUT_INVOICES, CLAIMED_AT, Finding
from agent.triage import Study, TriageEngine
from agent.understand import Reading, Topic
from agent.weigh import CHANGES
from tools.message import Message

MOST_FINDINGS, MOST_FACTS, LONGEST_QUOTE = 12, 80, 600
UNSEEN_RECORD = 0.2
DETAILS = ("tracking", "carrier", "supplier_ref", "invoice", "address")
_NUMBER = re.compile(r"\d[\d.,'\u00a0 ]*\d|\d")


@dataclass
class Grounded:
    """`dropped`: a sentence for each claim that nothing bore out. `sure`: what the model says of its own certainty, by
    position of the finding; nothing but a number kept with the proposal."""

    findings: list[Finding] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    sure: list[float] = field(default_factory=list)


def ground(answer: Answer, study: Study, look_ups: LookUps, redaction: Redaction, engine: TriageEngine) -> Grounded:
    """The findings that message and records bear out; none at all when nothing does."""
    return _Grounding(study, look_ups, redaction, engine).run(answer)


class _Grounding:
    def __init__(self, study: Study, look_ups: LookUps, redaction: Redaction, engine: TriageEngine) -> None:
        self.study = study
        self.message = study.message
        self.shown = {name.casefold(): key for name, key in look_ups.shown.items()}
        self.redaction = redaction
        self.engine = engine
        self.book = engine.book
        self.result = Grounded()

    def run(self, answer: Answer) -> Grounded:
        seen: set[tuple[str, RecordKey | None]] = set()
        for claim in answer.findings[:MOST_FINDINGS]:
            finding = self._finding(claim)
            if finding is None or (finding.intent, finding.record) in seen:
                continue
            seen.add((finding.intent, finding.record))
            self.result.findings.append(finding)
            self.result.sure.append(min(max(claim.sure, 0.0), 1.0))
        self._without_small_talk()
        return self.result

    def _finding(self, claim: FindingClaim) -> Finding | None:
        intent = str(claim.intent)
        if self._locate(claim.quote) is None and intent not in INTENTS_WITHOUT_RECORD:
            self._drop(f"{intent}: its words are not in the message: {_short(claim.quote)}")
            return None
        wanted = taxonomy().intents[intent].record
        if wanted is None:
            return self._made(intent, None, [], None, Filled())
        named: RecordKey | None = None
        if claim.record:
            named = self.shown.get(claim.record.strip().casefold())
            if named is None:
                self._drop(f"{intent}: the record {_short(claim.record)} was not among those shown")
                return None
        order = order_behind(self.book, named)
        if not self._fits(wanted, named, order):
            self._drop(f"{intent} is not said of {self.book.name_of(named) if named else 'nothing'}")
            return None
        topic = self._topic(order)
        filled = self._filled(intent, claim.facts, order)
        if not filled.fields.lines and topic is not None and topic.order == order:
            # Where it states no values, our own readers fill them in.
            own = fill(intent, topic.context)
            own.fields, own.details = _with_details(own.fields, filled.fields), filled.details
            filled = own
        lines = {line_id for line_id in filled.line_ids if line_id}
        record, ranked = self._record(intent, wanted, named, order, lines)
        return self._made(intent, record, ranked, topic, filled)

    def _fits(self, wanted: str, named: RecordKey | None, order: Order | None) -> bool:
        """Whether the intent is one that is said of such a record: news of suppliers belong to purchase orders."""
        if named is None or order is None or wanted not in (PURCHASE, SALE):
            return True
        return order.model == wanted

    def _record(
        self, intent: str, wanted: str, named: RecordKey | None, order: Order | None, lines: set[int]
    ) -> tuple[RecordKey | None, list[Ranked]]:
        """The record of the kind that the intent is about: the one that is named, or the one behind it."""
        recalled = self.study.recalled
        if named is None:
            return None, []
        key = named
        if wanted == PICKING and named[0] != PICKING:
            ranked = rank_shipments(order, recalled, intent, self.book, lines)
            top = ranked[0] if ranked else None
            return (top.key, ranked) if top and top.score >= CLAIMED_AT else (None, ranked)
        if wanted in (PURCHASE, SALE) and named[0] == PICKING and order is not None:
            key = order.key
        if named[0] == INVOICE and intent not in ABOUT_INVOICES and order is not None:
            key = order.key
        ranking = next((f.ranked for f in self.study.understanding.findings if any(r.key == key for r in f.ranked)), [])
        first = next((r for r in ranking if r.key == key), None) or self._unranked(key)
        return key, [first, *(r for r in ranking if r.key != key)]

    def _unranked(self, key: RecordKey) -> Ranked:
        """A record that only the model took for the one: what recall knows of it."""
        candidate = self.study.recalled.candidate(key)
        ranked = Ranked(key, self.book.name_of(key), score=UNSEEN_RECORD, reasons=["The model found this record."])
        if candidate is not None:
            f = candidate.features
            ranked.score = min(candidate.score, UNSEEN_RECORD) if not f.get("exact") else candidate.score
            ranked.named = "exact" if f.get("exact") else "near" if f.get("near") else ""
            ranked.sender = bool(f.get("partner"))
            ranked.reasons = [*candidate.reasons, *ranked.reasons]
        return ranked

    def _topic(self, order: Order | None) -> Topic | None:
        topics = self.study.understanding.topics
        same = (t for t in topics if t.order is not None and order is not None and t.order.key == order.key)
        return next(same, topics[0] if topics else None)

    def _made(
        self, intent: str, record: RecordKey | None, ranked: list[Ranked], topic: Topic | None, filled: Filled
    ) -> Finding:
        """A finding with the numbers that our own reading has for it: how likely it holds the intent to be."""
        if topic is None and self.study.understanding.topics:
            topic = self.study.understanding.topics[0]
        share = margin = whole = 0.0
        if topic is not None and topic.evidence is not None:
            shares = self.engine.weights.shares(topic.evidence)
            share = shares.get(intent, 0.0)
            margin = share - max((s for name, s in shares.items() if name != intent), default=0.0)
            classes = topic.model.classes
            whole = float(topic.whole[classes.index(intent)]) if intent in classes else 0.0
        similarity = max((f.similarity for f in self.study.understanding.findings), default=0.0)
        reading = Reading(intent, share, margin, whole, filled, topic.saids if topic else [])
        return Finding(intent, record, ranked, reading, similarity)

    def _filled(self, intent: str, facts: list[FactClaim], order: Order | None) -> Filled:
        listed = {name.removeprefix("lines.") for name in taxonomy().intents[intent].fields}
        filled = Filled(values=0.0, supported=0.5)
        found: dict[int, tuple[LineFields, list[Evidence]]] = {}
        differs = False
        for fact in facts[:MOST_FACTS]:
            kind = "splits" if fact.field == "delivery" else "date" if fact.field == "date_unknown" else fact.field
            if kind not in listed:
                continue
            place = self._locate(fact.quote)
            if place is None:
                self._drop(f"{fact.field} {_short(fact.value)}: its words are not in the message: {_short(fact.quote)}")
                continue
            evidence = place.model_copy(update={"field": f"lines.{kind}" if kind not in DETAILS else kind})
            if kind in DETAILS or (kind == "date" and taxonomy().intents[intent].fields.count("lines.date") == 0):
                self._detail(fact, kind, evidence, filled)
                continue
            for line in self._lines(fact, order):
                stated = found.setdefault(line.id, (LineFields(line_id=line.id, product=product_of(line)), []))
                told = self._tell(fact, line, stated[0], evidence.text)
                if told is None:
                    self._drop(f"{fact.field} {_short(fact.value)} is not what {_short(fact.quote)} says")
                    continue
                stated[1].append(evidence)
                differs |= told
        for stated_line, evidences in found.values():
            if evidences:
                filled.add(stated_line, 0.9, *evidences)
        needs_lines = any(name.startswith("lines.") for name in taxonomy().intents[intent].fields)
        filled.values = 1.0 if filled.fields.lines or not needs_lines else 0.0
        if intent in CHANGES:
            filled.supported = 1.0 if differs else 0.0
        return filled

    def _detail(self, fact: FactClaim, kind: str, evidence: Evidence, filled: Filled) -> None:
        """A value of the message as a whole, which must stand in the quote as it is said to."""
        value = self.redaction.reveal(fact.value).strip()
        if kind == "date":
            days = self._days(evidence.text)
            if value not in days:
                self._drop(f"date {_short(value)} is not what {_short(fact.quote)} says")
                return
        elif _squeezed(value) not in _squeezed(evidence.text) or not value:
            self._drop(f"{kind} {_short(value)} does not stand in {_short(fact.quote)}")
            return
        setattr(filled.fields, kind, value)
        filled.details.append(evidence)

    def _lines(self, fact: FactClaim, order: Order | None) -> list[OrderLine]:
        if order is None:
            return []
        if fact.line is None:
            return (
                open_lines(order)
                if fact.field in ("date", "date_unknown", "price")
                else order.lines
                if len(order.lines) == 1
                else []
            )
        named = [line for line in order.lines if line.id == fact.line]
        if not named:
            self._drop(f"{order.name} has no line {fact.line}")
        return named

    def _tell(self, fact: FactClaim, line: OrderLine, stated: LineFields, quote: str) -> bool | None:
        """Writes the fact into `stated`. Gives whether it differs from what is held; None when the quote does not say it."""
        value = self.redaction.reveal(fact.value).strip()
        if fact.field == "date_unknown":
            stated.date_unknown = True
            return True
        if fact.field == "date":
            held = line.planned.date() if line.planned else None
            if value not in self._days(quote, held):
                return None
            stated.date = value
            return held is None or value != held.isoformat()
        if fact.field == "qty":
            qty = _number(value)
            if qty is None or not _reckoned(qty, quote, line):
                return None
            stated.qty = qty
            return qty not in (line.qty, line.open_qty)
        if fact.field == "price":
            price = self._price(value, quote, line)
            stated.price = price
            return None if price is None else abs(price - line.price) > SAME_PRICE
        if fact.field == "delivery":
            return self._delivery(value, quote, line, stated)
        if fact.field == "substitute" and value and _squeezed(value) in _squeezed(quote):
            stated.substitute = value
            return True
        return None

    def _price(self, value: str, quote: str, line: OrderLine) -> float | None:
        numbers = _numbers(quote)
        percent = re.fullmatch(r"([+-]?\d+(?:[.,]\d+)?)\s*%", value.replace(" ", ""))
        if percent:
            claimed = float(percent[1].replace(",", "."))
            read = [p.percent for p in find_percentages(quote, self.message.language)]
            return apply_percent(line.price, claimed)[0] if any(abs(abs(claimed) - p) < 1e-6 for p in read) else None
        price = _number(value)
        per = {1.0, 10.0, 100.0, 1000.0} & ({*numbers, 1.0})
        fits = price is not None and any(abs(price * p - n) < SAME_PRICE * p for n in numbers for p in per)
        return price if fits else None

    def _delivery(self, value: str, quote: str, line: OrderLine, stated: LineFields) -> bool | None:
        match = re.fullmatch(r"\s*(\d+(?:[.,]\d+)?)\D*?(?:on|@|:)?\s*(\d{4}-\d{2}-\d{2})\s*", value)
        qty = _number(match[1]) if match else None
        if match is None or qty is None or not _reckoned(qty, quote, line):
            return None
        if match[2] not in self._days(quote, line.planned.date() if line.planned else None):
            return None
        stated.splits.append(Split(qty=qty, date=match[2]))
        stated.splits.sort(key=lambda split: split.date or "")
        return True

    def _days(self, quote: str, held: date | None = None) -> set[str]:
        """The days that our own readers read in a quote; a move ("two weeks later") counts from the held date."""
        now: datetime = self.message.received_at
        days: set[date] = set()
        for mention in find_dates(quote, now=now, language=self.message.language):
            days |= {mention.date} if mention.date else set()
            days |= set(mention.alternatives)
            if mention.shift_days is not None and held is not None:
                days.add(held + timedelta(days=mention.shift_days))
        return {day.isoformat() for day in days}

    def _locate(self, quote: str) -> Evidence | None:
        return locate(self.redaction.reveal(quote), self.message)

    def _drop(self, why: str) -> None:
        self.result.dropped.append(why)

    def _without_small_talk(self) -> None:
        """Beside a real finding, small talk and doubt say nothing."""
        kept = [i for i, f in enumerate(self.result.findings) if f.intent not in INTENTS_WITHOUT_RECORD]
        if kept:
            self.result.findings = [self.result.findings[i] for i in kept]
            self.result.sure = [self.result.sure[i] for i in kept]
        else:
            self.result.findings, self.result.sure = self.result.findings[:1], self.result.sure[:1]


def locate(quote: str, message: Message) -> Evidence | None:
    """Where a quote stands in what was sent of a message; white space, marks of lines and case do not matter."""
    words = re.findall(r"\S+", re.sub(r"(?m)^\s*\|\s?", " ", quote[:LONGEST_QUOTE]).strip(" \"'“”„»«…\n\t"))
    if not words or sum(len(w) for w in words) < 2:
        return None
    pattern = re.compile(r"\s+".join(re.escape(w) for w in words), re.IGNORECASE)
    for part in message.parts:
        for start, end in sent_spans(part):
            match = pattern.search(part.text, start, end)
            if match:
                return Evidence(field="", part=part.name, start=match.start(), end=match.end(), text=match.group())
    return None


def _with_details(fields: Fields, stated: Fields) -> Fields:
    return fields.model_copy(update=stated.model_dump(exclude={"lines"}, exclude_none=True))


def _reckoned(qty: float, quote: str, line: OrderLine) -> bool:
    """Whether a quantity stands in the quote, is the line's own, or is what a number of the quote leaves of the line."""
    numbers = _numbers(quote)
    candidates = {
        *numbers,
        line.qty,
        line.open_qty,
        *(line.qty - n for n in numbers),
        *(line.open_qty - n for n in numbers),
    }
    return any(abs(qty - n) < 1e-6 for n in candidates)


def _number(value: str) -> float | None:
    match = _NUMBER.search(value)
    try:
        return read_number(match.group(), "en") if match else None
    except ValueError:
        return None


def _numbers(text: str) -> list[float]:
    """Every number of a text, read with a decimal point and with a decimal comma."""
    found = []
    for match in _NUMBER.finditer(text):
        for language in ("en", "de"):
            try:
                found.append(read_number(match.group().strip(), language))
            except ValueError:
                continue
    return found


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text).casefold()


def _short(text: str) -> str:
    """A claim in a log line: one line, quoted, cut."""
    flat = " ".join(text.split())
    return repr(flat if len(flat) <= 80 else flat[:79] + "…")
