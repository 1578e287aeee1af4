"""Teaching by pages and as JSON."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from api.app import create_app
from review.people import add_person
from review.rehearsal import rehearse_some
from tests.review.test_teaching import ENGINE, RECORDS, listed


@pytest.fixture
def app(desk):
    """With records, so that products are found."""
    made = create_app(desk.settings, database=desk.database, records=RECORDS)
    add_person(desk.database, "Robin", "supervisor")
    add_person(desk.database, "Sam", "reviewer")
    return made


def rehearse(desk) -> None:
    while rehearse_some(desk.database, ENGINE):
        pass


def test_a_column_is_taught_from_the_item_and_shown_before_it_is_kept(desk, sam):
    """From the link beside the proposal, over the effect, to the list; the page says how the columns are read now."""
    message_id = desk.take(listed(), ENGINE)
    [link] = [
        a for a in LexborHTMLParser(sam.page("/desk/ready")).css("a") if "/teach/" in (a.attributes["href"] or "")
    ]
    page = LexborHTMLParser(sam.page(link.attributes["href"]))
    assert [o.attributes["value"] for o in page.css("select[name=given] option")] == ["Item", "LT"]
    form = {"csrf": sam.csrf, "given": "LT", "means": "date", "reach": "sender"}
    answer = sam.client.post(f"/teach/{message_id}?subject=column", data=form)
    path = answer.url.path
    assert "about to be read" in answer.text
    assert "Keep it" not in answer.text
    refused = sam.client.post(f"{path}/keep", data={"csrf": sam.csrf})
    assert (refused.status_code, "still being looked at" in refused.text) == (409, True)
    rehearse(desk)
    shown = LexborHTMLParser(sam.page(path)).css_first("#effect")
    assert "1 of 1 message looked at. 1 holds what is taught, 1 is read otherwise" in " ".join(shown.text().split())
    assert shown.css_first(".was").text() == "FURN_7800: date 2026-12-14"
    assert shown.css_first(".is").text() == "FURN_7800: date 2026-12-21"
    sam.client.post(f"{path}/keep", data={"csrf": sam.csrf})
    assert "in force" in sam.page("/lessons")
    assert "every message of supplier.example" in sam.page("/lessons")
    sam.client.post(f"{path}/revoke", data={"csrf": sam.csrf})
    assert "revoked" in sam.page("/lessons")


def test_the_wrong_thing_is_said_beside_what_was_typed(desk, sam):
    """Nothing typed is lost."""
    message_id = desk.take(listed(), ENGINE)
    form = {"csrf": sam.csrf, "given": "X-900", "means": "fender", "reach": "sender"}
    answer = sam.client.post(f"/teach/{message_id}?subject=code", data=form)
    page = LexborHTMLParser(answer.text)
    assert (answer.status_code, "Several fit fender" in page.css_first(".chain.bad").text()) == (422, True)
    assert [i.attributes["value"] for i in page.css("input[list]")][:2] == ["X-900", "fender"]
    assert sam.client.get("/teach/none").status_code == 404
    assert sam.client.get("/lessons/77").status_code == 404


def test_what_a_sender_writes_is_never_markup(desk, sam):
    """Headings, codes and names of a message stand in the page as text."""
    evil = "a<img src=x onerror=alert(1)>"
    message_id = desk.take(listed(heading=evil), ENGINE)
    page = LexborHTMLParser(sam.page(f"/teach/{message_id}"))
    assert [i.attributes.get("src") for i in page.css("img")] == ["/static/icon.svg"]
    assert "onerror" in page.css_first("select[name=given]").text()


def test_everything_can_be_done_as_json(desk, robin, sam):
    """Drafted, looked at, kept, listed by pages, revoked; and refused with a reason."""
    message_id = desk.take(listed(), ENGINE)
    token = {"X-CSRF-Token": sam.csrf}
    wanted = {"message_id": message_id, "subject": "code", "given": "X-900", "means": "ROP-12-NAV", "reach": "all"}
    drafted = sam.client.post("/api/lessons", json=wanted, headers=token)
    assert (drafted.status_code, drafted.json()["state"], drafted.json()["means"]) == (201, "draft", "1")
    path = f"/api/lessons/{drafted.json()['id']}"
    assert sam.client.post(f"{path}/keep", headers=token).status_code == 403
    rehearse(desk)
    assert sam.client.get(path).json()["effect"]["finished"]
    kept = robin.client.post(f"{path}/keep", headers={"X-CSRF-Token": robin.csrf}).json()
    assert (kept["state"], kept["kept_by"]) == ("in force", "Robin")
    sam.client.post("/api/lessons", json={**wanted, "reach": "message"}, headers=token)
    first = sam.client.get("/api/lessons", params={"limit": 1}).json()
    second = sam.client.get("/api/lessons", params={"limit": 1, "before": first["next"]}).json()
    assert [len(first["items"]), second["items"][0]["id"], second["next"]] == [1, kept["id"], None]
    assert robin.client.post(f"{path}/revoke", headers={"X-CSRF-Token": robin.csrf}).status_code == 204
    for wrong, status in (({"means": "nothing like it"}, 422), ({"given": ""}, 422), ({"message_id": "x"}, 422)):
        assert sam.client.post("/api/lessons", json=wanted | wrong, headers=token).status_code == status
