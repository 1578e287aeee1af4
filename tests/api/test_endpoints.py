"""The desk as JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from agent.proposal import Fields, Lane, LineFields
from tests.review.desk import OTHER, date_change
from tools.snapshot import SnapshotReader


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
    assert post(robin, proposal_id, "edit", {"lines": [{"index": 0, "date": "some day"}]}).status_code == 422
    done = post(robin, proposal_id, "edit", {"lines": [{"index": 0, "qty": 5}]})
    assert {"path": "fields.lines[0].qty", "was": None, "is": 5.0} in done.json()["difference"]


@pytest.mark.parametrize(("reason", "status"), [("duplicate", 200), ("because", 422)])
def test_rejections_have_a_fixed_reason(desk, robin, reason, status):
    """Counted later, so not free text."""
    assert post(robin, desk.propose(), "reject", {"reason": reason}).status_code == status


def test_a_list_is_read_page_by_page_and_sent_again_only_when_it_changed(desk, robin):
    """`next` leads on; with the tag of an answer nothing comes while nothing is new."""
    ids = [desk.propose(date_change(record=None), sender=f"s{n}@x.example") for n in range(3)]
    first = robin.client.get("/api/proposals", params={"limit": 2})
    rest = robin.client.get("/api/proposals", params={"limit": 2, "cursor": first.json()["next"]})
    assert [item["id"] for page in (first, rest) for item in page.json()["items"]] == ids
    assert rest.json()["next"] is None
    assert robin.client.get("/api/proposals", params={"cursor": "nonsense"}).status_code == 422
    known = {"If-None-Match": first.headers["etag"]}
    assert robin.client.get("/api/proposals", params={"limit": 2}, headers=known).status_code == 304
    post(robin, ids[0], "claim")
    assert robin.client.get("/api/proposals", params={"limit": 2}, headers=known).status_code == 200


def test_an_approval_is_undone_within_its_window(desk, robin, sam):
    """By the same person; then it is open again, at the next version."""
    proposal_id = desk.propose()
    decided = post(robin, proposal_id, "approve").json()
    assert decided["undo_until"] > decided["at"]
    assert post(sam, proposal_id, "undo").status_code == 403
    undone = post(robin, proposal_id, "undo")
    assert (undone.status_code, undone.json()["undone_at"] is None) == (200, False)
    shown = robin.client.get(f"/api/proposals/{proposal_id}")
    assert (shown.json()["state"], shown.headers["etag"]) == ("open", '"2"')


def test_the_window_is_a_setting(desk, robin):
    """Nought seconds: what is decided is decided."""
    desk.settings.undo_seconds = 0
    proposal_id = desk.propose()
    post(robin, proposal_id, "reject", {"reason": "duplicate"})
    assert post(robin, proposal_id, "undo").status_code == 409


def test_who_has_an_item_is_seen_by_the_other(desk, robin, sam):
    """409 with the name, until it is given back."""
    proposal_id = desk.propose()
    assert post(robin, proposal_id, "claim").json()["claimed_until"]
    assert sam.client.get(f"/api/proposals/{proposal_id}").json()["claimed_by"] == "Robin"
    refused = post(sam, proposal_id, "claim")
    assert (refused.status_code, "Robin" in refused.json()["detail"]) == (409, True)
    assert post(robin, proposal_id, "release").status_code == 204
    assert post(sam, proposal_id, "claim").status_code == 200


def test_an_item_is_put_off_until_a_moment(desk, robin):
    """A moment without a time zone means nothing."""
    proposal_id = desk.propose()
    assert post(robin, proposal_id, "snooze", {"until": "2026-12-01T08:00:00"}).status_code == 422
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert post(robin, proposal_id, "snooze", {"until": until}).status_code == 204
    assert robin.client.get(f"/api/proposals/{proposal_id}").json()["view"] == "snoozed"
    assert post(robin, proposal_id, "wake").status_code == 204
    assert robin.client.get(f"/api/proposals/{proposal_id}").json()["view"] == "ready"


def test_records_are_searched_in_odoo(desk, robin, app):
    """Of the kinds that proposals are about; without an Odoo it says so."""
    assert robin.client.get("/api/records", params={"model": "purchase.order", "q": "P0"}).status_code == 503
    app.state.records = SnapshotReader({"purchase.order": [{"id": 50, "name": "P00050"}, {"id": 5, "name": "X"}]})
    found = robin.client.get("/api/records", params={"model": "purchase.order", "q": "p000"})
    assert found.json() == [{"model": "purchase.order", "id": 50, "name": "P00050"}]
    assert robin.client.get("/api/records", params={"model": "res.users", "q": "admin"}).status_code == 422


def test_each_kind_of_decision_has_its_address(desk, robin):
    """Approve some lines, split, merge, not an exception, for a person to read, and many at once."""
    two = date_change(record=None, fields=Fields(lines=[LineFields(line_id=n, date="2026-12-14") for n in (1, 2)]))
    ids = [desk.propose(two, sender=f"s{n}@x.example") for n in range(6)]
    assert len(post(robin, ids[0], "approve", {"lines": [0]}).json()["made"]) == 1
    assert post(robin, ids[1], "split", {"lines": [1]}).json()["kind"] == "split"
    assert post(robin, ids[2], "merge", {"into": ids[3]}).json()["note"] == ids[3]
    assert post(robin, ids[3], "not-an-exception").json()["kind"] == "not_exception"
    assert post(robin, ids[4], "manual", {"note": "odd"}).json()["note"] == "odd"
    seen = [{"id": ids[4], "version": 2}, {"id": ids[5], "version": 1}]
    bulk = {"intent": two.intent, "band": "high", "items": seen}
    answer = robin.client.post("/api/bulk/approve", json=bulk, headers={"X-CSRF-Token": robin.csrf})
    assert [(o["approved"], o["status"]) for o in answer.json()["outcomes"]] == [(False, 422), (True, 200)]


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
    ready = stranger.client.get("/readyz")
    assert (ready.status_code, ready.json()["status"]) == (200, "ok")
    assert list(ready.json()["checks"]) == ["database"]
