"""The demonstration of faults in short: the same code, with a seed, as `benchmarks/handoff_faults.py` runs in full."""

from __future__ import annotations

from benchmarks.handoff_faults import run


def test_kills_and_a_receiver_that_fails_lose_invent_and_reorder_nothing():
    found = run(faults=25, decisions=20, records=4, seed=7)
    assert found.ok, found
    assert found.decisions == 20
    assert found.kills > 0
    assert found.kills + sum(found.faults.values()) >= 25
