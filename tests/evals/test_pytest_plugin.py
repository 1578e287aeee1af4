"""The pytest plugin, in a pytest of its own: one test a case, repeats, thresholds, and figures of the whole."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.evals.runs.made import about

MAIL = b"From: a@supplier.example\r\nSubject: P00001\r\n\r\nLater.\r\n"
# The engine answers rightly about c1, every second time about c2, and never about c3.
CONFTEST = """
from agent.proposal import Action, Proposal, RecordRef, Triage
from evals.runs import runner

class Engine:
    turns = 0

    def triage(self, message):
        number = int(message.subject[-1])
        Engine.turns += 1
        right = number == 1 or (number == 2 and Engine.turns % 2)
        record = RecordRef(model="purchase.order", id=number if right else 99, name="P")
        proposal = Proposal(intent="delivery_date_change", record=record, actions=[Action(name="update_delivery_date")])
        return Triage(message_id=message.id, proposals=[proposal])

runner.engine_named = lambda name, reader, **rest: Engine()
"""


@pytest.fixture
def project(tmp_path):
    """A project with a suite of three cases beside its tests."""
    folder = tmp_path / "ours"
    (folder / "raw").mkdir(parents=True)
    (folder / "cases.jsonl").write_text("".join(about(n).model_dump_json() + "\n" for n in (1, 2, 3)))
    for n in (1, 2, 3):
        (folder / "raw" / f"c{n}.eml").write_bytes(MAIL.replace(b"P00001", b"P0000%d" % n))
    (folder / "records.json").write_text("{}")
    (tmp_path / "conftest.py").write_text(CONFTEST)

    def run(tests: str) -> str:
        (tmp_path / "test_ours.py").write_text("import pytest\n" + tests)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "-rA"]
        return subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, cwd=tmp_path).stdout

    return run


def test_cases_run_as_tests_with_repeats_and_thresholds(project):
    said = project(
        "@pytest.mark.triage('ours', repeats=4, pass_rate=0.5)\n"
        "def test_cases(triage_case):\n    triage_case.check()\n"
        "@pytest.mark.triage('ours', repeats=4)\n"
        "def test_whole(triage_run):\n    triage_run.check(end_to_end=0.5)\n"
        "@pytest.mark.triage('ours', repeats=4)\n"
        "def test_too_much(triage_run):\n    triage_run.check(end_to_end=0.9)\n"
    )
    assert "PASSED test_ours.py::test_cases[c1]" in said
    assert "PASSED test_ours.py::test_cases[c2]" in said
    assert "FAILED test_ours.py::test_cases[c3]" in said
    assert "c3 is right in 0% of 4 tries, 50% wanted" in said
    assert "PASSED test_ours.py::test_whole" in said
    assert "end_to_end is 0.5, at least 0.9 wanted (3 cases)" in said


def test_a_test_without_its_marker_is_told_what_is_missing(project):
    assert "need @pytest.mark.triage(suite)" in project("def test_cases(triage_case):\n    pass\n")
