"""The calibration company is near to daily work: intents, languages and channels as often as there."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from typing import Any

from agent.taxonomy import taxonomy
from evals.demo_company import SUITES

SUITE = SUITES / "calibration"
LANGUAGES = {"en", "de", "fr", "es", "it", "nl", "pl"}


@cache
def cases() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SUITE / "cases.jsonl").read_text("utf-8").splitlines()]


def test_intents_come_as_often_as_in_daily_work() -> None:
    """Every intent twice at least; later dates are the most frequent matter, about one in four or five."""
    counts = Counter(e["intent"] for c in cases() for e in c["expected"]["exceptions"])
    assert set(counts) == set(taxonomy().intents)
    assert min(counts.values()) >= 2
    assert counts.most_common(1)[0][0] == "delivery_date_change"
    assert 0.15 < counts["delivery_date_change"] / counts.total() < 0.3


def test_languages_and_channels_are_mixed() -> None:
    """A third or so English, the other six evenly; mail above all."""
    languages = Counter(c["tags"]["language"] for c in cases())
    assert set(languages) == LANGUAGES
    assert 0.3 < languages["en"] / len(cases()) < 0.4
    assert min(languages.values()) >= 9
    channels = Counter(c["channel"] for c in cases())
    assert channels["email"] >= 70
    assert min(channels["portal"], channels["carrier"]) >= 10
