"""Only what one fact holds is said: whatever a model makes up is dropped, and what is true is kept."""

from __future__ import annotations

import random

import pytest

from review.briefing.checking import check, holding
from review.briefing.content import Briefing, Fact
from review.briefing.metric import Better, Unit
from review.briefing.wording import sentence, told


def fact(value: float, previous: float | None = None, **changes: object) -> Fact:
    given = {
        "name": "overdue",
        "title": "Past the deadline",
        "sentence": "{value} {exception is|exceptions are} past the deadline",
        "unit": Unit.number,
        "better": Better.less,
        "rows": 0,
        "link": "",
    }
    return Fact(**{**given, "value": value, "previous": previous, **changes})


OVERDUE = fact(31, 22)
OPEN = fact(180, 210, name="open", title="Open", sentence="{value} {exception is|exceptions are} open")
DELAY = fact(
    14.2, 3.1, name="supplier_delay", key="Acme 3000 Ltd", title="Delay", unit=Unit.days,
    sentence="News of {key} moved dates by {value} on average",
)  # fmt: skip
SHARE = fact(
    0.42,
    0.42,
    name="acceptance",
    title="",
    unit=Unit.share,
    better=Better.more,
    sentence="{value} were approved as proposed",
)
FACTS = [OVERDUE, OPEN, DELAY, SHARE]


@pytest.mark.parametrize(
    "said",
    [
        "31 exceptions are past the deadline.",
        "31 exceptions are past the deadline, 9 more than the day before.",
        "31 exceptions are past the deadline, up from 22 the day before.",
        "There are 180 open exceptions, 30 fewer than yesterday.",
        "News of Acme 3000 Ltd moved dates by 14.2 days on average, up from 3.1 days in the weeks before.",
        "42 % were approved as proposed, the same as the day before.",
    ],
)
def test_what_a_fact_holds_is_kept(said):
    assert holding(said, FACTS) is not None


@pytest.mark.parametrize(
    "said",
    [
        "32 exceptions are past the deadline.",  # a wrong number
        "31 exceptions are open.",  # a true number of another fact
        "9 exceptions are past the deadline, 31 more than the day before.",  # numbers that changed places
        "31 exceptions are past the deadline, 9 fewer than the day before.",  # a trend turned round
        "31 exceptions are past the deadline, down from 22 the day before.",
        "31 exceptions are past the deadline, which is better.",
        "42 % were approved as proposed, up from 41 % the day before.",
        "Thirty-one exceptions are not past the deadline.",
        "31 exceptions are not past the deadline.",  # a denial
        "31 exceptions of Globex are past the deadline.",  # an invented company
        "News of Globex moved dates by 14.2 days on average.",
        "31 exceptions are past the deadline because of a strike.",  # a cause
        "All 31 exceptions are past the deadline.",
        "Exceptions are past the deadline.",  # nothing that can be looked up
        "31 exceptions are past the deadline and 180 exceptions are open.",  # more than one fact
        "3000 exceptions are past the deadline.",  # a number out of a name
        "Half of the exceptions are past the deadline.",
        "31 exceptions are past the deadline, 31 % more than the day before.",
        "Suppliers went bankrupt.",
        "",
    ],
)
def test_what_no_fact_holds_is_dropped(said):
    assert holding(said, FACTS) is None


def test_dropped_sentences_are_counted():
    found = check("31 exceptions are past the deadline. Globex is late. 180 exceptions are open! All is well.", FACTS)
    assert [one.fact for one in found.kept] == ["overdue", "open"]
    assert found.dropped == 2


def test_every_sentence_of_the_template_is_held_by_its_fact(of_today: Briefing):
    for one in of_today.facts:
        if one.value is not None:
            found = holding(sentence(one).text, [one])
            assert found == one, sentence(one).text


def test_a_lying_model_gets_no_false_sentence_through(of_today: Briefing):
    """Seeded lies about each fact, mixed with the truth: wrong numbers, invented vendors, reversed trends."""
    dice = random.Random(9)
    facts = [one for one in of_today.facts if one.value is not None]
    true, false = [], []
    for one in facts:
        said = sentence(one).text
        true.append(said)
        wrong = one.model_copy(update={"value": (one.value or 0) + dice.choice((1, 2, 7, 40)) * _step(one)})
        false.append(told(wrong) + ".")
        false.append(f"{said[:-1]} at {dice.choice(('Globex', 'Initech GmbH', 'Müller & Söhne'))}.")
        if one.change and sentence(one).text != told(one) + ".":
            turned = {
                " more than": " fewer than",
                " fewer than": " more than",
                ", up from": ", down from",
                ", down from": ", up from",
            }
            for way, other in turned.items():
                if way in said:
                    false.append(said.replace(way, other))
    assert len(false) > 2 * len(facts)
    mixed = [(text, True) for text in true] + [(text, False) for text in false]
    dice.shuffle(mixed)
    found = check("\n".join(text for text, _ in mixed), facts)
    assert [one.text for one in found.kept] == [text for text, is_true in mixed if is_true]
    assert found.dropped == len(false)


def _step(one: Fact) -> float:
    return 0.01 if one.unit is Unit.share else 1.0
