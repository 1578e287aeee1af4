"""The desk as JSON."""

from __future__ import annotations

import pytest

from agent.proposal import Lane
from tests.review.desk import OTHER, date_change


def post(browser, proposal_id: str, kind: str, body: object = None, **headers: str):
    sent = {"X-CSRF-Token": browser.csrf, "If-Match": '"1"', **headers}
    return browser.client.post(f"/api/proposals/{proposal_id}/{kind}", json=body, headers=sent)


def test_proposals_are_listed_by_view_and_filter(desk, robin):
    """With the counts of all views under the same filters."""
    proposal_id = desk.propose()
    desk.propose(date_change(lane=Lane.check, record=OTHER))
    listed = robin.client.get("/api/proposals", params={"view": "check", "q": "p00042"}).json()
    assert [item["record_name"] for item in listed["items"]] == ["P00042"]
    assert listed["counts"]["check"] == 1
    assert listed["counts"]["ready"] == 0
    assert robin.client.get("/api/proposals").json()["items"][0]["id"] == proposal_id
    assert robin.client.get("/api/proposals", params={"view": "x"}).status_code == 422


def test_a_proposal_comes_with_its_version_as_tag(desk, robin):
    """What If-Match must say."""
    proposal_id = desk.propose()
    response = robin.client.get(f"/api/proposals/{proposal_id}")
    assert response.headers["etag"] == '"1"'
    shown = response.json()
    assert shown["proposal"]["record"]["name"] == "P00041"
    assert shown["message"]["sender"]["email"] == "ann@supplier.example"


def test_deciding_takes_the_version_that_was_seen(desk, robin):
    """Missing: 428. Another: 412. Nonsense: 400. Right, and right again: the same decision."""
    proposal_id = desk.propose()
    missing = robin.client.post(f"/api/proposals/{proposal_id}/approve", headers={"X-CSRF-Token": robin.csrf})
    assert missing.status_code == 428
    assert post(robin, proposal_id, "approve", **{"If-Match": "old"}).status_code == 400
    stale = post(robin, proposal_id, "approve", **{"If-Match": '"7"'})
    assert stale.status_code == 412
    assert stale.headers["content-type"] == "application/problem+json"
    assert stale.json()["title"] == "This has changed"
    first = post(robin, proposal_id, "approve")
    assert (first.status_code, first.json()["kind"]) == (200, "approve")
    assert post(robin, proposal_id, "approve").json() == first.json()


def test_edits_are_typed(desk, robin):
    """The difference comes back; what the catalogue does not know is refused."""
    proposal_id = desk.propose()
    assert post(robin, proposal_id, "edit", {"actions": ["rm -rf"]}).status_code == 422
    assert post(robin, proposal_id, "edit", {"lines": [{"index": 0, "date": "tomorrow"}]}).status_code == 422
    done = post(robin, proposal_id, "edit", {"lines": [{"index": 0, "qty": 5}]})
    assert {"path": "fields.lines[0].qty", "was": None, "is": 5.0} in done.json()["difference"]


@pytest.mark.parametrize(("reason", "status"), [("duplicate", 200), ("because", 422)])
def test_rejections_have_a_fixed_reason(desk, robin, reason, status):
    """Counted later, so not free text."""
    assert post(robin, desk.propose(), "reject", {"reason": reason}).status_code == status


def test_endpoints_want_the_token_in_the_header(desk, robin):
    """A JSON body cannot carry it."""
    path = f"/api/proposals/{desk.propose()}/approve"
    assert robin.client.post(path, json={"csrf": robin.csrf}, headers={"If-Match": "1"}).status_code == 403


def test_the_pulse_changes_when_something_happens(desk, robin):
    """An open page learns of new items, and of what became of the one that it shows."""
    proposal_id = desk.propose()
    before = robin.client.get("/api/pulse", params={"at": proposal_id}).json()
    assert (before["ids"], before["current"]) == ([proposal_id], "open 1")
    newer = desk.propose()
    after = robin.client.get("/api/pulse", params={"at": proposal_id}).json()
    assert after["entry"] > before["entry"]
    assert (after["ids"], after["current"]) == ([newer], "superseded 1")


def test_unknown_things_are_problem_documents(robin):
    """Under /api no pages."""
    for path in ("/api/proposals/none", "/api/nowhere"):
        response = robin.client.get(path)
        assert (response.status_code, response.headers["content-type"]) == (404, "application/problem+json")


def test_health_needs_nobody(stranger):
    """For whatever watches the service."""
    assert stranger.client.get("/healthz").json() == {"status": "ok"}
