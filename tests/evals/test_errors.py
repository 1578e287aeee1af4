"""Each kind of mistake is laid at the step that made it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from evals.errors import Step, errors, print_errors
from tests.evals.cases import case, found, label, labelled_set, order, perfect, prediction

DATE = "delivery_date_change"
STATED = {"lines": [{"line_id": 7, "date": "2026-12-14"}]}
OTHER_LINE = {"lines": [{"line_id": 8, "date": "2026-12-14"}]}
OTHER_DATE = {"lines": [{"line_id": 7, "date": "2026-12-15"}]}
EXPECTED = label(DATE, order(1), fields=STATED, actions=["update_delivery_date"])


def right(**changed):
    return found(DATE, **{"record": order(1), "fields": STATED, "actions": ["update_delivery_date"]} | changed)


@pytest.mark.parametrize(
    ("given", "steps"),
    [
        (prediction(right()), []),
        (prediction(right(record=order(2))), [Step.match]),
        (prediction(found("price_change", order(1))), [Step.intent]),
        (prediction(right(fields=OTHER_LINE)), [Step.line]),
        (prediction(right(fields=OTHER_DATE)), [Step.field]),
        (prediction(right(actions=["escalate"])), [Step.policy]),
        (prediction(right(actions=["escalate"], confidence=0.97)), [Step.policy, Step.calibration]),
        (prediction(right(), right()), [Step.intent]),
        (prediction(), [Step.intent]),
        (prediction(manual=True), [Step.policy]),
        (prediction(manual=True, error="LookupError: unknown charset"), [Step.reading]),
    ],
)
def test_a_mistake_is_laid_at_its_step(tmp_path, given, steps):
    found_mistakes = errors(labelled_set(tmp_path, case(EXPECTED)), [given])
    assert [m.step for m in found_mistakes] == steps


def test_a_proposal_where_only_the_manual_lane_is_right_is_a_mistake_of_policy(tmp_path):
    fraud = case(label("unclear"), manual=True)
    assert [m.step for m in errors(labelled_set(tmp_path, fraud), [prediction(found("unclear"))])] == [Step.policy]


def test_a_value_of_the_whole_message_that_was_not_found_is_a_mistake_of_field(tmp_path):
    notice = label("customs_hold", order(1), fields={"tracking": "1Z999"})
    mistakes = errors(labelled_set(tmp_path, case(notice)), [prediction(found("customs_hold", order(1)))])
    assert [(m.step, m.expected, m.found) for m in mistakes] == [(Step.field, "tracking = 1z999", "nothing more")]


def test_a_reader_without_fault_makes_no_mistakes(tmp_path):
    cases = labelled_set(tmp_path, case(EXPECTED), case(label("unclear"), id="d", manual=True))
    assert errors(cases, [perfect(c) for c in cases.cases]) == []


def test_the_print_shows_expected_and_found(tmp_path):
    cases = labelled_set(tmp_path, case(EXPECTED, tags={"language": "de", "noise": ["typo"]}))
    out = io.StringIO()
    print_errors(cases, errors(cases, [prediction(right(fields=OTHER_DATE))]), Console(file=out, width=120))
    text = out.getvalue()
    assert "expected: line 7 date = 2026-12-14" in text
    assert "found:    line 7 date = 2026-12-15" in text
    assert "typo" in text
