"""The way of one message: recall → understand → match → compare → propose → rate. No input or output but the tools."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from agent.candidates import Recall
from agent.compare import changes
from agent.details import add_details, replacement_wanted
from agent.drafts import Matter, draft
from agent.held import Held, known_held, mirrored_held, order_behind, read_held
from agent.impact import impact
from agent.intents import IntentModel
from agent.match import Ranked
from agent.orderbook import OrderBook
from agent.orders import INVOICE, PICKING, Order, Product, RecordKey
from agent.products import product_documents
from agent.proposal import Candidate, Evidence, Fields, Lane, Proposal, RecordRef, Triage
from agent.propose import Facts, Policy, policy_in_force, propose
from agent.rate import Calibration
from agent.recall import recall
from agent.references import References
from agent.sender import Sender
from agent.stakes import stakes
from agent.taught import NOTHING, Taught
from agent.taxonomy import INTENTS_WITHOUT_RECORD, taxonomy
from agent.topics import Finding, Understander, Understanding
from agent.trust import Suspicion, suspect
from agent.weigh import IntentWeights
from tools.embedding import Embedder
from tools.folder_lock import hold
from tools.index import RecordIndex
from tools.message import Message
from tools.records import RecordReader, RecordsError

CANDIDATES_SHOWN = 5
NEVER_COMES = frozenset({"item_unavailable", "order_rejection"})


@dataclass
class Study:
    """What is known of a message before anything is proposed: what it could be about, what it says, whether to trust it."""

    message: Message
    recalled: Recall
    understanding: Understanding
    suspicion: Suspicion
    clock: Clock


class TriageEngine:
    """Engine `local`. It holds the order book and index of one state of the records; `follow` takes it to a newer one.

    With `live`, each record that is matched is read there again, and what `reader` holds counts only where that fails.
    """

    def __init__(
        self,
        reader: RecordReader,
        *,
        embedder: Embedder,
        index: RecordIndex,
        model: IntentModel,
        weights: IntentWeights,
        live: RecordReader | None = None,
        order_store: Path | None = None,
    ) -> None:
        self.reader = reader
        self.book = OrderBook(reader, order_store)
        self.references = References(self.book)
        self.live = live
        self.embedder = embedder
        self.index = index
        self.model = model
        self.weights = weights
        self.calibration = Calibration.load()
        self._indexed: Mapping[int, Product] | None = None
        self.refresh()

    def follow(self, reader: RecordReader) -> None:
        """Makes the engine hold the reader's present records; what did not change is not read again."""
        self.reader = reader
        self.refresh()

    @property
    def policy(self) -> Policy:
        return policy_in_force()

    def refresh(self) -> None:
        self.book.follow(self.reader)
        if self._indexed is not self.book.products:
            self.index.build(product_documents(self.book.products.values()))
            self._indexed = self.book.products
        self.understander = Understander(self.book, self.model, self.weights, self.embedder)

    def triage(self, message: Message, taught: Taught = NOTHING) -> Triage:
        """Proposals for one message. `taught` is what people taught about reading such a message. Does not raise on a
        message's content; raises RecordsError if records cannot be read."""
        return self.conclude(self.study(message, taught))

    def rehearse(self, message: Message, taught: Taught) -> Triage:
        """What `triage` would say out of the records that are held here: nothing is asked of a live Odoo."""
        return self.conclude(self.study(message, taught), live=False)

    def study(self, message: Message, taught: Taught = NOTHING) -> Study:
        """Recall and understand: what is known of a message before anything is compared or proposed."""
        if self.reader.version() != self.book.version:
            self.refresh()
        clock = Clock()
        with clock.step("recall"):
            recalled = recall(message, self.book, self.references, self.index, taught)
        with clock.step("understand"):
            understanding = self.understander.understand(message, recalled)
            suspicion = self._suspect(message, recalled, understanding)
        return Study(message, recalled, understanding, suspicion, clock)

    def reread(self, study: Study, findings: list[Finding]) -> Study:
        """The same study with other findings; whether the message is to be trusted is judged anew with them."""
        understanding = replace(study.understanding, findings=findings)
        suspicion = self._suspect(study.message, study.recalled, understanding)
        return Study(study.message, study.recalled, understanding, suspicion, Clock())

    def conclude(self, study: Study, *, live: bool = True) -> Triage:
        """Compare, propose and rate: from the findings of a study to proposals. `live`: with Odoo itself, where it can
        be asked. Raises RecordsError."""
        message, recalled, understanding, suspicion, clock = (
            study.message,
            study.recalled,
            study.understanding,
            study.suspicion,
            study.clock,
        )
        proposals: list[Proposal] = []
        for finding in understanding.findings:
            with clock.step("compare"):
                proposals.append(self._compare(message, finding, suspicion, understanding, live=live))
        if message.bounce and proposals:
            proposals[0].candidates = self._returned(recalled)
        _share_shipment(proposals)
        manual_reason = self._manual(proposals, suspicion, documents=bool(message.documents))
        for proposal in proposals:
            proposal.reasons.extend(recalled.taught.said)
        with clock.step("rate"):
            self._rate(proposals, manual=manual_reason is not None)
        return Triage(
            message_id=message.id,
            proposals=proposals,
            candidates=[c for p in proposals[:1] for c in p.candidates],
            manual=manual_reason is not None,
            manual_reason=manual_reason,
            sender_known_by=recalled.sender.partners[0].how if recalled.sender.partners else None,
            seconds=clock.seconds,
            versions=self.versions(),
        )

    def lane_of(self, proposal: Proposal, confidence: float) -> Lane:
        """The lane of a proposal that a person may see as what it is, at a confidence."""
        lane = self.calibration.lane(confidence) if self.calibration else Lane.check
        if proposal.intent == "unclear":
            return Lane.manual
        guarded = _is_strangers(proposal) or proposal.held_from == "mirror"
        return Lane.check if lane is Lane.ready and guarded else lane

    def versions(self) -> dict[str, str]:
        return {
            "engine": "local/1",
            "intents": self.model.digest,
            "weights": self.weights.digest,
            "calibration": self.calibration.digest if self.calibration else "none",
            "policy": self.policy.digest,
            "taxonomy": taxonomy().digest,
            "records": self.book.version,
        }

    def _compare(
        self, message: Message, finding: Finding, suspicion: Suspicion, understanding: Understanding, *, live: bool
    ) -> Proposal:
        if not live or self.live is None or finding.record is None:
            return self._propose(
                message, finding, suspicion, understanding, known_held(self.book, finding.record), self.reader
            )
        now = datetime.now(UTC)
        try:
            held = read_held(self.live, self.book, finding.record)
            proposal = self._propose(message, finding, suspicion, understanding, held, self.live)
            proposal.held_at, proposal.held_from = _iso(now), "odoo"
        except RecordsError as error:
            held = mirrored_held(self.reader, self.book, finding.record)
            proposal = self._propose(message, finding, suspicion, understanding, held, self.reader)
            as_of = self.reader.as_of()
            proposal.held_at, proposal.held_from = _iso(as_of), "mirror"
            proposal.reasons.append(f"What Odoo holds is shown as it was {_ago(as_of, now)}. {error}")
        return proposal

    def _propose(
        self,
        message: Message,
        finding: Finding,
        suspicion: Suspicion,
        understanding: Understanding,
        held: Held,
        reader: RecordReader,
    ) -> Proposal:
        order = held.order
        fields = finding.filled.fields
        given = fields.model_dump(exclude={"lines"}, exclude_none=True)
        details = add_details(finding.intent, fields, message, finding.saids, order)
        evidence = finding.filled.evidence + [e for e in details if e.field not in given]
        for name, value in given.items():  # what the finding states itself comes before what is read here
            setattr(fields, name, value)
        if finding.record and finding.record[0] == INVOICE:
            fields.invoice = fields.invoice or self.book.name_of(finding.record)
        listed_changes = changes(order, fields)
        consequence = impact(reader, self.book, order, fields, never_comes=finding.intent in NEVER_COMES)
        facts = self._facts(finding, fields, order, bool(consequence.late), suspicion)
        actions = propose(finding.intent, fields, listed_changes, facts, self.policy)
        matter = Matter(finding.intent, message, finding.record, fields, consequence, self.book)
        for action in actions:
            action.draft = draft(action.name, matter)
        return Proposal(
            intent=finding.intent,
            record=self._reference(finding.record),
            candidates=self._candidates(finding.ranked),
            fields=fields,
            evidence=_unique(evidence),
            changes=listed_changes,
            impact=consequence,
            stakes=stakes(self.reader, self.book, order, consequence),
            actions=actions,
            reasons=[*finding.reasons, *self._stranger(finding, order), *finding.filled.notes, *suspicion.notes()],
            features=finding.features(message, suspicion, len(understanding.findings), understanding.unread),
            record_write_date=held.write_date,
            line_write_dates=held.line_write_dates,
        )

    def _stranger(self, finding: Finding, order: Order | None) -> list[str]:
        """A sentence where somebody writes about a record that is not known to be theirs."""
        if order is None or finding.from_event or finding.ranked[0].sender:
            return []
        owner = self.book.directory.name(order.commercial_partner_id).rstrip(".")
        return [f"The sender's address is not known to belong to {owner}."]

    def _facts(self, finding: Finding, fields: Fields, order: Order | None, late: bool, suspicion: Suspicion) -> Facts:
        direction = None
        if finding.record and finding.record[0] == PICKING:
            direction = self.book.pickings[finding.record[1]].kind
        lines = {line.line_id for line in fields.lines}
        return Facts(
            record_known=finding.record is not None,
            date_unknown=any(x.date_unknown for x in fields.lines) and not any(x.date for x in fields.lines),
            customers_late=late,
            substitute_offered=any(x.substitute for x in fields.lines),
            other_supplier=self._other_supplier(order, lines) if order else False,
            direction=direction,
            reason=fields.reason,
            replacement_wanted=replacement_wanted(finding.saids),
            suspected_fraud=bool(suspicion.fraud),
        )

    def _other_supplier(self, order: Order, lines: set[int | None]) -> bool:
        """Whether another partner is on file as supplier of a line that was named."""
        for line in order.lines:
            product = self.book.products.get(line.product_id or 0)
            if line.id in lines and product:
                suppliers = {self.book.directory.commercial(c.partner_id) for c in product.supplier_codes}
                if suppliers - {order.commercial_partner_id, None}:
                    return True
        return False

    def _reference(self, key: RecordKey | None) -> RecordRef | None:
        return RecordRef(model=key[0], id=key[1], name=self.book.name_of(key)) if key else None

    def _candidates(self, ranked: list[Ranked]) -> list[Candidate]:
        return [
            Candidate(model=r.key[0], id=r.key[1], name=r.name, score=round(r.score, 4), reasons=r.reasons)
            for r in ranked[:CANDIDATES_SHOWN]
        ]

    def _manual(self, proposals: list[Proposal], suspicion: Suspicion, *, documents: bool) -> str | None:
        """Why the whole message goes to a person, or None. Documents that are not clear say why themselves."""
        if suspicion.fraud:
            _only_unclear(proposals, self.policy, fraud=True)
            return "; ".join(suspicion.fraud)
        if not proposals:
            return "nothing in it could be understood"
        if all(p.intent == "unclear" for p in proposals):
            stated = proposals[0].reasons[:1] if documents else []
            return stated[0] if stated else "it is too vague, contradictory or about something else"
        lost = [p for p in proposals if p.record is None and p.intent not in INTENTS_WITHOUT_RECORD]
        if lost and not any(p.record for p in proposals) and all(p.intent != "price_change" for p in lost):
            return "no record of ours that fits was found"
        return None

    def _returned(self, recalled: Recall) -> list[Candidate]:
        """The records named letter by letter in a mail of ours that came back; a number of digits alone may be any."""
        named = [r.record for m in recalled.mentions if not m.mention.bare for r in m.mention.exact]
        said = ["It is named in the mail that came back."]
        return [
            Candidate(model=key[0], id=key[1], name=self.book.name_of(key), score=1.0, reasons=said)
            for key in list(dict.fromkeys(named))[:CANDIDATES_SHOWN]
        ]

    def _suspect(self, message: Message, recalled: Recall, understanding: Understanding) -> Suspicion:
        sender = recalled.sender
        return suspect(
            message,
            known_sender=_is_known(recalled),
            lookalike_of=sender.lookalike_of or self._imitated(sender, understanding.findings),
            speaks_business=understanding.speaks_business,
            claims=self.book.directory.name(sender.claims) or None,
            free_mail=sender.free_mail,
            shows=sender.shows,
        )

    def _imitated(self, sender: Sender, findings: list[Finding]) -> str | None:
        """The domain whose name the sender's extends, where it poses as its owner: by name, or by speaking of the
        owner's orders. A firm that merely shares a word with another does neither."""
        if sender.extends is None:
            return None
        owners = (order.commercial_partner_id for f in findings if (order := order_behind(self.book, f.record)))
        theirs = any(self.book.directory.is_of(sender.extends, owner) for owner in owners)
        return sender.extends if sender.poses or theirs else None

    def _rate(self, proposals: list[Proposal], *, manual: bool) -> None:
        for proposal in proposals:
            if self.calibration is None:
                proposal.confidence = 0.5
            else:
                proposal.confidence, proposal.parts, _ = self.calibration.rate(proposal.features)
            proposal.lane = Lane.manual if manual else self.lane_of(proposal, proposal.confidence)


def _share_shipment(proposals: list[Proposal]) -> None:
    """One shipment that carries several orders is named once: its number and carrier hold for each of them."""
    notices = [p for p in proposals if p.intent == "shipment_notice"]
    for name in ("tracking", "carrier"):
        values = {value for p in notices if (value := getattr(p.fields, name))}
        for proposal in notices if len(values) == 1 else ():
            setattr(proposal.fields, name, next(iter(values)))


def _is_strangers(proposal: Proposal) -> bool:
    """Whether a person writes about a record that is not known to be theirs."""
    f = proposal.features
    return proposal.record is not None and not f.get("sender_known") and not f.get("from_event")


def _only_unclear(proposals: list[Proposal], policy: Policy, *, fraud: bool) -> None:
    """Whatever else a suspicious message says is not acted upon."""
    actions = propose("unclear", Fields(), [], Facts(suspected_fraud=fraud), policy)
    proposals[:] = [Proposal(intent="unclear", actions=actions, features=proposals[0].features if proposals else {})]


def _is_known(recalled: Recall) -> bool:
    """Whether the address itself (not just its display name) is a partner's, ours or a carrier's."""
    sender = recalled.sender
    return sender.role in ("internal", "carrier") or any(
        m.how in ("email", "domain", "taught") for m in sender.partners
    )


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _ago(moment: datetime | None, now: datetime) -> str:
    return f"{max(int((now - moment).total_seconds() // 60), 0)} min before" if moment else "at some earlier time"


def _unique(evidence: list[Evidence]) -> list[Evidence]:
    return list({(e.field, e.part, e.start, e.end): e for e in evidence}.values())


class Clock:
    """Seconds by step, summed over repeated steps."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started


def build_engine(
    reader: RecordReader,
    *,
    index_dir: Path | None = None,
    embedder: Embedder | None = None,
    weights: IntentWeights | None = None,
    live: RecordReader | None = None,
) -> TriageEngine:
    """The engine over a reader's records. With `index_dir` orders, index and embeddings are kept between starts; an
    `embedder` that stands already, or other `weights` than those that ship, are used as they are. `live` is Odoo itself,
    where `reader` is a mirror of it.

    Raises FolderInUse where another process works in `index_dir`."""
    if index_dir:
        hold(index_dir)
    embedder = embedder or Embedder(index_dir / "embeddings.sqlite" if index_dir else None)
    return TriageEngine(
        reader,
        embedder=embedder,
        index=RecordIndex(embedder, index_dir),
        model=IntentModel.load(),
        weights=weights or IntentWeights.load(),
        live=live,
        order_store=index_dir / "orders.sqlite" if index_dir else None,
    )
