"""Short ways to write runs in the tests of this folder."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from evals.labelled import Case
from evals.predictions import Prediction
from evals.runs.file import End, Header, Run, Try
from evals.runs.suite import SuiteInfo
from tests.evals.cases import case, found, label, order, prediction

START = datetime(2026, 11, 23, 8, tzinfo=UTC)
DATE = "delivery_date_change"


def suite_info(name: str = "ours", **rest: Any) -> SuiteInfo:
    given = {"title": "", "kind": "end-to-end", "license": "MIT", "provenance": "", "path": name, "cases": 0}
    versions = {"data_version": "d", "label_version": "l", "records_version": "r"}
    return SuiteInfo(**{"name": name, **given, **versions, **rest})


def header(**rest: Any) -> Header:
    given = {"created_at": START, "engine": "local", "repeats": 1, "code": "c", "commit": "c"}
    machine = {"python": "3", "platform": "p", "packages": {}, "suites": [suite_info()]}
    return Header(**{**given, **machine, **rest})


def about(number: int, **rest: Any) -> Case:
    """A case about the date of an order of its own."""
    return case(label(DATE, order(number), actions=["update_delivery_date"]), id=f"c{number}", **rest)


def answer(case: Case, *, right: bool = True, confidence: float = 0.9) -> Prediction:
    assert case.expected is not None
    (wanted,) = case.expected.exceptions
    record = wanted.record if right else order(999)
    return prediction(found(DATE, record, actions=wanted.actions, confidence=confidence), id=case.id)


def tried(case: Case, right: bool = True, repeat: int = 0, confidence: float = 0.9, **rest: Any) -> Try:
    given = {
        "suite": "ours",
        "input": f"hash of {case.id}",
        "prediction": answer(case, right=right, confidence=confidence),
    }
    return Try(**{**given, "case": case, "repeat": repeat, **rest})


def run_of(*tries: Try, name: str = "run", minutes: int = 0, **rest: Any) -> Run:
    made = header(created_at=START + timedelta(minutes=minutes), **rest)
    return Run(name=name, header=made, tries=list(tries), end=End(seconds=1.0))


def outcomes(*right: bool, name: str = "run", minutes: int = 0) -> Run:
    """A run with one case for each outcome."""
    return run_of(*(tried(about(n), r) for n, r in enumerate(right, start=1)), name=name, minutes=minutes)
