"""What a second opinion is worth, and what it does to a confidence: Bayes' rule over three measured shares."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.llm.doubt import Reliability, worth_asking

shares = st.floats(0.01, 0.98)


@given(p=shares, a=shares, s=shares, share=shares)
def test_confidences_are_probabilities_and_together_no_more_than_one(p, a, s, share):
    worth = Reliability(agrees_when_right=a, agrees_when_wrong=s, right_when_wrong=(1 - s) * share)
    local, model = worth.disagreed(p)
    assert 0 <= local + model <= 1 + 1e-9
    assert 0 <= worth.agreed(p) <= 1


@given(p=shares)
def test_agreement_raises_and_disagreement_lowers_the_confidence_of_a_model_that_knows_something(p):
    worth = Reliability(agrees_when_right=0.8, agrees_when_wrong=0.3, right_when_wrong=0.3)
    assert worth.agreed(p) > p > worth.disagreed(p)[0]


def test_the_gain_is_what_changing_to_the_likelier_reading_brings():
    worth = Reliability(agrees_when_right=0.8, agrees_when_wrong=0.3, right_when_wrong=0.3)
    assert worth.gain(0.2) == pytest.approx(0.8 * 0.3 - 0.2 * 0.2)
    assert worth.gain(0.9) == 0.0


def test_asking_is_worth_it_where_the_gain_pays_for_it():
    worth = Reliability()
    assert worth_asking(0.2, worth, value=1.0, cost=0.1)
    assert not worth_asking(0.2, worth, value=1.0, cost=0.3)
    assert not worth_asking(0.95, worth, value=1000.0, cost=0.0)


def test_a_model_that_is_always_wrong_is_never_asked():
    useless = Reliability(agrees_when_right=0.4, agrees_when_wrong=0.2, right_when_wrong=0.0)
    assert not any(worth_asking(p / 10, useless, value=1e6, cost=0.0) for p in range(11))


def test_shares_are_measured_from_counts_and_never_sure():
    worth = Reliability.measured(
        {"right": 8, "right_agrees": 8, "wrong": 2, "wrong_agrees": 0, "wrong_corrected": 2}, {"set": "small"}
    )
    assert (worth.agrees_when_right, worth.agrees_when_wrong, worth.right_when_wrong) == (0.9, 0.2, 0.6)
    assert worth.provenance["set"] == "small"


def test_shares_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="at most 1 together"):
        Reliability(agrees_when_wrong=0.6, right_when_wrong=0.6)
