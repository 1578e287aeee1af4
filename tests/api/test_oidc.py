"""Signing in by an identity provider: a real desk and a real provider, both over HTTP, and a browser between them."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import httpx
import pytest
from sqlalchemy import select

from api.app import create_app
from review.people import add_person, find_person, reset_person
from review.schema import LogEntry
from review.settings import SettingsError
from tests.api.serving import serving
from tests.identity_provider import IdentityProvider


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    running = IdentityProvider()
    yield running
    running.close()


@pytest.fixture
def site(desk, provider, tmp_path) -> Iterator[SimpleNamespace]:
    """The desk's address and settings; Ann was added under her e-mail address."""
    add_person(desk.database, "ann@us.example", "reviewer")
    secret = tmp_path / "secret"
    secret.write_text(provider.client_secret)
    settings = desk.settings
    settings.oidc_issuer, settings.oidc_client_id = provider.issuer, provider.client_id
    settings.oidc_client_secret_file = secret
    with serving(create_app(settings, database=desk.database)) as address:
        settings.base_url = address
        yield SimpleNamespace(address=address, settings=settings, database=desk.database)


def sign_in(site: SimpleNamespace, onward: str = "/log") -> httpx.Response:
    """Where the browser ends up after "Sign in with …"."""
    with httpx.Client(follow_redirects=True, timeout=30) as browser:
        return browser.get(f"{site.address}/oidc/sign-in", params={"onward": onward})


def test_a_person_signs_in_and_goes_on_to_what_they_wanted(site):
    response = sign_in(site)
    assert (response.status_code, response.url.path) == (200, "/log")
    assert "ann@us.example" in response.text
    with site.database.read() as session:
        kinds = [entry.kind for entry in session.scalars(select(LogEntry)) if entry.subject == "ann@us.example"]
    assert kinds == ["person.added", "person.bound", "person.signed-in"]


def test_who_was_not_added_is_nobody_here(site, provider):
    provider.identity |= {"sub": "u-2", "email": "eve@us.example"}
    response = sign_in(site)
    assert (response.status_code, "Nobody here is called" in response.text) == (401, True)


def test_an_address_that_the_provider_did_not_verify_is_nobody(site, provider):
    provider.identity["email_verified"] = False
    assert sign_in(site).status_code == 401


def test_a_name_that_goes_to_somebody_else_opens_nothing_until_an_administrator_resets_it(site, provider):
    assert sign_in(site).status_code == 200
    provider.identity["sub"] = "u-9"
    response = sign_in(site)
    assert (response.status_code, "another identity" in response.text) == (401, True)
    reset_person(site.database, "ann@us.example", "test")
    assert sign_in(site).status_code == 200


def test_roles_follow_the_provider_where_a_claim_is_named(site, provider):
    """People are made with them; other roles of the claim mean nothing here; no role, no entry."""
    site.settings.oidc_roles_claim = "groups"
    provider.identity = {"sub": "u-3", "email": "mo@us.example", "email_verified": True, "groups": ["manager", "golf"]}
    assert sign_in(site).status_code == 200
    assert find_person(site.database, "mo@us.example").roles == ["manager"]
    provider.identity["groups"] = ["reviewer", "engineer"]
    assert sign_in(site).status_code == 200
    assert find_person(site.database, "mo@us.example").roles == ["reviewer", "engineer"]
    provider.identity["groups"] = ["golf"]
    assert (sign_in(site).status_code, "no role" in sign_in(site).text) == (401, True)


@pytest.mark.parametrize(
    "twist", [{"nonce": "other"}, {"aud": "other"}, {"iss": "http://evil.example"}, {"exp": 1_600_000_000}]
)
def test_a_token_for_somebody_or_something_else_is_refused(site, provider, twist):
    provider.twist = twist
    assert sign_in(site).status_code == 401


def test_a_token_of_another_key_is_refused(site, provider):
    provider.sign_with = provider.other_key
    assert sign_in(site).status_code == 401


def test_an_answer_that_nobody_asked_for_is_refused(site):
    assert httpx.get(f"{site.address}/oidc/back", params={"code": "x", "state": "y"}).status_code == 401


def test_a_provider_that_does_not_answer_is_said(site, provider):
    provider.close()
    response = sign_in(site)
    assert (response.status_code, "does not answer" in response.text) == (502, True)


def test_it_never_leads_away_from_the_desk(site):
    assert sign_in(site, onward="//evil.example/").url.path == "/desk/ready"


def test_the_provider_must_be_reached_safely(desk):
    desk.settings.oidc_issuer, desk.settings.oidc_client_id = "http://login.example", "desk"
    with pytest.raises(SettingsError, match="https://"):
        create_app(desk.settings, database=desk.database)
