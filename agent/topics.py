"""What a message is about: its statements gathered by the order that they speak of, each read against that order."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from agent.candidates import LocatedMention, Recall
from agent.edi_news import read_documents
from agent.fields import Context, Filled, fill
from agent.intents import NONE, IntentModel, Matrix
from agent.lexicon import LANGUAGES
from agent.line_news import NOT_NEW, OrderNews, gather
from agent.match import NAMED, Ranked, rank_orders, rank_shipments, wanted_model
from agent.orderbook import OrderBook
from agent.orders import INVOICE, PICKING, Order, RecordKey
from agent.product_mentions import ProductFinder
from agent.said import Said, observe, without_the_unchanged
from agent.segments import Statement, statements
from agent.table_news import Stretch, add_tables
from agent.taught import Taught
from agent.taxonomy import INTENTS_WITHOUT_RECORD, taxonomy
from agent.trust import Suspicion, speaks_to_machine
from agent.understand import Reading, Topic, read_topic, score_statements, statement_count
from agent.weigh import CHANGES, IntentWeights, Situation
from tools.embedding import Embedder
from tools.message import Channel, Message, PassageKind

CLAIMED_AT = 0.5
SECONDARY_AT = 0.5
BORNE_OUT_AT = 0.3
FEW_WORDS = 14
# What is asked or told of one order of a list holds for the others.
LISTED = frozenset({"order_status_query", "order_confirmation", "shipment_notice", "order_cancellation"})
NEEDS_LINES = frozenset({*CHANGES, "item_unavailable", "order_change"})
ABOUT_INVOICES = frozenset({"billing_query", "supplier_invoice_issue"})


@dataclass
class Finding:
    """One intent with its record (or none), its fields, and the ranking that led to the record."""

    intent: str
    record: RecordKey | None
    ranked: list[Ranked]
    reading: Reading
    similarity: float
    from_event: bool = False

    @property
    def filled(self) -> Filled:
        return self.reading.filled

    @property
    def saids(self) -> list[Said]:
        return self.reading.saids

    @property
    def reasons(self) -> list[str]:
        return list(self.ranked[0].reasons) if self.record and self.ranked else []

    def features(self, message: Message, suspicion: Suspicion, findings: int, unread: Unread) -> dict[str, float]:
        """The numbers that the calibrators see; their names are those of `agent.rate.FEATURES`."""
        top = self.ranked[0] if self.ranked else None
        second = self.ranked[1].score if len(self.ranked) > 1 else 0.0
        filled = self.filled
        states_lines = any(name.startswith("lines.") for name in taxonomy().intents[self.intent].fields)
        stated = len(filled.fields.lines)
        return {
            "intent": self.reading.probability,
            "intent_margin": self.reading.margin,
            "message": self.reading.message,
            "similarity": self.similarity,
            "record": top.score if top and self.record else 0.0,
            "record_margin": top.score - second if top and self.record else 0.0,
            "exact_reference": float(bool(top and self.record and top.named in ("exact", "posted"))),
            "near_reference": float(bool(top and self.record and top.named == "near")),
            "sender_known": float(bool(top and self.record and top.sender)),
            "lines": filled.lines,
            "values": filled.values,
            "ambiguous": float(filled.ambiguous),
            "from_table": float(filled.from_table),
            "from_event": float(self.from_event),
            "no_record": float(self.intent in INTENTS_WITHOUT_RECORD),
            "proposals": float(findings - 1),
            "supported": filled.supported,
            "language": float(message.language in LANGUAGES),
            "suspicious": float(bool(suspicion.orders_to_machine)) + float(bool(message.problems)),
            "long": statement_count(self.reading.saids),
            "states_lines": float(states_lines),
            "without_lines": float(states_lines and not stated),
            "many_lines": math.log2(1 + stated),
            "unnamed": float(bool(self.record and top and not top.named)),
            "rivals": 1.0 - self.reading.margin,
            "unread": unread.said,
            "unread_orders": math.log2(1 + unread.orders),
            "unread_dates": math.log2(1 + unread.dates),
        }


@dataclass(frozen=True)
class Unread:
    """What a message also says and no finding took up: `said`, the surest other matter of any statement (0..1); how many
    further orders it names; how many further days to come."""

    said: float = 0.0
    orders: int = 0
    dates: int = 0


@dataclass
class Understanding:
    """`topics` are what the findings were read from."""

    findings: list[Finding] = field(default_factory=list)
    speaks_business: bool = False
    topics: list[Topic] = field(default_factory=list)
    unread: Unread = Unread()


class Understander:
    """Reads messages against one order book."""

    def __init__(self, book: OrderBook, model: IntentModel, weights: IntentWeights, embedder: Embedder) -> None:
        self.book = book
        self.model = model
        self.weights = weights
        self.embedder = embedder

    def understand(self, message: Message, recall: Recall) -> Understanding:
        role = recall.sender.role
        saids = self._observe(message, recall)
        named = any(m.mention.exact and m.place != "hidden" for m in recall.mentions)
        if message.event is not None and message.event.intent is not None:
            return Understanding([self._event(message, recall, saids)], True)
        if message.documents:
            return self._documents(message, recall)
        tracked = role == "carrier" and any(m.mention.kind == "tracking" for m in recall.mentions)
        if message.bounce or (message.auto_reply and not tracked):
            return Understanding([_plain("auto_reply", saids)], named)
        whole, similarity = score_statements(saids, role, self.model, self.embedder)
        if role == "carrier" and any(d.role == "new" for said in saids for d in said.dates):
            whole = self._rather_delay(whole, saids)
        findings: list[Finding] = []
        topics = self._topics(message, recall, saids, whole)
        for topic, ranked in topics:
            findings += self._read(topic, ranked, recall, similarity, findings, _posted_on(message))
        kept = _without_echoes(findings)
        return Understanding(kept, named, [topic for topic, _ in topics], self._unread(message, kept, recall, saids))

    def _unread(self, message: Message, findings: list[Finding], recall: Recall, saids: list[Said]) -> Unread:
        taken = {self.model.classes.index(f.intent) for f in findings} | {
            self.model.classes.index(name) for name in (NONE, *INTENTS_WITHOUT_RECORD)
        }
        others = [i for i in range(len(self.model.classes)) if i not in taken]
        said = max((float(s.scores[others].max()) for s in saids if len(s.scores) and not s.unchanged), default=0.0)
        read = {key for f in findings if f.record for key in self.book.orders_behind(f.record)}
        named = [m for m in recall.mentions if m.place not in ("hidden", "quoted")]
        orders = {key for m in named for r in m.mention.exact for key in self.book.orders_behind(r.record)}
        stated = {
            d for f in findings for line in f.filled.fields.lines for d in (line.date, *(x.date for x in line.splits))
        }
        today = message.received_at.date()
        dates = {
            d.date.isoformat() for s in saids for d in s.dates if d.date and d.date > today and d.role not in NOT_NEW
        }
        return Unread(said, len(orders - read), len(dates - stated))

    def _rather_delay(self, whole: Matrix, saids: list[Said]) -> Matrix:
        """A carrier that states a new date tells of a delay, not of a normal event: that share moves over."""
        normal, delay = self.model.classes.index("delivery_update"), self.model.classes.index("transit_delay")
        rows = [whole.copy(), *(said.scores.copy() for said in saids)]
        for row in rows:
            row[delay], row[normal] = row[delay] + row[normal], 0.0
        for said, row in zip(saids, rows[1:], strict=True):
            said.scores = row
        return rows[0]

    def _observe(self, message: Message, recall: Recall) -> list[Said]:
        """The statements that count, with what is recognised in them."""
        found = self._statements(message, recall)
        saids = [observe(s, now=message.received_at, language=message.language, day_first=None) for s in found]
        for said in saids:
            located = [
                replace(
                    m.mention, start=m.mention.start - said.statement.start, end=m.mention.end - said.statement.start
                )
                for m in recall.mentions
                if _within(m, said.statement)
            ]
            said.references = located
            said.quantities = [
                q for q in said.quantities if not any(r.start < q.end and q.start < r.end for r in located)
            ]
        return saids

    def _statements(self, message: Message, recall: Recall) -> list[Statement]:
        new = statements(message, PassageKind.new)
        words = sum(len(s.text.split()) for s in new if s.part == "body")
        kinds = [PassageKind.new]
        if recall.sender.forwarded_by or words < FEW_WORDS:
            kinds.append(PassageKind.forwarded)
        found = statements(message, *kinds, attachments=words < 2 * FEW_WORDS)
        heard = [s for row in found for s in _cells_heard(row) if not speaks_to_machine(s.text)]
        return [clause for s in heard for clause in without_the_unchanged(s, message.language)]

    def _event(self, message: Message, recall: Recall, saids: list[Said]) -> Finding:
        """A carrier's coded event: the code says what happened; the text may name lines."""
        event = message.event
        assert event is not None
        assert event.intent is not None
        ranked = rank_shipments(None, recall, event.intent, self.book, set())
        record = ranked[0].key if ranked and ranked[0].score >= CLAIMED_AT else None
        picking = self.book.pickings.get(record[1]) if record else None
        order = self.book.order(picking.order) if picking and picking.order else None
        self._name_products(saids, order, message, recall.taught)
        news = OrderNews()
        gather(news, saids, order)
        today = message.received_at.date()
        filled = fill(event.intent, Context(saids, order, news, today, coded=True))
        reading = Reading(event.intent, 1.0, 1.0, 1.0, filled, saids)
        return Finding(event.intent, record, ranked, reading, 1.0, from_event=True)

    def _documents(self, message: Message, recall: Recall) -> Understanding:
        """What EDI documents state; and of a mail that brings them what it says of changes beside."""
        said = read_documents(message.documents, recall, self.book)
        stranger = message.channel is Channel.email
        findings = [
            Finding(
                news.intent,
                news.record,
                news.ranked,
                Reading(news.intent, 1.0, 1.0, 1.0, news.filled),
                1.0,
                from_event=news.explicit and not (stranger and not (news.ranked and news.ranked[0].sender)),
            )
            for news in said
        ]
        if message.channel is not Channel.edi:
            shown = {document.part for document in message.documents}
            parts = [part for part in message.parts if part.name not in shown]
            words = self.understand(message.model_copy(update={"documents": [], "parts": parts}), recall)
            told = {finding.intent for finding in findings}
            beside = [f for f in words.findings if f.intent in NEEDS_LINES - told and f.filled.borne_out]
            changed = {f.record for f in beside}
            findings = [f for f in findings if f.intent != "order_confirmation" or f.record not in changed] + beside
        return Understanding(findings, True)

    def _topics(
        self, message: Message, recall: Recall, saids: list[Said], whole: Matrix
    ) -> list[tuple[Topic, list[Ranked]]]:
        """One topic for each order that the statements name, in reading order; else one for the order that fits best."""
        model = wanted_model(None, recall.sender.role)
        groups = self._grouped(saids, recall, model)
        topics: list[tuple[Topic, list[Ranked]]] = []
        for position, (key, said_here) in enumerate(groups):
            named = frozenset([key]) if key else frozenset()
            ranked = rank_orders(recall.candidates, said_here, recall, self.book, model, named)
            if not ranked and model is not None:
                ranked = rank_orders(recall.candidates, said_here, recall, self.book, None, named)
            top = ranked[0] if ranked and ranked[0].score >= CLAIMED_AT else None
            order = self.book.order(top.key) if top else None
            self._name_products(said_here, order, message, recall.taught)
            news = OrderNews()
            covered = add_tables(news, message, order, self.book, recall.taught)
            gather(news, [s for s in said_here if not _covered(s.statement, covered)], order)
            today = message.received_at.date()
            shipped = order is not None and any(p.state == "done" for p in self.book.pickings_of(order))
            situation = Situation(order, recall.sender.role, shipped, primary=position == 0)
            topics.append((Topic(situation, said_here, news, today, whole, self.model), ranked))
        return topics

    def _grouped(
        self, saids: list[Said], recall: Recall, model: str | None
    ) -> list[tuple[RecordKey | None, list[Said]]]:
        """Statements by the order that was named last before them. What comes before the first number belongs to it;
        orders that are only said to be unchanged make no topic."""
        groups: dict[RecordKey, list[Said]] = {}
        loose: list[Said] = []
        current: list[RecordKey] = []
        subject_keys: set[RecordKey] = set()
        for said in saids:
            keys = self._orders_named(said, recall, model)
            if said.statement.part == "subject":
                subject_keys = set(keys)
            elif subject_keys and len(keys) > 1 and subject_keys & set(keys):
                keys = [k for k in keys if k in subject_keys]
            if keys and said.unchanged and not set(keys) & set(groups) and not _states_values(said):
                continue
            if keys:
                current = keys
            for key in current:
                groups.setdefault(key, []).append(said)
            if not current:
                loose.append(said)
        if not groups:
            return [(None, saids)]
        first = next(iter(groups))
        groups[first] = loose + groups[first]
        return list(groups.items())

    def _orders_named(self, said: Said, recall: Recall, model: str | None) -> list[RecordKey]:
        keys: dict[RecordKey, None] = {}
        for mention in said.references:
            found = [key for r in mention.exact for key in self.book.orders_behind(r.record)]
            fitting = [k for k in found if model is None or k[0] == model]
            if len(fitting) > 1:
                scores = {k: c.score for k in fitting if (c := recall.candidate(k))}
                best = max(scores.values(), default=0.0)
                fitting = [k for k, score in scores.items() if score >= best - 0.02]
                if len(fitting) > 3:
                    continue
            keys.update(dict.fromkeys(fitting))
        return list(keys)

    def _name_products(self, saids: Sequence[Said], order: Order | None, message: Message, taught: Taught) -> None:
        """Which lines the statements name; the sender's own name and firm are no product, however alike they sound."""
        if order is None:
            return
        names = set(
            re.findall(
                r"[^\W\d_]{3,}",
                f"{message.sender.name} {self.book.directory.name(order.commercial_partner_id)}".casefold(),
            )
        )
        finder = ProductFinder(order.lines, self.book, order.commercial_partner_id, taught.codes)
        for said in saids:
            found = finder.find(said.text, language=message.language)
            said.products = [m for m in found if m.text.casefold() not in names]

    def _read(
        self,
        topic: Topic,
        ranked: list[Ranked],
        recall: Recall,
        similarity: float,
        before: list[Finding],
        posted_on: RecordKey | None,
    ) -> list[Finding]:
        findings: list[Finding] = []
        for reading in read_topic(topic, self.weights):
            least = BORNE_OUT_AT if reading.filled.borne_out else SECONDARY_AT
            if not topic.situation.primary and reading.probability < least:
                if not before or before[0].intent not in LISTED or any(s.unchanged for s in topic.saids):
                    continue
                reading.intent, reading.probability = before[0].intent, before[0].reading.probability
            further = bool(findings) or not topic.situation.primary
            if further and reading.intent in NEEDS_LINES and not reading.filled.fields.lines:
                continue
            record, order_ranking = self._record(reading, topic, ranked, recall, posted_on)
            findings.append(Finding(reading.intent, record, order_ranking, reading, similarity))
        return findings

    def _invoice(self, topic: Topic, posted_on: RecordKey | None) -> Ranked | None:
        """The invoice itself, where it is what was posted on, or it is named and its order is not: what a person would
        open."""
        named_records = {r.record: m.text for said in topic.saids for m in said.references for r in m.exact}
        named = next(((key, text) for key, text in named_records.items() if key[0] == INVOICE), None)
        order = topic.order.key if topic.order else None
        if named is not None and (order is None or order not in {*named_records, posted_on}):
            return self._ranked_invoice(named[0], f"{named[1]} is the invoice")
        if posted_on is not None and posted_on[0] == INVOICE:
            return self._ranked_invoice(posted_on, "it was posted on")
        return None

    def _ranked_invoice(self, key: RecordKey, why: str) -> Ranked:
        name = self.book.name_of(key)
        return Ranked(key, name, NAMED, 0.95, "exact", True, [f"{why} {name}."])

    def _record(
        self, reading: Reading, topic: Topic, ranked: list[Ranked], recall: Recall, posted_on: RecordKey | None
    ) -> tuple[RecordKey | None, list[Ranked]]:
        wanted = taxonomy().intents[reading.intent].record
        if wanted is None:
            return None, ranked
        invoice = self._invoice(topic, posted_on) if reading.intent in ABOUT_INVOICES else None
        if invoice is not None:
            return invoice.key, [invoice, *ranked]
        if wanted == PICKING:
            lines = {line_id for line_id in reading.filled.line_ids if line_id}
            ranked = rank_shipments(topic.order, recall, reading.intent, self.book, lines)
        top = ranked[0] if ranked else None
        return (top.key if top and top.score >= CLAIMED_AT else None), ranked


def _cells_heard(row: Statement) -> list[Statement]:
    """A row of a table without the cells from the first one on that speaks to a machine; other statements as they are."""
    start = 0
    for cell in row.text.split("\t"):
        if start and speaks_to_machine(cell):
            return [replace(row, end=row.start + start - 1, text=row.text[: start - 1])]
        start += len(cell) + 1
    return [row]


def _states_values(said: Said) -> bool:
    return bool(said.dates or said.unknown_dates or said.quantities or said.prices or said.percents)


def _posted_on(message: Message) -> RecordKey | None:
    return (message.document_model, message.document_id) if message.document_model and message.document_id else None


def _within(located: LocatedMention, statement: Statement) -> bool:
    return (
        located.part == statement.part
        and statement.start <= located.mention.start
        and located.mention.end <= statement.end
    )


def _covered(statement: Statement, stretches: list[Stretch]) -> bool:
    """Whether a statement lies in a row that was aligned, or in an attachment that brings such rows: what stands around
    its table (document date, bank, terms) is no news about lines."""
    attached = statement.part.startswith("attachment:")
    return any(
        p == statement.part and (attached or (statement.start < b and a < statement.end)) for p, a, b in stretches
    )


def _plain(intent: str, saids: list[Said]) -> Finding:
    return Finding(intent, None, [], Reading(intent, 1.0, 1.0, 1.0, Filled(), saids), 1.0, from_event=True)


def _without_echoes(findings: list[Finding]) -> list[Finding]:
    """One finding for each intent and record; beside a real finding, small talk and doubt say nothing."""
    found: dict[tuple[str, RecordKey | None], Finding] = {}
    for finding in findings:
        found.setdefault((finding.intent, finding.record), finding)
    kept = list(found.values())
    real = [f for f in kept if f.intent not in INTENTS_WITHOUT_RECORD]
    return real or kept[:1]
