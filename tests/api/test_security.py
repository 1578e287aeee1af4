"""Who gets in, what every answer carries, and what a POST must show."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from api.security import COOKIE
from review.people import new_sign_in_token
from review.schema import ProposalRow, UserRow
from tests.api.conftest import Browser

PAGES = ["/", "/desk/ready", "/log", "/message/0", "/api/proposals", "/api/session", "/api/pulse", "/proposal/0"]


@pytest.mark.parametrize("path", PAGES)
def test_nobody_sees_anything_without_signing_in(stranger, path):
    """Pages say how to sign in; endpoints answer with a problem document."""
    response = stranger.client.get(path)
    assert response.status_code == 401
    kind = "application/problem+json" if path.startswith("/api") else "text/html; charset=utf-8"
    assert response.headers["content-type"] == kind
    assert "sign-in link" in response.text


@pytest.mark.parametrize("path", ["/healthz", "/static/desk.js", "/signed-out", "/nowhere", "/desk/nonsense", "/log"])
def test_every_answer_carries_the_protective_headers(stranger, robin, path):
    """No inline script or style, no framing, no sniffing; errors too."""
    for browser in (stranger, robin):
        headers = browser.client.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"


def test_an_unforeseen_failure_is_a_page_without_its_insides(app, robin, monkeypatch):
    """500 with the same headers, and no trace."""
    client = Browser(app, "Robin").client
    client._transport.raise_server_exceptions = False
    monkeypatch.setattr("api.pages.queue.list_items", lambda *a: 1 / 0)
    response = client.get("/desk/ready")
    assert response.status_code == 500
    assert "ZeroDivisionError" not in response.text
    assert "default-src 'self'" in response.headers["content-security-policy"]


def test_a_link_signs_in_once(app, stranger):
    """A second use does not; neither does an expired or invented one."""
    token = new_sign_in_token(app.state.database, "Robin", hours=1)
    assert Browser(app).client.get(f"/sign-in/{token}").status_code == 200
    assert stranger.client.get(f"/sign-in/{token}").status_code == 401
    expired = new_sign_in_token(app.state.database, "Robin", hours=-1)
    assert stranger.client.get(f"/sign-in/{expired}").status_code == 401
    assert stranger.client.get("/sign-in/guess").status_code == 401


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(app, stranger):
    """HttpOnly, SameSite=Lax, and an end."""
    token = new_sign_in_token(app.state.database, "Robin", hours=1)
    cookie = stranger.client.get(f"/sign-in/{token}", follow_redirects=False).headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert f"Max-Age={timedelta(hours=12).seconds}" in cookie


def test_a_forged_cookie_signs_nobody_in(app, robin, stranger):
    """The signature covers the name."""
    stranger.client.cookies.set(COOKIE, robin.client.cookies[COOKIE][:-3] + "abc")
    assert stranger.client.get("/log").status_code == 401


def test_a_person_who_left_is_out_at_once(app, robin):
    """A session is only as good as its person."""
    with app.state.database.write() as session:
        session.execute(update(UserRow).where(UserRow.name == "Robin").values(active=False))
    assert robin.client.get("/log").status_code == 401


@pytest.mark.parametrize(
    "sent",
    [{}, {"csrf": "wrong"}, {"csrf": ""}, {"csrf": "ü"}],
    ids=["none", "wrong", "empty", "not ascii"],
)
def test_a_form_of_another_site_decides_nothing(desk, robin, sent):
    """Without the page's token a POST is refused."""
    proposal_id = desk.propose()
    response = robin.client.post(f"/proposal/{proposal_id}/approve", data={"version": 1, **sent})
    assert response.status_code == 403
    with desk.database.read() as session:
        assert session.scalars(select(ProposalRow.state)).all() == ["open"]


def test_a_token_from_another_origin_is_refused(desk, robin):
    """Even with the token: the browser says where the request came from."""
    data = {"csrf": robin.csrf, "version": 1}
    path = f"/proposal/{desk.propose()}/approve"
    assert robin.client.post(path, data=data, headers={"Origin": "http://evil.test"}).status_code == 403
    assert robin.client.post(path, data=data, headers={"Origin": "http://desk.test"}).status_code == 200


@pytest.mark.parametrize("kind", ["approve", "edit", "reject"])
def test_decisions_are_posts(desk, robin, kind):
    """A link, an image or a crawler decides nothing."""
    proposal_id = desk.propose()
    assert robin.client.get(f"/proposal/{proposal_id}/{kind}").status_code == 405
    assert robin.client.get(f"/api/proposals/{proposal_id}/{kind}").status_code == 405


def test_signing_out_ends_the_session(robin):
    """The cookie is gone."""
    robin.client.post("/sign-out", data={"csrf": robin.csrf})
    assert robin.client.get("/log").status_code == 401


def test_changing_the_person_is_the_demo_s_alone(app, robin):
    """Elsewhere there is no such way."""
    assert robin.client.post("/sign-in-as", data={"csrf": robin.csrf, "name": "Sam"}).status_code == 401
    assert "Continue as" not in robin.page("/desk/ready")
    app.state.settings.demo = True
    assert robin.client.post("/sign-in-as", data={"csrf": robin.csrf, "name": "Sam"}).status_code == 200
    assert robin.client.get("/api/session").json()["name"] == "Sam"
