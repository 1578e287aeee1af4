"""A pytest plugin: a team's own labelled cases run as tests, with repeats and thresholds.

    @pytest.mark.triage("suites/ours", repeats=3, pass_rate=0.66)
    def test_our_cases(triage_case):            # one test a case
        triage_case.check()                     # right in at least two of three tries

    @pytest.mark.triage("suites/ours")
    def test_the_whole(triage_run):             # one test over all cases
        triage_run.check(end_to_end=0.7, exception_f1=0.8)

Paths are taken relative to pytest's root. Each case is tried once a session for each engine and number of repeats.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from evals.runs.grade import Graded
    from evals.runs.runner import Bench
    from evals.runs.suite import Suite
    from evals.score import Group


@dataclass(frozen=True)
class Asked:
    """What a marker asks for."""

    suite: Path
    engine: str = "local"
    repeats: int = 1
    pass_rate: float = 1.0


@dataclass
class SessionBench:
    """The suites and engines of a session, and the tries that were made already."""

    suites: dict[Path, Suite] = field(default_factory=dict)
    benches: dict[tuple[Path, str], Bench] = field(default_factory=dict)
    tried: dict[tuple[Path, str, str, int], Graded] = field(default_factory=dict)

    def suite(self, folder: Path) -> Suite:
        from evals.runs.suite import load_suite

        if folder not in self.suites:
            self.suites[folder] = load_suite(folder)
        return self.suites[folder]

    def tries(self, asked: Asked, case_id: str) -> list[Graded]:
        return [self._try(asked, case_id, repeat) for repeat in range(asked.repeats)]

    def _try(self, asked: Asked, case_id: str, repeat: int) -> Graded:
        from evals.runs.grade import grade_try
        from evals.runs.runner import Bench, Job

        key = (asked.suite, asked.engine, case_id, repeat)
        if key not in self.tried:
            suite = self.suite(asked.suite)
            bench = self.benches.setdefault(
                (asked.suite, asked.engine), Bench({suite.name: suite}, asked.engine, cache=None)
            )
            tried, _ = bench.attempt(Job(suite.name, case_id, repeat))
            self.tried[key] = grade_try(tried)
        return self.tried[key]


@dataclass(frozen=True)
class TriageCase:
    """A labelled case after its tries."""

    asked: Asked
    tries: list[Graded]

    @property
    def share_right(self) -> float:
        return sum(g.judged.right for g in self.tries) / len(self.tries)

    def check(self) -> None:
        """Fails the test, with what was expected and found, where too few tries are right."""
        if self.share_right < self.asked.pass_rate:
            case = self.tries[0].judged.case
            found = "\n".join(f"try {n}: {g.tried.prediction.line()}" for n, g in enumerate(self.tries, start=1))
            pytest.fail(
                f"{case.id} is right in {self.share_right:.0%} of {len(self.tries)} tries, "
                f"{self.asked.pass_rate:.0%} wanted.\nexpected: "
                f"{case.expected.model_dump_json() if case.expected else 'nothing'}\n{found}",
                pytrace=False,
            )


@dataclass(frozen=True)
class TriageRun:
    """All cases of a suite after their tries."""

    group: Group

    def check(self, **at_least: float) -> None:
        """Fails the test where a figure, by its name in `triage eval score --json`, is lower than wanted."""
        low = []
        for name, wanted in at_least.items():
            value = self.group.figures[name].value
            if value is None or value < wanted:
                low.append(f"{name} is {value}, at least {wanted} wanted")
        if low:
            pytest.fail(f"{'; '.join(low)} ({self.group.cases} cases)", pytrace=False)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "triage(suite, engine='local', repeats=1, pass_rate=1.0): run the labelled cases of a suite; see triage_case and triage_run",
    )


def _asked(root: Path, marker: pytest.Mark | None) -> Asked:
    if marker is None or not marker.args:
        raise pytest.UsageError("triage_case and triage_run need @pytest.mark.triage(suite) on the test.")
    return Asked(root / marker.args[0], **marker.kwargs)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "triage_case" in metafunc.fixturenames:
        from evals.labelled import load_labelled

        asked = _asked(metafunc.config.rootpath, metafunc.definition.get_closest_marker("triage"))
        metafunc.parametrize("triage_case", [c.id for c in load_labelled(asked.suite).cases], indirect=True)


@pytest.fixture(scope="session")
def triage_bench() -> SessionBench:
    """The engines and tries of this session."""
    return SessionBench()


@pytest.fixture
def triage_case(request: pytest.FixtureRequest, triage_bench: SessionBench) -> TriageCase:
    """One labelled case of the marker's suite, tried as often as it asks."""
    asked = _asked(request.config.rootpath, request.node.get_closest_marker("triage"))
    return TriageCase(asked, triage_bench.tries(asked, request.param))


@pytest.fixture
def triage_run(request: pytest.FixtureRequest, triage_bench: SessionBench) -> TriageRun:
    """The figures of all cases of the marker's suite."""
    from evals.score import figures

    asked = _asked(request.config.rootpath, request.node.get_closest_marker("triage"))
    cases = triage_bench.suite(asked.suite).labelled.cases
    graded = [g for case in cases for g in triage_bench.tries(asked, case.id)]
    return TriageRun(figures([g.judged for g in graded], cases=[g.of for g in graded]))
