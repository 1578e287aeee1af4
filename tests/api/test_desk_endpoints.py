"""Comments, assignment and saved views as JSON."""

from __future__ import annotations


def post(browser, path: str, body: object):
    return browser.client.post(path, json=body, headers={"X-CSRF-Token": browser.csrf})


def test_people_talk_about_an_item(desk, robin, sam):
    """`mentioned` finds what one was asked."""
    proposal_id = desk.propose()
    path = f"/api/proposals/{proposal_id}/comments"
    assert post(robin, path, {"text": "Please look, @Sam"}).status_code == 201
    [said] = sam.client.get(path).json()
    assert (said["who"], said["mentions"]) == ("Robin", ["Sam"])
    listed = sam.client.get("/api/proposals", params={"mentioned": "Sam"}).json()
    assert [item["id"] for item in listed["items"]] == [proposal_id]
    assert post(robin, path, {"text": ""}).status_code == 422


def test_items_are_given_by_hand_and_by_rules(desk, robin, sam):
    """The list shows whose they are. Rules are made by those who manage the desk."""
    rule = {"by": "vendor", "value": "supplier.example", "team": "North"}
    assert post(sam, "/api/assignment-rules", rule).status_code == 403
    assert post(robin, "/api/assignment-rules", rule).json() == {**rule, "assignee": None}
    assert robin.client.get("/api/assignment-rules").json() == [{**rule, "assignee": None}]
    proposal_id = desk.propose()
    assert robin.client.get("/api/proposals", params={"team": "North"}).json()["items"][0]["id"] == proposal_id
    assert post(robin, f"/api/proposals/{proposal_id}/assign", {"person": "Sam"}).status_code == 204
    shown = robin.client.get(f"/api/proposals/{proposal_id}").json()
    assert (shown["assignee"], shown["team"]) == ("Sam", None)
    assert post(robin, f"/api/proposals/{proposal_id}/assign", {"person": "Nobody"}).status_code == 422
    assert post(robin, "/api/assignment-rules", {"by": "vendor", "value": "supplier.example"}).json() is None


def test_views_are_kept_under_a_name(robin, sam):
    """With their filters; shared ones are seen by all."""
    wanted = {"name": "late", "view": "check", "filters": {"overdue": True}, "shared": True}
    kept = post(robin, "/api/views", wanted).json()
    assert kept["filters"] == {"overdue": True}
    assert sam.client.get("/api/views").json() == [kept]
    assert post(robin, f"/api/views/{kept['id']}/remove", None).status_code == 204
    assert sam.client.get("/api/views").json() == []
