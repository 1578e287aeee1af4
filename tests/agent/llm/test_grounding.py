"""What a model says counts as far as message and records bear it out; the rest is dropped, with a reason."""

from __future__ import annotations

import pytest

from agent.llm.claims import Answer
from agent.llm.grounding import Grounded, ground, locate
from agent.llm.look_ups import LookUps
from agent.llm.redaction import Redaction
from tests.agent.company import mail
from tests.agent.llm.reading import BLUE, LATE, LATE_FACT, ROPE, fact, finding, late, local
from tools.message import Message, PassageKind


def grounded(*findings: dict[str, object], message: Message | None = None, kinds: tuple[str, ...] = ()) -> Grounded:
    study = local().study(message or late())
    look_ups = LookUps(local().book, local().references, None)
    look_ups.show([c.key for c in study.recalled.candidates[:5]])
    redaction = Redaction(kinds)
    for part in study.message.parts:
        redaction.hide(part.text)
    return ground(Answer.model_validate({"findings": findings}), study, look_ups, redaction, local())


def stated(result: Grounded) -> list[dict[str, object]]:
    [found] = result.findings
    return [line.model_dump(exclude_defaults=True, exclude={"product"}) for line in found.filled.fields.lines]


def test_a_claim_that_stands_in_the_message_becomes_a_finding_with_its_span():
    result = grounded(finding("delivery_date_change", "P00041", "P00041 is delayed", LATE_FACT))
    [found] = result.findings
    assert (found.intent, found.record, stated(result)) == (
        "delivery_date_change",
        ("purchase.order", 41),
        [{"line_id": ROPE, "date": "2026-06-03"}],
    )
    [evidence] = found.filled.evidence
    message = late()
    assert (evidence.field, message.body[evidence.start : evidence.end]) == ("lines[0].date", evidence.text)
    assert result.dropped == []


@pytest.mark.parametrize(
    ("claim", "why"),
    [
        (finding("delivery_date_change", "P00042", "P00041 is delayed"), "was not among those shown"),
        (finding("delivery_date_change", "P00041", "the order was cancelled"), "its words are not in the message"),
        (finding("order_cancellation", "P00041", "P00041 is delayed"), "is not said of P00041"),
    ],
)
def test_a_finding_that_nothing_bears_out_is_dropped(claim, why):
    result = grounded(claim)
    assert result.findings == []
    assert why in result.dropped[0]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (fact("date", "2026-06-04", "will arrive on 3 June 2026", ROPE), "is not what"),
        (fact("date", "2026-06-03", "will arrive next week", ROPE), "its words are not in the message"),
        (fact("date", "2026-06-03", "will arrive on 3 June 2026", 999), "has no line 999"),
    ],
)
def test_a_value_that_nothing_bears_out_is_dropped_and_the_rest_stays(wrong, why):
    result = grounded(finding("delivery_date_change", "P00041", "P00041 is delayed", LATE_FACT, wrong))
    assert stated(result) == [{"line_id": ROPE, "date": "2026-06-03"}]
    assert why in result.dropped[0]


@pytest.mark.parametrize(
    ("text", "intent", "claim", "expected"),
    [
        ("P00041: six of the 40 ropes will not come.\nOnly 34 of ROP-12-NAV.", "quantity_change",
         fact("qty", "34", "Only 34 of ROP-12-NAV", ROPE), {"qty": 34.0}),
        ("P00041: 6 of the ropes will not come.", "quantity_change",
         fact("qty", "34", "6 of the ropes will not come", ROPE), {"qty": 34.0}),
        ("P00041: ROP-12-NAV now costs 1.033,50 EUR.", "price_change",
         fact("price", "1033.5", "now costs 1.033,50 EUR", ROPE), {"price": 1033.5}),
        ("P00041: all prices of ROP-12-NAV rise by 10 %.", "price_change",
         fact("price", "+10%", "rise by 10 %", ROPE), {"price": 34.65}),
        ("P00041: ROP-12-NAV comes two weeks later.", "delivery_date_change",
         fact("date", "2026-06-03", "comes two weeks later", ROPE), {"date": "2026-06-03"}),
        ("P00041: 20 of ROP-12-NAV on 3 June, 20 on 10 June.", "partial_shipment",
         fact("delivery", "20 on 2026-06-03", "20 of ROP-12-NAV on 3 June", ROPE),
         {"splits": [{"qty": 20.0, "date": "2026-06-03"}]}),
        ("P00041: ROP-12-NAV is gone for good, take ROP-14-NAV instead.", "item_unavailable",
         fact("substitute", "ROP-14-NAV", "take ROP-14-NAV instead", ROPE), {"substitute": "ROP-14-NAV"}),
    ],
)  # fmt: skip
def test_values_are_those_that_our_readers_read_in_the_quote(text, intent, claim, expected):
    result = grounded(finding(intent, "P00041", "P00041", claim), message=late(text))
    assert stated(result) == [{"line_id": ROPE, **expected}]


def test_what_holds_for_the_whole_order_is_every_open_lines():
    text = "P00041 will arrive on 3 June 2026."
    claim = fact("date", "2026-06-03", "will arrive on 3 June 2026")
    result = grounded(finding("delivery_date_change", "P00041", "P00041", claim), message=late(text))
    assert [line["line_id"] for line in stated(result)] == [ROPE, BLUE]


def test_what_was_not_sent_bears_nothing_out():
    message = mail(LATE, quoted="P00041 is refused", kind=PassageKind.hidden)
    assert locate("P00041 is refused", message) is None
    assert locate("p00041  IS\ndelayed", message) is not None


def test_a_quote_with_a_placeholder_is_found_in_the_original():
    text = f"{LATE}\nCall me: w.harms@trosse-tau.example"
    claim = finding("delivery_date_change", "P00041", "Call me: [MAIL_1]", LATE_FACT)
    [found] = grounded(claim, message=late(text), kinds=("mail",)).findings
    assert found.intent == "delivery_date_change"


def test_the_models_own_certainty_decides_nothing():
    sure = grounded(finding("delivery_date_change", "P00041", "P00041 is delayed", LATE_FACT, sure=1.0))
    unsure = grounded(finding("delivery_date_change", "P00041", "P00041 is delayed", LATE_FACT, sure=0.0))
    assert sure.findings[0].reading.probability == unsure.findings[0].reading.probability
    assert (sure.sure, unsure.sure) == ([1.0], [0.0])
