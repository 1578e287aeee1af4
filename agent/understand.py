"""Engine `local`: from statements to findings, without a network.

Statements are classified by wording and meaning, gathered by the order that they speak of, and read against that
order's lines: a change that the values do not bear out loses to one that they do, and a confirmation that differs from
the order is the difference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import numpy as np

from agent.fields import Context, Filled, fill
from agent.intents import NONE, IntentModel, Matrix
from agent.line_news import OrderNews
from agent.orders import Order
from agent.said import Said
from agent.taxonomy import INTENTS_WITHOUT_RECORD
from agent.weigh import CHANGES, COMPARED, IntentWeights, Situation, TopicEvidence, evidence_of
from tools.embedding import Embedder

NEW_DATES = ("delivery_date_change", "partial_shipment", "order_change", "transit_delay", "shipment_notice")

EMBEDDED_STATEMENTS = 2
ALSO_SAID = 0.8
CHIEFLY = 0.3
HARDLY, LIKELY = 0.05, 0.5
SURELY_IDLE = 0.95
# Changes that stand side by side wherever the values of each differ from the order's.
SIDE_BY_SIDE = {
    "delivery_date_change": ("quantity_change", "price_change"),
    "quantity_change": ("delivery_date_change", "price_change"),
    "price_change": ("delivery_date_change", "quantity_change", "partial_shipment"),
    "partial_shipment": ("price_change",),
    "item_unavailable": ("delivery_date_change", "price_change"),
}
# What a message may say besides its chief matter, in a statement of its own.
_PAIRS = (
    ("delivery_date_change", "item_unavailable"),
    ("quantity_change", "item_unavailable"),
    ("price_change", "item_unavailable"),
    ("order_confirmation", "information_request"),
    ("order_confirmation", "supplier_invoice_issue"),
    ("shipment_notice", "supplier_invoice_issue"),
    ("delivery_date_change", "supplier_invoice_issue"),
    ("price_change", "information_request"),
    ("partial_shipment", "information_request"),
    ("order_cancellation", "billing_query"),
    ("order_cancellation", "order_change"),
    ("order_cancellation", "order_status_query"),
    ("order_change", "order_status_query"),
    ("order_cancellation", "complaint"),
    ("order_status_query", "complaint"),
    ("order_status_query", "billing_query"),
    ("order_status_query", "address_change"),
    ("order_status_query", "return_request"),
    ("order_change", "address_change"),
    ("order_change", "billing_query"),
    ("return_request", "billing_query"),
    ("return_request", "order_status_query"),
    ("complaint", "billing_query"),
    ("delivery_discrepancy", "billing_query"),
    ("goods_damaged", "billing_query"),
    ("goods_damaged", "delivery_discrepancy"),
)
BESIDE = frozenset(frozenset(pair) for pair in _PAIRS)


@dataclass
class Topic:
    """One order (or none) and the statements that speak of it. `whole`: class probabilities of the message."""

    situation: Situation
    saids: list[Said]
    news: OrderNews
    today: date
    whole: Matrix
    model: IntentModel

    @property
    def order(self) -> Order | None:
        return self.situation.order

    @property
    def context(self) -> Context:
        return Context(self.saids, self.order, self.news, self.today)

    def context_of(self, intent: str) -> Context:
        """The context with the lines that are named where the intent is spoken of, and not merely beside it ("X is no
        longer made. Y is in stock.")."""
        spoken = [(said, said.probability(self.model, intent)) for said in self.saids]
        most = max((share for _, share in spoken), default=0.0)
        named = {
            m.line_id for said, share in spoken if share >= most / 2 for m in said.products if m.line_id is not None
        }
        return replace(self.context, telling=frozenset(named if most >= LIKELY else ()))

    @cached_property
    def compared(self) -> dict[str, Filled]:
        """What the topic would state as each intent that the order's own values can bear out."""
        if self.order is None:
            return {}
        return {intent: fill(intent, self.context) for intent in (*COMPARED, "shipment_notice")}

    @cached_property
    def evidence(self) -> TopicEvidence | None:
        """What the weights are fitted on, and read by; None where nothing was said. Kept from before the lines are shared
        out among the intents, so that both see the same."""
        return evidence_of(self.saids, self.whole, self.compared, self.situation, self.model) if self.saids else None


@dataclass
class Reading:
    """One intent of a topic with its filled fields and the numbers behind the choice (all 0..1)."""

    intent: str
    probability: float
    margin: float
    message: float
    filled: Filled
    saids: list[Said] = field(default_factory=list)


def score_statements(saids: Sequence[Said], role: str, model: IntentModel, embedder: Embedder) -> tuple[Matrix, float]:
    """Give each statement its class probabilities; the most telling ones are also read by meaning.

    Returns the class probabilities of the message as a whole and its similarity to the training texts."""
    texts = [s.text for s in saids]
    words = model.ngram_scores(texts, [role] * len(texts))
    none = model.classes.index(NONE)
    for said, row in zip(saids, words, strict=True):
        said.scores = row
    telling = sorted(range(len(saids)), key=lambda i: float(words[i, none]))[:EMBEDDED_STATEMENTS]
    telling = [i for i in telling if words[i, none] < 0.9] or telling[:1]
    mixed, near = model.scores([texts[i] for i in telling], [role] * len(telling), embedder)
    for position, index in enumerate(telling):
        saids[index].scores = mixed[position]
    changing = [model.classes.index(name) for name in NEW_DATES if name in model.classes]
    idle = [model.classes.index(name) for name in INTENTS_WITHOUT_RECORD - {"unclear"} if name in model.classes]
    for said in saids:
        said.change = float(said.scores[changing].sum())
        said.beside_the_point = bool(said.scores[idle].sum() >= SURELY_IDLE)
    whole = model.ngram_scores(["\n".join(texts)[:1500]], [role])[0] if texts else np.zeros(len(model.classes))
    return np.asarray(whole, dtype=np.float32), float(near.max()) if len(near) else 0.0


def read_topic(topic: Topic, weights: IntentWeights) -> list[Reading]:
    """The intents that the topic's statements express, best first. Never empty: `unclear` is an answer."""
    scores = weights.shares(topic.evidence) if topic.evidence else {"unclear": 1.0}
    filled = topic.compared
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    best = ranked[0][0]
    chosen = [best] + [i for i, share in ranked[1:] if _also_said(i, share, best, topic)]
    chosen = _reconcile(chosen, filled, scores)
    chosen = _borne_out(chosen, filled, scores, topic.context_of("item_unavailable"))
    readings = []
    for intent in chosen:
        others = [score for name, score in scores.items() if name not in chosen]
        readings.append(
            Reading(
                intent=intent,
                probability=scores[intent],
                margin=scores[intent] - max(others, default=0.0),
                message=float(topic.whole[topic.model.classes.index(intent)]) if intent in topic.model.classes else 0.0,
                filled=filled.get(intent) or fill(intent, topic.context_of(intent)),
                saids=topic.saids,
            )
        )
    return readings


def _also_said(intent: str, share: float, best: str, topic: Topic) -> bool:
    """Whether a further intent is expressed: by values that differ from the order's in their own way, or by a statement
    of its own that is surely not about the chief one."""
    strongest = max(topic.saids, key=lambda said: said.probability(topic.model, intent), default=None)
    if strongest is None:
        return False
    said = strongest.probability(topic.model, intent)
    if intent in SIDE_BY_SIDE.get(best, ()):
        stated = topic.compared.get(intent)
        surely = stated is not None and (intent != "delivery_date_change" or bool(stated.surely) or stated.from_table)
        if stated is None or not stated.borne_out or not surely:
            return False
        chief = topic.compared.get(best)
        elsewhere = chief is not None and bool(chief.line_ids) and chief.line_ids.isdisjoint(stated.line_ids)
        return share >= HARDLY or said >= LIKELY or elsewhere
    pair = frozenset((best, intent)) in BESIDE
    if intent == "order_change" and not (intent in topic.compared and topic.compared[intent].borne_out):
        return False
    if intent == "order_status_query" and "?" not in strongest.text:
        return False
    return pair and said >= ALSO_SAID and strongest.probability(topic.model, best) < CHIEFLY


def _reconcile(chosen: list[str], filled: dict[str, Filled], scores: dict[str, float]) -> list[str]:
    """A confirmation that differs is the difference; several deliveries of a line are no mere other date."""
    supported = [i for i in CHANGES if i in filled and filled[i].borne_out]
    if "order_confirmation" in chosen and supported:
        differing = [i for i in supported if filled[i].from_table or scores[i] >= 0.12] or supported[:1]
        chosen = [i for i in chosen if i != "order_confirmation"] + [i for i in differing if i not in chosen]
    if any(i in chosen for i in CHANGES) and "shipment_notice" not in chosen:
        chosen += [i for i in supported if filled[i].from_table and i not in chosen]
    if "shipment_notice" in chosen and "shipment_notice" in filled and "delivery_date_change" in supported:
        _part_ways(chosen, filled)
    if "partial_shipment" in chosen and "delivery_date_change" in chosen:
        moved, split_lines = filled["delivery_date_change"], filled["partial_shipment"].line_ids
        rest = moved.line_ids - split_lines
        if split_lines and not rest:
            chosen.remove("delivery_date_change")
        elif rest and split_lines:
            moved.keep(rest)
    return chosen


def _borne_out(chosen: list[str], filled: dict[str, Filled], scores: dict[str, float], context: Context) -> list[str]:
    """Several deliveries of which only one date is stated are another date; and a line that is said to come, in another
    number or on a day not known yet, is not unavailable besides. A change without a value says nothing beside one
    that has one."""
    moved = filled.get("delivery_date_change")
    one_date = moved and moved.fields.lines and not filled["partial_shipment"].fields.lines
    if "partial_shipment" in chosen and one_date:
        chosen = ["delivery_date_change" if i == "partial_shipment" else i for i in chosen]
        scores["delivery_date_change"] += scores.pop("partial_shipment")
    if "item_unavailable" in chosen[1:]:
        filled["item_unavailable"] = fill("item_unavailable", context)
        told = {line_id for i in chosen if i in CHANGES and i in filled for line_id in filled[i].line_ids}
        if not filled["item_unavailable"].line_ids - told:
            chosen = [i for i in chosen if i != "item_unavailable"]
    valued = [i for i in chosen if i in (*CHANGES, "item_unavailable") and i in filled and filled[i].fields.lines]
    return [i for i in dict.fromkeys(chosen) if i not in CHANGES or i in valued or not valued]


def _part_ways(chosen: list[str], filled: dict[str, Filled]) -> None:
    """Some lines were dispatched, others come later: each line belongs to one of the two."""
    later, shipped = filled["delivery_date_change"], filled["shipment_notice"]
    surely = later.line_ids & later.surely
    gone = shipped.line_ids - surely
    if surely and gone:
        later.keep(surely)
        shipped.keep(gone)
        if "delivery_date_change" not in chosen:
            chosen.append("delivery_date_change")


def statement_count(saids: Sequence[Said]) -> float:
    return math.log10(max(1, len(saids)))
