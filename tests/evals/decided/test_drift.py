"""Drift: each week is held against all before it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy

from agent.proposal import RecordRef
from evals.decided.drift import divergence, drift
from review.decisions import RejectReason, approve, reject
from review.set_aside import merge, not_exception, to_manual
from review.undo import undo
from tests.review.desk import ROBIN, Desk, date_change

mixes = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 50), min_size=1)


@given(mixes, mixes)
def test_the_divergence_is_the_mean_relative_entropy_to_the_middle(one, other):
    names = sorted(one.keys() | other.keys())
    p, q = (np.array([m.get(n, 0) for n in names], float) for m in (one, other))
    p, q = p / p.sum(), q / q.sum()
    middle = (p + q) / 2
    expected = (entropy(p, middle, base=2) + entropy(q, middle, base=2)) / 2
    assert divergence(one, other) == pytest.approx(expected, abs=1e-9)


def test_weeks_tell_of_new_words_other_intents_and_refusals(tmp_path):
    desk = Desk(tmp_path / "data")
    approve(desk.database, desk.propose(text="pallet pallet delivery"), version=1, who=ROBIN)
    desk.minutes += 7 * 24 * 60
    second = desk.propose(date_change().model_copy(update={"intent": "price_change"}), text="pallet tariff tariff")
    reject(desk.database, second, version=1, who=ROBIN, reason=RejectReason.wrong_intent)
    with desk.database.read() as session:
        first, later = drift(session)
    desk.database.close()
    assert (first.shift, first.unseen) == (None, None)
    assert later.shift == pytest.approx(1.0)
    assert 0 < later.unseen < 0.5
    assert (first.rejected, later.rejected, later.reasons) == (0, 1, {"wrong_intent": 1})
    assert later.confidence == pytest.approx(0.93)


def test_what_was_taken_back_or_waits_still_is_not_decided(tmp_path):
    desk = Desk(tmp_path / "data")
    orders = [RecordRef(model="purchase.order", id=n, name=f"P{n}") for n in range(5)]
    taken_back, to_read, nothing, same, other = (
        desk.propose(date_change(order), text=order.name, sender=f"ann@{order.name}.example", subject=order.name)
        for order in orders
    )
    approve(desk.database, taken_back, version=1, who=ROBIN)
    undo(desk.database, taken_back, version=1, who=ROBIN)
    to_manual(desk.database, to_read, version=1, who=ROBIN)
    not_exception(desk.database, nothing, version=1, who=ROBIN)
    merge(desk.database, same, version=1, who=ROBIN, into=other)
    with desk.database.read() as session:
        (week,) = drift(session)
    desk.database.close()
    assert (week.proposals, week.decided, week.rejected) == (5, 2, 1)
    assert week.reasons == {"not_exception": 1}
