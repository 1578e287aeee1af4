"""Keys with which programs work on the desk as the person who made them, and requests that can be repeated."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from review import answers
from review.api_keys import KeyRefused, Scope, add_key, list_keys, revoke_key
from review.people import add_person, disable_person, find_person, place_person
from review.schema import AnswerRow, ApiKeyRow, LogEntry, ProposalRow

EDIT = {"lines": [{"index": 0, "date": "2026-12-20"}]}


def program(app, name: str, *scopes: str, days: float = 1) -> TestClient:
    """A client that shows a key of this person and nothing else."""
    _, text = add_key(
        app.state.database, "program", [Scope(s) for s in scopes], days, find_person(app.state.database, name)
    )
    return TestClient(app, base_url="http://desk.test", headers={"Authorization": f"Bearer {text}"})


def state_of(desk, proposal_id: str) -> tuple[str, int]:
    with desk.database.read() as session:
        row = session.get_one(ProposalRow, proposal_id)
        return row.state, row.version


def test_a_program_looks_and_decides_in_its_persons_name(app, desk):
    """Without a cookie or a CSRF token; the log names the key."""
    proposal_id = desk.propose()
    client = program(app, "Robin", "read", "decide", "approve")
    shown = client.get(f"/api/proposals/{proposal_id}")
    done = client.post(f"/api/proposals/{proposal_id}/approve", headers={"If-Match": shown.headers["etag"]})
    assert (done.status_code, done.json()["who"]) == (200, "Robin")
    [key] = list_keys(app.state.database)
    with desk.database.read() as session:
        entry = session.query(LogEntry).filter_by(kind="proposal.approve").one()
        assert f'"key":"{key.id}"' in entry.content


@pytest.mark.parametrize(
    ("scopes", "method", "path", "why"),
    [
        (["decide"], "GET", "/api/proposals", "scope read"),
        (["read"], "POST", "/api/proposals/{}/approve", "scope decide"),
        (["read", "decide"], "POST", "/api/assignment-rules", "scope manage"),
    ],
)
def test_a_key_opens_what_its_scopes_say(app, desk, scopes, method, path, why):
    client = program(app, "Robin", *scopes)
    body = {"by": "vendor", "value": "x", "team": "North"} if "rules" in path else None
    answer = client.request(method, path.format(desk.propose()), json=body, headers={"If-Match": '"1"'})
    assert (answer.status_code, why in answer.json()["detail"]) == (403, True)


def test_a_key_allows_nothing_that_its_person_may_not(app, desk):
    """Not at its making, not once their role is another, not on what they do not see, not on their own edit."""
    database = app.state.database
    with pytest.raises(KeyRefused, match="Sam may not manage"):
        add_key(database, "x", [Scope.manage], 1, find_person(database, "Sam"))
    with pytest.raises(KeyRefused, match="acts as a person"):
        add_key(database, "x", [Scope.read], 1)
    client = program(app, "Robin", "read", "decide", "approve")
    proposal_id = desk.propose()
    client.post(f"/api/proposals/{proposal_id}/edit", json=EDIT, headers={"If-Match": '"1"'})
    assert client.post(f"/api/proposals/{proposal_id}/approve", headers={"If-Match": '"2"'}).status_code == 403
    client.post(f"/api/proposals/{proposal_id}/assign", json={"team": "South"})
    place_person(database, "Robin", "Ada", teams=["North"], owns=[], companies=[])
    assert client.get(f"/api/proposals/{proposal_id}").status_code == 404
    add_person(database, "Robin", "engineer")
    assert client.post("/api/views", json={"name": "x", "view": "ready"}).status_code == 403
    add_person(database, "Ada", "administrator")
    disable_person(database, "Robin", "Ada")
    assert client.get("/api/proposals").status_code == 401


def test_a_key_ends(app, desk):
    """By its date, and at once when it is revoked; a wrong one and one for other doors open nothing; nor does any a page."""
    client, expired = program(app, "Robin", "read"), program(app, "Robin", "read")
    kept, old = list_keys(desk.database)
    with desk.database.write() as session:
        session.get_one(ApiKeyRow, old.id).expires_at = datetime.now(UTC) - timedelta(seconds=1)
    assert expired.get("/api/proposals").status_code == 401
    assert client.get("/api/proposals").status_code == 200
    assert client.get("/desk/ready").status_code == 401
    revoke_key(desk.database, kept.id)
    assert "revoked" in client.get("/api/proposals").json()["detail"]
    _, door = add_key(desk.database, "n8n", [Scope.email], 1)
    for text in (door, "triage_x_y", ""):
        answer = client.get("/api/proposals", headers={"Authorization": f"Bearer {text}"})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="api"')


def test_people_make_and_revoke_their_own_keys(app, sam, robin):
    """On their account, within what they may; administrators make none that act as somebody."""
    form = {"csrf": sam.csrf, "name": "report", "scope": ["read", "decide"], "days": 7}
    (text,) = re.findall(r"<code>(triage_[^<]+)</code>", sam.client.post("/account/keys", data=form).text)
    client = TestClient(app, base_url="http://desk.test", headers={"Authorization": f"Bearer {text}"})
    assert client.get("/api/session").json()["name"] == "Sam"
    assert text not in sam.page("/account")
    refused = sam.client.post("/account/keys", data={**form, "scope": "manage"})
    assert (refused.status_code, "may not manage" in refused.text) == (422, True)
    key_id = text.split("_")[1]
    robin.client.post(f"/account/keys/{key_id}/revoke", data={"csrf": robin.csrf})
    assert client.get("/api/session").status_code == 200
    sam.client.post(f"/account/keys/{key_id}/revoke", data={"csrf": sam.csrf})
    assert client.get("/api/session").status_code == 401
    made = robin.client.post("/keys", data={"csrf": robin.csrf, "name": "x", "door": "read", "days": 1})
    assert (made.status_code, "acts as a person" in made.text) == (422, True)


def test_a_request_with_the_same_key_is_answered_again_and_done_once(app, desk, robin):
    """Also where the request by itself would do something each time; of another caller it is another key."""
    proposal_id = desk.propose()
    path, said = f"/api/proposals/{proposal_id}/comments", {"text": "Please look"}
    client, other = program(app, "Robin", "read", "decide"), program(app, "Sam", "read", "decide")
    first, again = (client.post(path, json=said, headers={"Idempotency-Key": "a1"}) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
    assert other.post(path, json=said, headers={"Idempotency-Key": "a1"}).json()["who"] == "Sam"
    assert len(client.get(path).json()) == 2
    another = client.post(path, json={"text": "Else"}, headers={"Idempotency-Key": "a1"})
    assert (another.status_code, "another request" in another.json()["detail"]) == (422, True)
    token = {"X-CSRF-Token": robin.csrf, "If-Match": '"1"', "Idempotency-Key": "d1"}
    decided = [robin.client.post(f"/api/proposals/{proposal_id}/approve", headers=token) for _ in range(2)]
    assert [answer.status_code for answer in decided] == [200, 200]
    assert decided[0].json() == decided[1].json()
    assert robin.client.post(path, json=said, headers={**token, "Idempotency-Key": "x" * 201}).status_code == 422
    assert client.post(path, json=said, headers={"Idempotency-Key": "z", "Authorization": ""}).status_code == 401


def test_what_was_refused_can_be_tried_again_with_the_same_key(app, desk):
    """It is looked at anew; and a request that is under way, or was left so, is not done twice at once."""
    proposal_id = desk.propose()
    client = program(app, "Robin", "read", "decide", "approve")
    sent = {"Idempotency-Key": "b1", "If-Match": '"7"'}
    path = f"/api/proposals/{proposal_id}/reject"
    for _ in range(2):
        assert client.post(path, json={"reason": "duplicate"}, headers=sent).status_code == 412
    assert answers.begin(desk.database, "Robin", "c1", "hash") is None
    with pytest.raises(answers.UnderWay):
        answers.begin(desk.database, "Robin", "c1", "hash")
    with desk.database.write() as session:
        session.get_one(AnswerRow, ("Robin", "c1")).begun_at -= answers.ABANDONED
    assert answers.begin(desk.database, "Robin", "c1", "hash") is None
    assert state_of(desk, proposal_id) == ("open", 1)
