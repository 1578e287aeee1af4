"""Live changes, over a real connection: they come as they happen, and go on where they were cut."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest

from api import feed
from review.claims import claim
from review.people import new_sign_in_token
from tests.api.serving import serving
from tests.review.desk import ROBIN


@pytest.fixture
def address(app, monkeypatch) -> Iterator[str]:
    monkeypatch.setattr(feed, "LOOK_SECONDS", 0.05)
    with serving(app) as url:
        yield url


@pytest.fixture
def client(app, address) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=20, follow_redirects=True) as made:
        made.get(f"/sign-in/{new_sign_in_token(app.state.database, 'Robin', hours=1)}")
        yield made


def read(lines: Iterator[str]) -> dict[str, str]:
    """The next event."""
    event: dict[str, str] = {}
    for line in lines:
        if not line and event:
            return event
        if line and not line.startswith(":"):
            name, _, value = line.partition(": ")
            event[name] = value
    raise AssertionError("the stream ended")


def test_changes_come_as_they_happen_and_from_where_they_were_cut(desk, client):
    """Each with its number; nothing is lost between two connections, and nothing comes twice."""
    proposal_id = desk.propose()
    with client.stream("GET", "/api/events") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = response.iter_lines()
        assert read(lines)["event"] == "hello"
        claim(desk.database, proposal_id, who=ROBIN)
        event = read(lines)
        assert event["event"] == "change"
        assert json.loads(event["data"])["kind"] == "proposal.claimed"
    newer = desk.propose()
    with client.stream("GET", "/api/events", headers={"Last-Event-ID": event["id"]}) as response:
        lines = response.iter_lines()
        heard = [json.loads(read(lines)["data"]) for _ in range(2)]
    assert [each["kind"] for each in heard] == ["message.received", "message.triaged"]
    assert newer.startswith(heard[0]["subject"][:20])
    listed = client.get("/api/changes", params={"after": event["id"]}).json()
    assert listed == heard


def test_who_missed_too_much_reads_anew(desk, client, monkeypatch):
    """Rather than hundreds of small changes."""
    desk.propose()
    monkeypatch.setattr(feed, "MOST", 2)
    with client.stream("GET", "/api/events", headers={"Last-Event-ID": "0"}) as response:
        assert read(response.iter_lines())["event"] == "reset"


def test_strangers_hear_nothing(address):
    """As everywhere under /api."""
    assert httpx.get(f"{address}/api/events").status_code == 401
