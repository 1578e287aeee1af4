"""What holds for the whole suite: in CI no service test may be skipped, and some test must run.

With `REQUIRE_SERVICES=1` every skip is a failure but two: data sets that are not part of the repository may be absent,
which a skip says with the words "shared data" in its reason; and so may a real Odoo server, language model and n8n, which
a skip says with the name of the variable (TRIAGE_TEST_ODOO_URL, TRIAGE_TEST_MODEL_URL, TRIAGE_TEST_N8N_URL) that would
point to one.
"""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

REQUIRED = os.environ.get("REQUIRE_SERVICES") == "1"
settings.register_profile("any machine", deadline=None)  # how long one example takes says nothing on a busy machine
settings.load_profile("any machine")

MAY_BE_ABSENT = ("shared data", "TRIAGE_TEST_ODOO_URL", "TRIAGE_TEST_MODEL_URL", "TRIAGE_TEST_N8N_URL")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if REQUIRED and report.skipped and not hasattr(report, "wasxfail"):
        refuse(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if REQUIRED and report.skipped:
        refuse(report)
    return report


def refuse(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turns a skip into a failure that names what was missing."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if not any(words in reason for words in MAY_BE_ABSENT):
        report.outcome = "failed"
        report.longrepr = f"REQUIRE_SERVICES=1 and this test was skipped: {reason.removeprefix('Skipped: ')}"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A run in which nothing was executed has proved nothing."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or session.config.option.collectonly or session.exitstatus != 0:
        return
    if not any(reporter.stats.get(outcome) for outcome in ("passed", "xfailed", "xpassed")):
        session.exitstatus = pytest.ExitCode.NO_TESTS_COLLECTED
