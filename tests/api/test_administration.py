"""Pages of administrators, and who may open them."""

from __future__ import annotations

import re

import pytest

from review.people import add_person, find_person
from tests.api.conftest import Browser


@pytest.fixture
def ada(app) -> Browser:
    add_person(app.state.database, "Ada", "administrator")
    return Browser(app, "Ada")


@pytest.mark.parametrize(
    ("path", "form"),
    [("/people", {"name": "Eve", "role": "administrator"}), ("/people/disable", {"name": "Robin"}),
     ("/people/reset", {"name": "Robin"}), ("/keys", {"name": "x", "door": "email"}), ("/keys/1/revoke", {})],
)  # fmt: skip
def test_only_administrators_change_people_and_keys(app, path, form):
    sam = Browser(app, "Sam")  # a reviewer
    response = sam.client.post(path, data={"csrf": sam.csrf, **form})
    assert (response.status_code, "administer" in response.text) == (403, True)
    assert find_person(app.state.database, "Eve") is None
    for page in ("/people", "/keys"):
        assert sam.client.get(page).status_code == 403


def test_an_administrator_decides_nothing(desk, ada):
    response = ada.decide(desk.propose(), "approve")
    assert (response.status_code, "may decide" in response.text) == (403, True)


def test_a_person_is_added_with_a_link_that_is_shown_once_and_can_be_disabled(app, ada):
    page = ada.client.post("/people", data={"csrf": ada.csrf, "name": "Mo", "role": ["reviewer", "manager"]}).text
    (link,) = re.findall(r"<code>(http[^<]+/sign-in/[^<]+)</code>", page)
    assert link not in ada.page("/people")
    mo = Browser(app)
    assert mo.client.get(link.partition("8080")[2]).status_code == 200
    assert find_person(app.state.database, "Mo").roles == ["reviewer", "manager"]
    ada.client.post("/people/disable", data={"csrf": ada.csrf, "name": "Mo"})
    assert mo.client.get("/log").status_code == 401


def test_a_person_is_reset_with_a_new_link(app, ada):
    sam = Browser(app, "Sam")
    page = ada.client.post("/people/reset", data={"csrf": ada.csrf, "name": "Sam"}).text
    assert "signs Sam in once" in page
    assert sam.client.get("/log").status_code == 401


def test_what_cannot_be_done_is_said_on_the_page(ada):
    for form in ({"name": "Mo", "role": "king"}, {"name": " ", "role": "reviewer"}):
        response = ada.client.post("/people", data={"csrf": ada.csrf, **form})
        assert (response.status_code, 'role="alert"' in response.text) == (422, True)


def test_a_key_is_shown_once_and_revoked(ada):
    page = ada.client.post(
        "/keys", data={"csrf": ada.csrf, "name": "n8n", "door": ["email", "portal"], "days": 30}
    ).text
    (key,) = re.findall(r"<code>(triage_[^<]+)</code>", page)
    listed = ada.page("/keys")
    assert ("n8n" in listed, "email, portal" in listed, key in listed) == (True, True, False)
    ada.client.post(f"/keys/{key.split('_')[1]}/revoke", data={"csrf": ada.csrf})
    assert "revoked" in ada.page("/keys")
