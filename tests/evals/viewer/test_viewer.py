"""The viewer in a real browser: offline, quick with many cases, and deaf to what messages hold."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from evals.decided.shadow import Shadowed, ShadowRun
from evals.predictions import PredictedException, Prediction
from evals.runs.suite import load_suite
from evals.viewer.content import content
from evals.viewer.page import inert, page
from evals.viewer.shadowed import shadow_content
from tests.evals.runs.made import about, answer, outcomes, run_of, suite_info, tried
from tests.review.desk import OTHER, date_change

CHROMIUM = Path("/usr/bin/chromium")
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
ATTACK = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'>"

browser_only = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM.exists() and os.environ.get("REQUIRE_SERVICES") != "1",
        reason="needs Chromium: apt-get install chromium",
    ),
]


@pytest.fixture
def suite(tmp_path):
    """A suite of two mails, the first with a hostile subject and text."""
    folder = tmp_path / "ours"
    (folder / "raw").mkdir(parents=True)
    (folder / "cases.jsonl").write_text("".join(about(n).model_dump_json() + "\n" for n in (1, 2)))
    for n, text in ((1, ATTACK), (2, "Delayed 😀 until Friday.")):
        (folder / "raw" / f"c{n}.eml").write_text(f"From: a@b.example\r\nSubject: {text}\r\n\r\n{text}\r\n")
    (folder / "records.json").write_text("{}")
    return load_suite(folder)


@pytest.fixture
def run(suite):
    tries = [tried(about(n)).model_copy(update={"input": suite.inputs[f"c{n}"]}) for n in (1, 2)]
    evidence = {"field": "date", "part": "body", "start": 10, "end": 22, "text": "until Friday"}
    marked = answer(about(2)).model_dump(mode="json")
    marked["exceptions"][0]["evidence"] = [evidence]
    tries[1] = tries[1].model_copy(update={"prediction": type(tries[1].prediction).model_validate(marked)})
    return run_of(*tries, suites=[suite_info(path=str(suite.labelled.path))])


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=SWITCHES)
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium, tmp_path):
    """Opens a page of content from a file; whatever the browser complains about, or asks of a network, fails the test."""
    complaints: list[str] = []

    def open_page(made):
        (tmp_path / "view.html").write_text(page(made, "view"), encoding="utf-8")
        tab = chromium.new_page(viewport={"width": 1300, "height": 800})
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("console", lambda said: complaints.append(said.text))
        tab.on("request", lambda asked: complaints.append(asked.url) if not asked.url.startswith("file:") else None)
        tab.goto((tmp_path / "view.html").as_uri())
        return tab

    yield open_page
    assert complaints == []


def test_texts_are_shown_only_where_the_bytes_are_those_of_the_run(suite, run):
    assert content(run)["cases"][0]["t"] != ""
    (suite.labelled.path / "raw" / "c1.eml").write_text("Subject: other\r\n\r\nother\r\n")
    changed = content(run)
    assert changed["cases"][0]["t"] == ""
    assert json.loads(changed["details"][0])["parts"] == []
    assert json.loads(changed["details"][1])["parts"] != []


def test_without_texts_no_suite_is_read(run):
    assert all(json.loads(d)["parts"] == [] for d in content(run, texts=False)["details"])


def test_content_cannot_end_its_element():
    assert "<" not in inert({"text": ATTACK, "line": "\u2028"})
    assert json.loads(inert({"text": ATTACK})) == {"text": ATTACK}


class TestInChromium:
    pytestmark = browser_only

    def test_a_hostile_message_is_shown_as_text_and_nothing_is_loaded(self, opened, run):
        tab = opened(content(run))
        assert ATTACK in tab.inner_text("#detail")
        assert tab.evaluate("window.hacked") is None

    def test_evidence_is_marked_where_it_stands_after_characters_outside_the_basic_plane(self, opened, run):
        tab = opened(content(run))
        tab.keyboard.press("j")
        assert tab.inner_text("mark") == "until Friday"

    def test_cases_are_narrowed_by_outcome_and_words(self, opened):
        tab = opened(content(outcomes(True, False, True), texts=False))
        tab.select_option("#outcome", "wrong")
        assert tab.inner_text("#count") == "1 of 3 cases"
        tab.select_option("#outcome", "")
        tab.fill("#text", "c3 delivery")
        assert tab.inner_text("#count") == "1 of 3 cases"
        assert "c3" in tab.inner_text(".row")

    def test_two_runs_are_compared_case_by_case(self, opened):
        tab = opened(
            content(outcomes(True, False, True, name="new", minutes=1), outcomes(False, True, True, name="old"))
        )
        tab.select_option("#outcome", "broken")
        assert "c2" in tab.inner_text(".row")
        assert tab.eval_on_selector_all(".row .badge", "all => all.map(b => b.textContent)") == ["wrong", "right"]
        tab.click("#tab-figures")
        assert "no difference shown" in tab.inner_text("#figures")
        assert tab.eval_on_selector_all("#figures svg", "all => all.length") == 2

    def test_only_the_rows_in_sight_exist(self, opened):
        made = content(outcomes(*[True] * 3, name="many"), texts=False)
        made["cases"] = [made["cases"][n % 3] | {"i": f"c{n}"} for n in range(5000)]
        made["details"] = [made["details"][n % 3] for n in range(5000)]
        tab = opened(made)
        assert tab.eval_on_selector_all(".row", "all => all.length") < 50
        tab.keyboard.press("End")
        assert "c4999" in tab.inner_text(".row[aria-selected=true]")

    def test_a_shadow_run_is_narrowed_by_what_differs_and_read_without_labels(self, opened):
        live = PredictedException.of(date_change())
        other = live.model_copy(update={"record": OTHER})
        about = {"channel": "email", "language": "en", "received_at": "2026-11-23T08:00:00Z", "live": [live]}
        messages = [
            Shadowed(
                message=f"m{n}",
                subject=f"Mail {n}",
                shadow=Prediction(id="m", exceptions=[said]),
                differs=kind,
                **about,
            )
            for n, (said, kind) in enumerate([(live, "same"), (other, "record")])
        ]
        tab = opened(shadow_content(ShadowRun(engine="llm", messages=messages), lambda one: None))
        assert tab.inner_text("#count") == "2 of 2 cases"
        tab.select_option("#outcome", "record")
        assert tab.inner_text("#count") == "1 of 2 cases"
        read = tab.inner_text("#detail")
        assert "differs in: record" in read.lower()
        assert "P00041" in read
        assert "P00042" in read
        assert "✗" not in read
        tab.click("#tab-figures")
        assert tab.inner_text("#figures tbody tr:nth-child(3)").split() == ["record", "1", "0.500"]
