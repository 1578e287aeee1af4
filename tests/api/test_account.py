"""Signing in with a password, and what people do for themselves."""

from __future__ import annotations

import pytest

from api.account import local
from api.security import COOKIE
from review.passwords import set_password
from tests.api.conftest import Browser

PASSWORD = "seven brown parcels"


@pytest.fixture
def signed_in(app) -> Browser:
    """Sam, by password."""
    set_password(app.state.database, "Sam", PASSWORD)
    browser = Browser(app)
    response = browser.client.post("/sign-in", data={"name": "Sam", "password": PASSWORD, "onward": "/log"})
    assert (response.status_code, response.url.path) == (200, "/log")
    return browser


def test_a_page_asked_for_without_a_session_offers_to_sign_in_and_leads_on(stranger):
    response = stranger.client.get("/log")
    assert (response.status_code, '<input type="hidden" name="onward" value="/log">' in response.text) == (401, True)


def test_a_wrong_password_leads_nowhere(app, stranger):
    response = stranger.client.post("/sign-in", data={"name": "Sam", "password": "wrong"})
    assert (response.status_code, COOKIE in stranger.client.cookies) == (401, False)
    assert "do not belong together" in response.text


def test_another_site_signs_nobody_in(app, stranger):
    """Or a person would work under a stranger's name without noticing."""
    form = {"name": "Sam", "password": PASSWORD}
    assert stranger.client.post("/sign-in", data=form, headers={"Origin": "http://evil.test"}).status_code == 403


def test_a_password_is_changed_only_by_who_knows_it(app, signed_in):
    form = {"csrf": signed_in.csrf, "password": "nine green ladders", "again": "nine green ladders"}
    for wrong in ({"current": "guess"}, {"current": PASSWORD, "again": "another one here"}, {}):
        assert signed_in.client.post("/account/password", data={**form, **wrong}).status_code == 422
    assert signed_in.client.post("/account/password", data={**form, "current": PASSWORD}).status_code == 200
    again = Browser(app).client.post("/sign-in", data={"name": "Sam", "password": "nine green ladders"})
    assert again.status_code == 200


def test_a_session_elsewhere_can_be_ended(app, signed_in):
    other = Browser(app, "Sam")
    page = signed_in.page("/account")
    assert page.count("/account/sessions/") == 2
    newest = page.split("/account/sessions/")[1].split("/")[0]
    signed_in.client.post(f"/account/sessions/{newest}/end", data={"csrf": signed_in.csrf})
    assert other.client.get("/log").status_code == 401
    assert signed_in.client.get("/log").status_code == 200


def test_a_cookie_that_was_copied_opens_nothing_after_signing_out(app, signed_in, stranger):
    stranger.client.cookies.set(COOKIE, signed_in.client.cookies[COOKIE])
    assert stranger.client.get("/log").status_code == 200
    signed_in.client.post("/sign-out", data={"csrf": signed_in.csrf})
    assert stranger.client.get("/log").status_code == 401


@pytest.mark.parametrize("away", ["//evil.test", "https://evil.test", "/\\evil.test", "/a\nb", "/sign-in", "", "evil"])
def test_signing_in_never_leads_away(away):
    assert local(away) == "/"
