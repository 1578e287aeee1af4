"""Judges one case: which proposals meet which expected exceptions, and which facts of theirs are right.

The rules are those of the labelled-exceptions contract. Everything is counted with multiplicity, so the same finding
proposed twice is right once and wrong once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from agent.proposal import RecordRef
from agent.taxonomy import taxonomy
from evals.labelled import Case, LabelledException, fold
from evals.predictions import PredictedException, Prediction

RecordKey = tuple[str, int] | None
Fact = tuple[RecordKey, Hashable, str, Hashable]

FREE_TEXT = frozenset({"reason", "address"})
"""Fields that are labelled for people and not scored."""

NAMES_LINES = frozenset({"order_cancellation", "item_unavailable", "delivery_discrepancy"})
"""Intents whose lines are facts in themselves, where the label names them."""


@dataclass(frozen=True)
class Tally:
    """Right, expected and proposed: the three counts behind precision, recall and F1."""

    right: int = 0
    expected: int = 0
    proposed: int = 0

    @classmethod
    def between(cls, expected: Counter[Any], proposed: Counter[Any]) -> Tally:
        return cls((expected & proposed).total(), expected.total(), proposed.total())


@dataclass
class Pair:
    """An expected exception and the proposal that meets it (same intent, same record), or one of them alone."""

    expected: LabelledException | None
    proposed: PredictedException | None
    fields_right: bool = False
    actions_right: bool = False

    @property
    def right(self) -> bool:
        """Right as a whole: intent, record, fields and actions."""
        return self.expected is not None and self.proposed is not None and self.fields_right and self.actions_right


@dataclass
class JudgedCase:
    """What the figures are summed from. `counted`: whether the case's findings count (see `judge`)."""

    case: Case
    prediction: Prediction
    counted: bool = True
    pairs: list[Pair] = field(default_factory=list)
    intents_expected: frozenset[str] = frozenset()
    intents_proposed: frozenset[str] = frozenset()
    exceptions: Tally = Tally()
    records: Tally = Tally()
    recalled: int = 0
    facts: Tally = Tally()
    right: bool = False

    @property
    def manual(self) -> bool:
        return self.prediction.all_manual

    @property
    def labelled_manual(self) -> bool:
        return self.case.expected is not None and self.case.expected.manual

    def rated(self) -> Iterator[tuple[float, bool]]:
        """Each proposal's confidence and whether it is right as a whole. Where only the manual lane is right, a
        proposal outside of it is wrong whatever it says."""
        lane_right = self.manual or not self.labelled_manual
        for pair in self.pairs:
            if pair.proposed is not None:
                yield pair.proposed.confidence, pair.right and lane_right


def judge(case: Case, prediction: Prediction, products: Mapping[str, str]) -> JudgedCase:
    """Compares a prediction with its case. `products` maps folded product names and codes to one key a product.

    A case is right when all its exceptions, records, fields and actions are right and no other was proposed; a case
    labelled manual is right only if the whole message goes to the manual lane. Such a message has no proposal to be
    judged, so its findings are left out of the other figures (`counted` is false); findings proposed for it count."""
    if case.expected is None:
        raise ValueError(f"{case.id} has no labels; score a set that holds `expected`.")
    judged = JudgedCase(case, prediction)
    if case.expected.manual and prediction.all_manual and not prediction.exceptions:
        judged.counted, judged.right = False, True
        return judged
    expected, proposed = case.expected.exceptions, prediction.exceptions
    judged.pairs = pair_up(expected, proposed, products)
    judged.intents_expected = frozenset(e.intent for e in expected)
    judged.intents_proposed = frozenset(p.intent for p in proposed)
    judged.exceptions = Tally.between(
        Counter((e.intent, key(e.record)) for e in expected), Counter((p.intent, key(p.record)) for p in proposed)
    )
    named = Counter(key(e.record) for e in expected if e.record)
    judged.records = Tally.between(named, Counter(key(p.record) for p in proposed if p.record))
    offered = {key(c) for p in proposed for c in p.candidates[:5]}
    judged.recalled = sum(count for record, count in named.items() if record in offered)
    judged.facts = Tally.between(*case_facts(expected, proposed, products))
    judged.right = (
        prediction.all_manual if case.expected.manual else bool(judged.pairs) and all(p.right for p in judged.pairs)
    )
    return judged


def pair_up(
    expected: Iterable[LabelledException], proposed: Iterable[PredictedException], products: Mapping[str, str]
) -> list[Pair]:
    """Pairs one to one by (intent, record), the best pair of equals first; what is left over stands alone."""
    waiting, missed = list(proposed), []
    pairs: list[Pair] = []
    for label in expected:
        options = [
            Pair(label, p, fields_right(label, p, products), actions_right(label, p.actions))
            for p in waiting
            if p.intent == label.intent and key(p.record) == key(label.record)
        ]
        if not options:
            missed.append(Pair(label, None))
            continue
        best = max(options, key=lambda pair: (pair.right, pair.fields_right, pair.actions_right))
        pairs.append(best)
        waiting = [p for p in waiting if p is not best.proposed]
    return pairs + missed + [Pair(None, p) for p in waiting]


def key(record: RecordRef | None) -> RecordKey:
    return (record.model, record.id) if record else None


def actions_right(label: LabelledException, proposed: Iterable[str]) -> bool:
    """Whether the proposed set lies between an accepted set and that set with the acceptable actions."""
    actions = set(proposed)
    harmless = set(label.acceptable_actions)
    return any(set(a) <= actions <= set(a) | harmless for a in (label.actions, *label.alternatives))


def fields_right(label: LabelledException, proposed: PredictedException, products: Mapping[str, str]) -> bool:
    wanted, found = case_facts([label], [proposed], products)
    return wanted == found


def case_facts(
    expected: Iterable[LabelledException], proposed: Iterable[PredictedException], products: Mapping[str, str]
) -> tuple[Counter[Fact], Counter[Fact]]:
    """The scored facts of a case, expected and proposed.

    A line is known by its Odoo id, or by its product where the label does not know the id. The lines that a proposal
    names count, for the intents that name lines, only where a label of that intent names its lines."""
    expected, proposed = list(expected), list(proposed)
    by_product = {
        (key(e.record), product_key(line.get("product"), products))
        for e in expected
        for line in e.fields.get("lines", [])
        if line.get("line_id") is None
    }
    naming = {e.intent for e in expected if e.intent in NAMES_LINES and e.fields.get("lines")}

    def facts(exceptions: Iterable[LabelledException | PredictedException]) -> Counter[Fact]:
        return Counter(fact for e in exceptions for fact in _facts(e, products, by_product, e.intent in naming))

    return facts(expected), facts(proposed)


def _facts(
    exception: LabelledException | PredictedException,
    products: Mapping[str, str],
    by_product: set[tuple[RecordKey, str]],
    names_lines: bool,
) -> Iterator[Fact]:
    intent = taxonomy().intents.get(exception.intent)
    scored = {name for name in intent.fields if name not in FREE_TEXT} if intent else set()
    record = key(exception.record)
    for name in scored:
        if not name.startswith("lines."):
            value = fact_value(name, exception.fields, products)
            if value is not None:
                yield record, None, name, value
    for line in exception.fields.get("lines", []):
        product = product_key(line.get("product"), products)
        known_by_product = line.get("line_id") is None or (record, product) in by_product
        line_key = product if known_by_product else line["line_id"]
        if names_lines:
            yield record, line_key, "line", True
        for name in scored:
            if name.startswith("lines."):
                value = fact_value(name.removeprefix("lines."), line, products)
                if value is not None:
                    yield record, line_key, name, value


def product_key(name: str | None, products: Mapping[str, str]) -> str:
    folded = fold(name or "")
    return products.get(folded, folded)


def fact_value(name: str, fields: Mapping[str, Any], products: Mapping[str, str]) -> Hashable:
    """A stated value in the form in which it is compared, or None where nothing is stated.

    Dates and numbers compare by value, an unknown new date as itself, a split as the set of its deliveries, products
    by identity, other texts without regard to case and white space."""
    value = fields.get(name)
    if name == "date":
        return "unknown" if value is None and fields.get("date_unknown") else date_value(value)
    if name == "splits":
        parts = [(number_value(s.get("qty")), date_value(s.get("date"))) for s in value or []]
        return tuple(sorted(parts, key=repr)) or None
    if value is None or value == "":
        return None
    if name in ("qty", "price"):
        return number_value(value)
    if name == "substitute":
        return product_key(str(value), products)
    return fold(str(value)).replace(" ", "")


def date_value(value: Any) -> Hashable:
    if value is None or value == "":
        return None
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return fold(str(value))


def number_value(value: Any) -> Hashable:
    try:
        return round(float(value), 6)
    except (TypeError, ValueError):
        return fold(str(value))
