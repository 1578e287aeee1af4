"""Regular duties: a failing one keeps no other from being done."""

from __future__ import annotations

import threading

from review.watch import Watch


def test_a_failing_duty_is_done_again_and_holds_up_no_other():
    tried, done = [], threading.Event()

    def fail() -> None:
        tried.append(1)
        raise OSError("disk full")

    def count() -> None:
        if len(tried) >= 3:
            done.set()

    with Watch([fail, count], every=0.001):
        assert done.wait(10)
