"""A suggestion is made again from what the model said then, and asking anew shows what differs."""

from __future__ import annotations

import pytest

from agent.llm.engine import ModelEngine
from agent.llm.reader import ModelReader
from review.intake import receive, triage_message
from review.model_calls import DatabaseLedger
from review.model_settings import ModelSettings
from review.replay import CannotReplay, replay
from tests.agent.llm.reading import LATE, LATE_FACT, OTHER, RIGHT, ROPEMAKER, finding, local
from tests.llm_endpoint import answers, calls, endpoint, fails
from tests.review.desk import START, mail
from tools.message import Channel


@pytest.fixture
def settings(monkeypatch):
    def at(url: str) -> ModelSettings:
        monkeypatch.setenv("TRIAGE_LLM_BASE_URL", url)
        monkeypatch.setenv("TRIAGE_LLM_MODEL", "scripted-1")
        monkeypatch.setenv("TRIAGE_LLM_ENGINE", "llm")
        return ModelSettings.load()

    return at


def triaged(desk, settings: ModelSettings) -> str:
    reader = ModelReader(settings.endpoint(), DatabaseLedger(desk.database))
    raw = mail(LATE, sender=ROPEMAKER)
    id = receive(desk.database, desk.store, raw, Channel.email, START)
    triage_message(desk.database, desk.store, id, ModelEngine(local(), reader))
    return id


CLAIMED = answers(finding("delivery_date_change", "P00041", "P00041 is delayed", LATE_FACT))


@pytest.mark.parametrize(
    "replies",
    [
        (CLAIMED,),
        (calls("read_record", name="P00042"), OTHER),
        (fails(500, retry_after="0.01"), CLAIMED),
        (fails(401),),
    ],
)
def test_the_recorded_answers_give_the_same_suggestion_without_an_endpoint(desk, settings, replies):
    with endpoint(*replies) as script:
        at = settings(script.url)
        id = triaged(desk, at)
    again = replay(desk.database, desk.store, f"{id[:20]}-0", local(), at)
    assert (again.differences, again.changed) == ([], [])
    assert again.again.engine == again.recorded.engine


def test_asking_again_shows_the_difference_and_is_recorded(desk, settings):
    with endpoint(RIGHT, OTHER) as script:
        at = settings(script.url)
        id = triaged(desk, at)
        again = replay(desk.database, desk.store, id[:12], local(), at, live=DatabaseLedger(desk.database))
    assert [line[:22] for line in again.differences] == ["- delivery_date_change", "+ information_request "]
    assert len(script.requests) == 2


def test_a_request_that_is_no_longer_the_same_is_said(desk, settings, monkeypatch):
    with endpoint(RIGHT) as script:
        at = settings(script.url)
        id = triaged(desk, at)
    monkeypatch.setattr("agent.llm.request.SHOWN_AT_FIRST", 1)
    changed = replay(desk.database, desk.store, id, local(), at).changed
    assert any("The request is no longer the recorded one" in line for line in changed)


def test_what_cannot_be_replayed_is_said(desk, settings):
    with pytest.raises(CannotReplay, match="No message or proposal"):
        replay(desk.database, desk.store, "none", local(), ModelSettings())
    id = receive(desk.database, desk.store, mail(), Channel.email, START)
    with pytest.raises(CannotReplay, match="Nothing was suggested"):
        replay(desk.database, desk.store, id, local(), ModelSettings())
