"""Confidence is a fitted logistic curve over named features; lanes follow thresholds that come with the fit."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.proposal import Lane
from agent.rate import FEATURES, Calibration, Calibrator

CURVE = Calibrator(
    weights={"record": 2.0, "intent": 1.0},
    means={"record": 0.5, "intent": 0.5},
    scales={"record": 0.25, "intent": 0.5},
    bias=0.3,
)


def calibration(ready_at: float | None = 0.9, manual_below: float = 0.4) -> Calibration:
    return Calibration(parts={"whole": CURVE, "record": CURVE}, ready_at=ready_at, manual_below=manual_below)


def test_the_curve_is_the_logistic_of_standardised_features():
    expected = 1 / (1 + math.exp(-(0.3 + 2.0 * (0.75 - 0.5) / 0.25 + 1.0 * (0.0 - 0.5) / 0.5)))
    assert CURVE.probability({"record": 0.75}) == pytest.approx(expected)


@given(st.dictionaries(st.sampled_from(FEATURES), st.floats(-1e6, 1e6)))
def test_a_confidence_is_always_a_probability(features):
    assert 0.0 < CURVE.probability(features) < 1.0


@given(st.floats(0, 1), st.floats(0, 1))
def test_more_of_what_speaks_for_it_never_makes_it_less_sure(a, b):
    low, high = sorted((a, b))
    assert CURVE.probability({"record": low}) <= CURVE.probability({"record": high})


@pytest.mark.parametrize(
    ("confidence", "lane"),
    [
        (1.0, Lane.ready),
        (0.9, Lane.ready),
        (0.899, Lane.check),
        (0.4, Lane.check),
        (0.399, Lane.manual),
        (0.0, Lane.manual),
    ],
)
def test_the_lane_follows_the_thresholds(confidence, lane):
    assert calibration().lane(confidence) is lane


def test_where_no_threshold_met_the_risk_nothing_is_ready():
    assert calibration(ready_at=None).lane(1.0) is Lane.check


def test_a_rating_is_of_the_whole_and_of_each_part():
    whole, parts, lane = calibration().rate({"record": 1.0, "intent": 1.0})
    assert set(parts) == {"record"}
    assert (whole, lane) == (pytest.approx(CURVE.probability({"record": 1.0, "intent": 1.0}), abs=1e-4), Lane.ready)


def test_a_stored_calibration_is_read_back(tmp_path: Path):
    path = tmp_path / "calibration.json"
    assert Calibration.load(path) is None
    path.write_text(json.dumps(calibration().model_dump()), encoding="utf-8")
    assert Calibration.load(path) == calibration()


def test_feature_names_are_unique():
    assert len(FEATURES) == len(set(FEATURES))
