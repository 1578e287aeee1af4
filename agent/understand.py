"""Engine `local`: from statements to findings, without a network.

Statements are classified by wording and meaning, gathered by the order that they speak of, and read against that
order's lines: a change that the values do not bear out loses to one that they do, and a confirmation that differs from
the order is the difference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np

from agent.fields import Context, Filled, fill
from agent.intents import NONE, IntentModel, Matrix
from agent.line_news import OrderNews
from agent.orderbook import PURCHASE, SALE, Order
from agent.said import Said
from agent.taxonomy import taxonomy
from tools.embedding import Embedder

# What a statement of a supplier may turn out to be once its values are set beside the order's.
CHANGES = ("delivery_date_change", "partial_shipment", "quantity_change", "price_change")
NEW_DATES = ("delivery_date_change", "partial_shipment", "order_change", "transit_delay", "shipment_notice")
FAMILY = (*CHANGES, "item_unavailable", "order_confirmation", "shipment_notice", "order_rejection")

# How much a contradiction or a confirmation by the record moves an intent's score.
CONTRADICTED, UNKNOWN, CONFIRMED = 0.2, 0.85, 1.3
EMBEDDED_STATEMENTS = 2
ALSO_SAID = 0.8
ALSO_CHANGED = 0.4
OTHER_SIDE = 0.05
AT_ODDS = 0.4
SPLIT_SEEN = 0.4
TABLE_DIFFERS = 0.45
TABLE_AGREES = 0.25
# What a message may say besides its chief matter, in a statement of its own.
_PAIRS = (
    ("delivery_date_change", "quantity_change"),
    ("delivery_date_change", "price_change"),
    ("delivery_date_change", "partial_shipment"),
    ("delivery_date_change", "item_unavailable"),
    ("quantity_change", "price_change"),
    ("quantity_change", "item_unavailable"),
    ("price_change", "item_unavailable"),
    ("price_change", "partial_shipment"),
    ("order_confirmation", "information_request"),
    ("order_confirmation", "supplier_invoice_issue"),
    ("shipment_notice", "supplier_invoice_issue"),
    ("price_change", "information_request"),
    ("partial_shipment", "information_request"),
    ("order_cancellation", "billing_query"),
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
    """One order (or none) and the statements that speak of it. `primary`: the message is chiefly about it."""

    order: Order | None
    saids: list[Said]
    news: OrderNews
    today: date
    primary: bool = True


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
    for said in saids:
        said.change = float(said.scores[changing].sum())
    whole = model.ngram_scores(["\n".join(texts)[:1500]], [role])[0] if texts else np.zeros(len(model.classes))
    return np.asarray(whole, dtype=np.float32), float(near.max()) if len(near) else 0.0


def read_topic(topic: Topic, whole: Matrix, model: IntentModel) -> list[Reading]:
    """The intents that the topic's statements express, best first. Never empty: `unclear` is an answer."""
    scores = _combined(topic, whole, model)
    context = Context(topic.saids, topic.order, topic.news, topic.today)
    filled: dict[str, Filled] = {}
    if topic.order is not None:
        filled = {intent: fill(intent, context) for intent in (*CHANGES, "order_change", "shipment_notice")}
        _weigh(scores, filled, topic)
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    best = ranked[0][0]
    chosen = [best] + [i for i, score in ranked[1:] if score >= 0.1 and _also_said(i, best, topic, filled, model)]
    chosen = _reconcile(chosen, filled, scores)
    chosen = _borne_out(chosen, filled, context)
    total = sum(score for _, score in ranked) or 1.0
    readings = []
    for intent in chosen:
        others = [score for name, score in ranked if name not in chosen]
        margin = (scores[intent] - max(others, default=0.0)) / total
        readings.append(
            Reading(
                intent=intent,
                probability=scores[intent],
                margin=max(-1.0, min(1.0, margin)),
                message=float(whole[model.classes.index(intent)]) if intent in model.classes else 0.0,
                filled=filled.get(intent) or fill(intent, context),
                saids=topic.saids,
            )
        )
    return readings


def _weigh(scores: dict[str, float], filled: dict[str, Filled], topic: Topic) -> None:
    """Move the scores by what the values say beside the order's."""
    if any(r.exact for said in topic.saids for r in said.references):
        # Whoever names an order of ours wants something with it.
        _lower(scores, "not_actionable")
    purchase = topic.order is not None and topic.order.model == PURCHASE
    for intent in CHANGES if purchase else ("order_change",):
        scores[intent] = min(1.0, scores.get(intent, 0.0) * _support(filled[intent]))
    if not purchase:
        return
    # A supplier tells of orders; how a parcel fares is its carrier's to tell.
    _lower(scores, "delivery_update")
    for intent in CHANGES:
        if filled[intent].from_table and filled[intent].borne_out:
            scores[intent] = max(scores[intent], TABLE_DIFFERS)
    tracked = any(r.kind == "tracking" for said in topic.saids for r in said.references)
    aligned = any(news.from_table for news in topic.news.lines.values())
    if aligned and not tracked and not any(filled[i].fields.lines for i in CHANGES):
        scores["order_confirmation"] = min(1.0, scores.get("order_confirmation", 0.0) + TABLE_AGREES)
    if filled["delivery_date_change"].borne_out:
        # What comes on another date is neither gone for good nor under way already, unless a shipment is named.
        _lower(scores, "item_unavailable", "order_rejection", "delivery_update", "transit_delay")
        if not tracked:
            _lower(scores, "shipment_notice")
    if filled["partial_shipment"].supported >= 1.0:
        scores["partial_shipment"] = min(1.0, scores["partial_shipment"] + SPLIT_SEEN)
        _lower(scores, "quantity_change", "delivery_date_change")


def _lower(scores: dict[str, float], *intents: str) -> None:
    for intent in intents:
        scores[intent] = scores.get(intent, 0.0) * AT_ODDS


def _also_said(intent: str, best: str, topic: Topic, filled: dict[str, Filled], model: IntentModel) -> bool:
    """Whether a further intent is surely expressed by a statement of its own that is not about the chief one.

    A further change of lines must be borne out by values that differ from the record's."""
    if frozenset((best, intent)) not in BESIDE:
        return False
    if intent in CHANGES:
        if best not in FAMILY or intent not in filled or filled[intent].supported < 1.0:
            return False
        at_least = ALSO_CHANGED
    else:
        at_least = ALSO_SAID
    return any(
        said.probability(model, intent) >= at_least and said.probability(model, best) < 0.3 for said in topic.saids
    )


def _combined(topic: Topic, whole: Matrix, model: IntentModel) -> dict[str, float]:
    """Each intent's score: its strongest statement, and for the chief topic the message as a whole."""
    if not topic.saids:
        return {"unclear": 1.0}
    best = np.stack([s.scores for s in topic.saids]).max(axis=0)
    combined = 0.65 * best + 0.35 * whole if topic.primary else best
    known = taxonomy().intents
    scores = {}
    for i, name in enumerate(model.classes):
        if name == NONE:
            continue
        wanted = known[name].record
        elsewhere = topic.order is not None and wanted in (PURCHASE, SALE) and wanted != topic.order.model
        scores[name] = float(combined[i]) * (OTHER_SIDE if elsewhere else 1.0)
    return scores


def _support(filled: Filled) -> float:
    if filled.supported >= 1.0:
        return CONFIRMED
    return UNKNOWN if filled.supported > 0.0 else CONTRADICTED


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


def _borne_out(chosen: list[str], filled: dict[str, Filled], context: Context) -> list[str]:
    """Several deliveries of which only one date is stated are another date; and a line that is said to come, in another
    number or on a day not known yet, is not unavailable besides."""
    moved = filled.get("delivery_date_change")
    one_date = moved and moved.fields.lines and not filled["partial_shipment"].fields.lines
    if "partial_shipment" in chosen and one_date:
        chosen = ["delivery_date_change" if i == "partial_shipment" else i for i in chosen]
    if "item_unavailable" in chosen[1:]:
        filled["item_unavailable"] = fill("item_unavailable", context)
        told = {line_id for i in chosen if i in CHANGES and i in filled for line_id in filled[i].line_ids}
        if not filled["item_unavailable"].line_ids - told:
            chosen = [i for i in chosen if i != "item_unavailable"]
    return list(dict.fromkeys(chosen))


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
