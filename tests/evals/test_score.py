"""A run's figures, counted by hand and as properties."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_recall_fscore_support
from sklearn.preprocessing import MultiLabelBinarizer

from agent.taxonomy import taxonomy
from evals.labelled import LabelError, LabelledSet, load_labelled
from evals.score import score
from tests.evals.cases import case, found, label, labelled_set, order, perfect, prediction
from tests.shared_data import DEV_SET, needs_dev_set

DATE = "delivery_date_change"
INTENTS = sorted(taxonomy().intents)
ONES = [
    "intent_micro_f1",
    "intent_macro_f1",
    "record_accuracy_at_1",
    "record_recall_at_5",
    "exception_precision",
    "exception_recall",
    "exception_f1",
    "fields_f1",
    "actions_exact",
    "end_to_end",
]


def value(scored, name):
    return scored.overall.figures[name].value


def test_every_figure_of_a_small_run_by_hand(tmp_path):
    """Four cases: one right, one with a second record claimed, one sent to manual in vain, one rightly manual."""
    stated = {"lines": [{"line_id": 7, "date": "2026-12-14"}]}
    cases = labelled_set(
        tmp_path,
        case(label(DATE, order(1), fields=stated, actions=["update_delivery_date"]), id="a"),
        case(label(DATE, order(2), fields=stated, actions=["update_delivery_date"]), id="b"),
        case(label("price_change", order(3), actions=["update_price"]), id="c"),
        case(label("unclear"), id="d", manual=True),
    )
    update = {"fields": stated, "actions": ["update_delivery_date"]}
    scored = score(
        cases,
        [
            prediction(found(DATE, order(1), confidence=0.9, **update), id="a", seconds=1.0),
            prediction(
                found(DATE, order(2), confidence=0.8, **update),
                found(DATE, order(9), confidence=0.4),
                id="b",
                seconds=2.0,
            ),
            prediction(id="c", manual=True, seconds=3.0),
            prediction(id="d", manual=True, seconds=4.0),
        ],
    )
    assert {name: figure.value for name, figure in scored.overall.figures.items()} == pytest.approx(
        {
            "intent_micro_f1": 2 * 2 / (3 + 2),
            "intent_macro_f1": (1.0 + 0.0) / 2,
            "record_accuracy_at_1": 2 / (1 + 2 + 1),
            "record_recall_at_5": 2 / 3,
            "exception_precision": 2 / 3,
            "exception_recall": 2 / 3,
            "exception_f1": 2 / 3,
            "fields_f1": 1.0,
            "actions_exact": 2 / 3,
            "end_to_end": 2 / 4,
            "manual_share": 2 / 4,
            "selective_risk": 1 / 2,
            "coverage_at_95": 1 / 4,
            "coverage_at_98": 1 / 4,
            "coverage_at_99": 1 / 4,
            "brier": (0.1**2 + 0.2**2 + 0.4**2) / 3,
            "calibration_error": (0.1 + 0.2 + 0.4) / 3,
            "calibration_error_by_chance": value(scored, "calibration_error_by_chance"),
            "seconds_median": 2.5,
            "seconds_p95": 3.85,
        }
    )


def test_claiming_more_records_than_there_are_lowers_accuracy_at_1(tmp_path):
    cases = labelled_set(tmp_path, case(label(DATE, order(1))))
    assert value(score(cases, [prediction(found(DATE, order(1)))]), "record_accuracy_at_1") == 1.0
    shotgun = prediction(*(found(DATE, order(n)) for n in (1, 2, 3, 4)))
    assert value(score(cases, [shotgun]), "record_accuracy_at_1") == 0.25


def test_a_record_claimed_where_there_is_none_lowers_accuracy_at_1(tmp_path):
    cases = labelled_set(tmp_path, case(label(DATE, order(1)), id="a"), case(label("auto_reply"), id="b"))
    proposals = [prediction(found(DATE, order(1)), id="a"), prediction(found(DATE, order(2)), id="b")]
    assert value(score(cases, proposals), "record_accuracy_at_1") == 0.5


def test_an_empty_denominator_is_null(tmp_path):
    scored = score(labelled_set(tmp_path, case(label("auto_reply"))), [prediction(manual=True)])
    empty = ["record_accuracy_at_1", "record_recall_at_5", "fields_f1", "exception_precision", "selective_risk"]
    assert [value(scored, name) for name in [*empty, "brier", "calibration_error"]] == [None] * 7
    assert json.loads(scored.model_dump_json())["overall"]["figures"]["fields_f1"]["value"] is None


def test_a_set_without_records_has_intent_figures_alone(tmp_path):
    scored = score(LabelledSet(tmp_path, [case(label(DATE))]), [prediction(found(DATE))])
    given = {name for name, figure in scored.overall.figures.items() if figure.value is not None}
    assert given == {"intent_micro_f1", "intent_macro_f1", "manual_share", "seconds_median", "seconds_p95"}


def test_a_case_without_a_prediction_is_wrong_and_named(tmp_path):
    scored = score(labelled_set(tmp_path, case(label(DATE, order(1)))), [])
    assert value(scored, "end_to_end") == 0.0
    assert scored.errors == ["c: no prediction for this case"]


def test_predictions_of_another_set_are_refused(tmp_path):
    with pytest.raises(LabelError, match="belong to no case"):
        score(labelled_set(tmp_path, case(label(DATE))), [prediction(id="stranger")])


def test_slices_are_by_intent_language_channel_and_tag(tmp_path):
    tags = {"language": "de", "lines": "multi", "noise": ["typo", "terse"], "attack": None}
    cases = labelled_set(tmp_path, case(label(DATE, order(1)), id="a", tags=tags), case(label("unclear"), id="b"))
    scored = score(cases, [perfect(c) for c in cases.cases])
    assert {dimension: {v: g.cases for v, g in groups.items()} for dimension, groups in scored.slices.items()} == {
        "intent": {DATE: 1, "unclear": 1},
        "language": {"de": 1},
        "channel": {"email": 2},
        "tag": {"lines: multi": 1, "terse": 1, "typo": 1},
    }


def test_intervals_hold_their_figure(tmp_path):
    cases = labelled_set(tmp_path, *(case(label(DATE, order(1)), id=f"c{n}") for n in range(40)))
    half = [prediction(found(DATE, order(1 + n % 2), confidence=0.5), id=f"c{n}") for n in range(40)]
    figures = score(cases, half).overall.figures
    for name in ("exception_f1", "record_accuracy_at_1", "end_to_end", "brier"):
        assert figures[name].low <= figures[name].value <= figures[name].high
    assert figures["exception_f1"].low < 0.5 < figures["exception_f1"].high


intent_sets = st.lists(
    st.tuples(
        st.sets(st.sampled_from(INTENTS[:6]), min_size=1, max_size=3),
        st.sets(st.sampled_from(INTENTS[:6]), max_size=3),
    ),
    min_size=1,
    max_size=15,
)


@given(intent_sets)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_intent_f1_is_that_of_scikit_learn(tmp_path, pairs):
    cases = [case(*(label(i) for i in expected), id=f"c{n}") for n, (expected, _) in enumerate(pairs)]
    proposed = [prediction(*(found(i) for i in given), id=f"c{n}") for n, (_, given) in enumerate(pairs)]
    scored = score(labelled_set(tmp_path, *cases), proposed, samples=10)
    seen = sorted(set().union(*(e | p for e, p in pairs)))
    # A class beside them that nothing has: one column alone would be taken for two classes, yes and no.
    binary = MultiLabelBinarizer(classes=[*seen, "none of them"]).fit([])
    truth, guess = binary.transform([e for e, _ in pairs]), binary.transform([p for _, p in pairs])
    for average in ("micro", "macro"):
        theirs = f1_score(truth, guess, labels=range(len(seen)), average=average, zero_division=0)
        assert value(scored, f"intent_{average}_f1") == pytest.approx(theirs)


exception_sets = st.lists(
    st.tuples(
        *(st.sets(st.tuples(st.sampled_from(INTENTS[:3]), st.integers(1, 3)), min_size=n, max_size=3) for n in (1, 0))
    ),
    min_size=1,
    max_size=12,
)


@given(exception_sets)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_precision_recall_and_f1_of_exceptions_are_those_of_scikit_learn(tmp_path, pairs):
    cases = [case(*(label(i, order(n)) for i, n in expected), id=f"c{k}") for k, (expected, _) in enumerate(pairs)]
    proposed = [prediction(*(found(i, order(n)) for i, n in given), id=f"c{k}") for k, (_, given) in enumerate(pairs)]
    scored = score(labelled_set(tmp_path, *cases), proposed, samples=10)
    binary = MultiLabelBinarizer(classes=[*sorted(set().union(*(e | p for e, p in pairs))), ("none of them", 0)]).fit(
        []
    )
    truth, guess = binary.transform([e for e, _ in pairs]), binary.transform([p for _, p in pairs])
    theirs = precision_recall_fscore_support(truth, guess, average="micro", zero_division=0)
    ours = [value(scored, f"exception_{name}") for name in ("precision", "recall", "f1")]
    assert [v or 0.0 for v in ours] == pytest.approx(theirs[:3])  # theirs knows no null


labels = st.builds(
    label,
    st.sampled_from(INTENTS),
    st.one_of(st.none(), st.integers(1, 5).map(order)),
    fields=st.fixed_dictionaries(
        {"tracking": st.text("AB1 ", max_size=4)},
        optional={
            "lines": st.lists(
                st.fixed_dictionaries(
                    {"line_id": st.one_of(st.none(), st.integers(1, 9)), "product": st.text("ab ", max_size=3)},
                    optional={"date": st.dates().map(str), "qty": st.integers(0, 9), "price": st.floats(0, 9)},
                ),
                max_size=3,
            )
        },
    ),
    actions=st.lists(st.sampled_from(sorted(taxonomy().actions)), max_size=3),
)


@given(st.lists(st.tuples(st.lists(labels, min_size=1, max_size=3), st.booleans()), min_size=1, max_size=8))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_reader_without_fault_scores_1_everywhere(tmp_path, rows):
    cases = labelled_set(tmp_path, *(case(*ls, id=f"c{n}", manual=m) for n, (ls, m) in enumerate(rows)))
    scored = score(cases, [perfect(c) for c in cases.cases], samples=10)
    assert {value(scored, name) for name in ONES} <= {1.0, None}
    assert value(scored, "end_to_end") == 1.0
    assert value(scored, "selective_risk") in (0.0, None)
    assert value(scored, "brier") in (0.0, None)
    assert value(scored, "coverage_at_99") == pytest.approx(np.mean([not m for _, m in rows]))


@needs_dev_set
def test_the_development_set_loads_and_is_scored_1_for_its_own_labels():
    cases = load_labelled(DEV_SET)
    scored = score(cases, [perfect(c) for c in cases.cases], samples=10)
    assert [value(scored, name) for name in ONES] == [1.0] * len(ONES)
