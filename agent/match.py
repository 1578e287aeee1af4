"""Which record a topic is about: a scored ranking with reasons that a person can read. "None" is an answer.

The score is a sum of weighed signs, turned into a share by a softmax in which "none of them" takes part; so two orders
that fit alike both stay low, and nothing is claimed where little speaks for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from agent.candidates import Recall, RecordCandidate
from agent.orderbook import OrderBook
from agent.orders import PICKING, PURCHASE, SALE, Order, Picking, RecordKey
from agent.said import Said

# Weights of the signs, in units of log-odds; chosen by what a clerk trusts, not fitted.
NAMED = 6.0  # by its number, in what the sender wrote
NAMED_WITH_SLIP = 3.5  # a number one slip away
POSTED_ON = 7.0  # the portal document itself
OWN_PARTNER = 2.0  # the sender belongs to the record's partner
OTHER_PARTNER = -3.0  # the sender belongs to another partner
MENTIONED_PARTNER = 1.6  # the partner is named in the text
LINKED = 3.0  # reached through a record that is named
PRODUCT = 2.2  # products named, times how surely
RETRIEVED = 0.8  # found by the index
ALONE = 0.8  # the sender's only open order
RECENT = 0.5
QUANTITY = 1.5  # a quantity equals a line's
ORDER_DATE = 2.0  # "your order of 3 November" equals its date
PLANNED_DATE = 0.8  # a date equals a planned one
OPEN = 0.9
CLOSED = -0.8
NONE_FITS = 2.2
MOST_RANKED = 60


@dataclass
class Ranked:
    """A record with its share of belief (0..1) and why. `named`: posted, exact, near, linked or empty."""

    key: RecordKey
    name: str
    points: float = 0.0
    score: float = 0.0
    named: str = ""
    sender: bool = False
    reasons: list[str] = field(default_factory=list)

    def add(self, points: float, reason: str) -> None:
        self.points += points
        if reason and reason not in self.reasons:
            self.reasons.append(reason)


def rank_orders(
    candidates: Iterable[RecordCandidate],
    saids: Sequence[Said],
    recall: Recall,
    book: OrderBook,
    model: str | None,
    named: frozenset[RecordKey] = frozenset(),
) -> list[Ranked]:
    """Orders of the wanted model (or of both), best first, with shares of belief. `named` are those that the
    statements at hand name by number: what the rest of the message names counts as history beside them."""
    ranked = []
    for candidate in candidates:
        order = book.order(candidate.key)
        if order is not None and (model is None or order.model == model):
            ranked.append(_judge(candidate, order, saids, recall, book, named))
    ranked.sort(key=lambda r: -r.points)
    return share(ranked[:MOST_RANKED])


def share(ranked: list[Ranked]) -> list[Ranked]:
    """Softmax over the points with "none of them" at `NONE_FITS`."""
    if not ranked:
        return ranked
    top = max(NONE_FITS, ranked[0].points)
    total = math.exp(NONE_FITS - top) + sum(math.exp(r.points - top) for r in ranked)
    for r in ranked:
        r.score = math.exp(r.points - top) / total
    return ranked


def _judge(
    candidate: RecordCandidate,
    order: Order,
    saids: Sequence[Said],
    recall: Recall,
    book: OrderBook,
    named: frozenset[RecordKey],
) -> Ranked:
    f = candidate.features
    ranked = Ranked(order.key, order.name, reasons=list(candidate.reasons))
    exact, near = f.get("exact", 0.0), f.get("near", 0.0)
    if named and order.key not in named:
        exact, near = exact * 0.25, near * 0.25
    if f.get("document"):
        ranked.named = "posted"
        ranked.points += POSTED_ON * (0.3 if named and order.key not in named else 1.0)
    if exact > 0.2 or near > 0.2:
        ranked.named = "exact" if exact >= near else "near"
    ranked.points += NAMED * exact + NAMED_WITH_SLIP * near
    if not ranked.named and f.get("linked"):
        ranked.named = "linked"
        ranked.points += LINKED * f["linked"]
    if f.get("partner"):
        ranked.sender = True
        ranked.points += OWN_PARTNER * f["partner"]
    elif recall.sender.partners and recall.sender.role != "carrier":
        ranked.points += OTHER_PARTNER
    ranked.points += MENTIONED_PARTNER * f.get("partner_mentioned", 0.0)
    ranked.points += PRODUCT * f.get("product", 0.0) * (0.5 + 0.5 * f.get("product_share", 0.0))
    ranked.points += RETRIEVED * f.get("retrieved", 0.0) + ALONE * f.get("alone", 0.0) + RECENT * f.get("recent", 0.0)
    ranked.points += OPEN if order.is_open else CLOSED
    _judge_quantities(ranked, order, saids, recall)
    _judge_dates(ranked, order, saids)
    return ranked


def _judge_quantities(ranked: Ranked, order: Order, saids: Sequence[Said], recall: Recall) -> None:
    products = {m.product_id for m in recall.products if m.score >= 0.4}
    stated = {q.qty for s in saids for q in s.quantities}
    for line in order.lines:
        if line.product_id in products and (line.qty in stated or (line.open_qty in stated and line.open_qty)):
            ranked.add(QUANTITY, f"A stated quantity is that of {line.code or line.name}.")
            return


def _judge_dates(ranked: Ranked, order: Order, saids: Sequence[Said]) -> None:
    ordered = order.date_order.date() if order.date_order else None
    planned = {line.planned.date() for line in order.lines if line.planned}
    for said in saids:
        for mention in said.dates:
            if mention.date is None:
                continue
            if ordered and mention.date == ordered:
                ranked.add(ORDER_DATE if mention.role == "order" else 0.8, f"It was placed on {ordered.isoformat()}.")
                return
            if mention.date in planned:
                ranked.add(PLANNED_DATE, f"{mention.date.isoformat()} is its planned date.")
                return


_AFTER_ARRIVAL = frozenset({"goods_damaged", "delivery_discrepancy"})


def rank_shipments(order: Order | None, recall: Recall, intent: str, book: OrderBook, lines: set[int]) -> list[Ranked]:
    """The shipment that an intent is about: the one that is named; else of the order's, the one whose state fits."""
    candidates = {c.key: c for c in recall.candidates if c.model == PICKING}
    pickings = {key[1]: book.pickings[key[1]] for key in candidates if key[1] in book.pickings}
    if order is not None:
        pickings.update({p.id: p for p in book.pickings_of(order)})
    ranked = [_judge_shipment(p, candidates.get(p.key), order, intent, lines) for p in pickings.values()]
    ranked.sort(key=lambda r: (-r.points, -r.key[1]))
    return share(ranked[:MOST_RANKED])


def _judge_shipment(
    picking: Picking, candidate: RecordCandidate | None, order: Order | None, intent: str, lines: set[int]
) -> Ranked:
    f = candidate.features if candidate else {}
    ranked = Ranked(picking.key, picking.name, reasons=list(candidate.reasons) if candidate else [])
    if f.get("document"):
        ranked.named = "posted"
        ranked.points += POSTED_ON
    if f.get("exact"):
        ranked.named = "exact"
        ranked.points += NAMED * f["exact"]
    elif f.get("near"):
        ranked.named = "near"
        ranked.points += NAMED_WITH_SLIP * f["near"]
    if order is not None and picking.order == order.key:
        ranked.named = ranked.named or "linked"
        ranked.add(LINKED, f"It belongs to {order.name}.")
    if f.get("partner"):
        ranked.sender = True
        ranked.points += OWN_PARTNER * f["partner"]
    ranked.points += MENTIONED_PARTNER * f.get("partner_mentioned", 0.0) + RECENT * f.get("due", 0.0)
    held = {x.line.id for x in picking.lines if x.line and x.state != "cancel"}
    if lines and held:
        ranked.points += 2.0 * len(lines & held) / len(lines)
    ranked.points += _state_fits(picking, intent)
    if picking.kind == "internal" or picking.state == "cancel":
        ranked.points -= 3.0
    return ranked


def _state_fits(picking: Picking, intent: str) -> float:
    if intent in _AFTER_ARRIVAL:
        return 1.5 if picking.state == "done" else 0.0
    if picking.kind == "incoming":
        return 1.0 if picking.is_open else 0.0
    return (1.2 if picking.state == "done" else 0.4) + (0.4 if picking.tracking else 0.0)


def wanted_model(intent_record: str | None, role: str) -> str | None:
    """Which kind of order a sender speaks of: suppliers of purchase orders, customers of sales orders."""
    if intent_record in (PURCHASE, SALE):
        return intent_record
    return PURCHASE if role == "supplier" else SALE if role == "customer" else None
