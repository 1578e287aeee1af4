"""Measured runs at the desk: for engineers and supervisors, in the viewer, under a policy of its own."""

from __future__ import annotations

import pytest

from evals.decided.shadow import save, shadow
from evals.runs.file import RunWriter
from review.people import Person, add_person
from tests.api.conftest import Browser
from tests.evals.runs.made import outcomes
from tests.review.desk import OTHER, START, ScriptedEngine, date_change


@pytest.fixture
def engineer(app, desk):
    """An engineer's browser, with two runs and a file that is none in the data directory."""
    for name, made in (("old", outcomes(True, False)), ("new", outcomes(True, True))):
        with RunWriter(desk.settings.runs_dir / f"{name}.jsonl", made.header) as writer:
            writer.write([*made.tries, made.end])
    (desk.settings.runs_dir / "notes.jsonl").write_text("{}\n")
    add_person(desk.database, "Eve", "engineer")
    return Browser(app, "Eve")


def test_an_engineer_sees_the_runs_that_are_there(engineer):
    page = engineer.page("/runs")
    assert 'href="/runs/old"' in page
    assert 'href="/runs/new"' in page
    assert "notes" not in page


def test_a_run_is_shown_in_the_viewer_under_its_own_policy(engineer):
    response = engineer.client.get("/runs/new", params={"against": "old"})
    assert response.status_code == 200
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "'self'" not in policy
    assert '"comparison":{' in response.text


def test_a_changed_file_is_shown_as_it_is_now(engineer, desk):
    assert engineer.page("/runs/old").count('"r":1.0') == 1
    made = outcomes(True, True, True)
    (desk.settings.runs_dir / "old.jsonl").unlink()
    with RunWriter(desk.settings.runs_dir / "old.jsonl", made.header) as writer:
        writer.write([*made.tries, made.end])
    assert engineer.page("/runs/old").count('"r":1.0') == 3


@pytest.mark.parametrize("name", ["gone", "..%2Ftriage", "%2Fetc%2Fpasswd"])
def test_no_other_file_can_be_named(engineer, name):
    assert engineer.client.get(f"/runs/{name}").status_code == 404


def test_a_file_that_is_no_run_is_refused_with_the_reason(engineer):
    response = engineer.client.get("/runs/notes")
    assert response.status_code == 422
    assert "no line of a run" in response.text


@pytest.fixture
def shadowed(desk):
    """A shadow run of one message, whose candidate found another order."""
    desk.propose(text="New date: 14 December, says the supplier.")
    made = shadow(desk.database, desk.store, ScriptedEngine(date_change(OTHER)), name="llm", since=START)
    save(made, desk.settings.runs_dir / "tuesday.shadow.json")


def test_a_shadow_run_is_listed_and_shown_with_what_the_message_says(engineer, shadowed):
    assert 'href="/runs/shadow/tuesday"' in engineer.page("/runs")
    response = engineer.client.get("/runs/shadow/tuesday")
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'sha256-")
    assert '"d":"record"' in response.text
    assert "says the supplier" in response.text


def test_of_a_message_that_is_erased_the_difference_is_shown_without_its_text(engineer, shadowed, desk):
    for file in desk.settings.raw_dir.rglob("*"):
        if file.is_file():
            file.unlink()
    page = engineer.page("/runs/shadow/tuesday")
    assert '"d":"record"' in page
    assert "says the supplier" not in page


def test_a_shadow_run_that_is_none_is_refused_or_not_found(engineer, desk):
    (desk.settings.runs_dir / "broken.shadow.json").write_text("{}")
    assert engineer.client.get("/runs/shadow/broken").status_code == 422
    assert engineer.client.get("/runs/shadow/gone").status_code == 404


def test_a_reviewer_does_not_see_runs(engineer, sam):
    assert sam.client.get("/runs").status_code == 403
    assert sam.client.get("/runs/new").status_code == 403
    assert sam.client.get("/runs/shadow/new").status_code == 403
    assert "/runs" not in sam.page("/desk/ready")


def test_an_engineer_approves_nothing():
    assert not Person(name="Eve", role="engineer").may_approve("reviewer")
    assert not Person(name="Eve", role="engineer").may_approve("engineer")
