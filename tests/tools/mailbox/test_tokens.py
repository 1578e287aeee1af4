"""XOAUTH2 as Microsoft 365 and Gmail document it, against a token endpoint and a mail server that asks it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.mail_server import Dovecot, installed
from tests.tools.mailbox.token_server import TokenServer
from tools.mailbox.accounts import ImapAccount, OAuth
from tools.mailbox.check import Level, check_account
from tools.mailbox.errors import LoginRefused, Unreachable
from tools.mailbox.imap import connect, token_source
from tools.mailbox.tokens import TokenSource


@pytest.fixture
def server() -> Iterator[TokenServer]:
    made = TokenServer()
    yield made
    made.close()


@pytest.fixture
def settings(server, tmp_path, monkeypatch):
    """OAuth settings at the local endpoint, as an application or with a refresh token."""
    monkeypatch.setenv("CLIENT_SECRET", "shh")
    (tmp_path / "refresh").write_text("refresh-0\n")

    def made(provider: str = "other", refresh: bool = False, **given: object) -> OAuth:
        more = {"refresh_token_file": tmp_path / "refresh"} if refresh else {}
        where = {"token_url": f"{server.url}/token", "client_id": "app", "client_secret_env": "CLIENT_SECRET"}
        return OAuth.model_validate({"provider": provider, **where, **more, **given})

    return made


def test_an_application_asks_microsoft_as_it_documents(server, settings):
    TokenSource(settings("microsoft", tenant="us.example")).token()
    [asked] = server.asked
    assert asked == {
        "client_id": "app",
        "client_secret": "shh",
        "grant_type": "client_credentials",
        "scope": "https://outlook.office365.com/.default",
    }
    given = OAuth(provider="microsoft", tenant="us.example", client_id="app", client_secret_env="S")
    assert given.endpoint == "https://login.microsoftonline.com/us.example/oauth2/v2.0/token"


def test_a_refresh_token_is_used_for_google_as_it_documents(server, settings, tmp_path):
    TokenSource(settings("google", refresh=True)).token()
    [asked] = server.asked
    assert (asked["grant_type"], asked["refresh_token"]) == ("refresh_token", "refresh-0")
    assert "scope" not in asked
    given = OAuth(provider="google", client_id="app", refresh_token_file=tmp_path / "refresh")
    assert given.endpoint == "https://oauth2.googleapis.com/token"


def test_a_token_is_kept_until_shortly_before_it_ends(server, settings):
    source = TokenSource(settings())
    assert source.token() == source.token() == "access-1"
    server.lives = 100  # less than the two minutes of reserve
    source.refused("access-1")
    assert [source.token(), source.token()] == ["access-2", "access-3"]


def test_a_refusal_of_an_older_token_does_not_throw_away_the_new_one(server, settings):
    source = TokenSource(settings())
    source.refused(source.token())
    assert source.token() == "access-2"
    source.refused("access-1")
    assert source.token() == "access-2"


def test_a_rotated_refresh_token_replaces_the_one_in_the_file(server, settings, tmp_path):
    server.rotate, server.lives = True, 0
    source = TokenSource(settings(refresh=True))
    for number in (1, 2, 3):
        source.token()
        assert (tmp_path / "refresh").read_text() == f"refresh-{number}\n"
    assert (tmp_path / "refresh").stat().st_mode & 0o077 == 0


def test_a_revoked_refresh_token_says_what_to_do_and_a_new_file_is_enough(server, settings, tmp_path):
    server.refresh_token = "refresh-new"
    source = TokenSource(settings(refresh=True))
    with pytest.raises(LoginRefused, match=r"invalid_grant Token has been expired.*give consent again"):
        source.token()
    (tmp_path / "refresh").write_text("refresh-new")
    assert source.token()


def test_a_wrong_client_secret_is_named_and_not_told(settings, monkeypatch):
    monkeypatch.setenv("CLIENT_SECRET", "wrong-secret")
    with pytest.raises(LoginRefused, match=r"AADSTS7000215.*client secret") as refusal:
        TokenSource(settings()).token()
    assert "wrong-secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((503, {}), Unreachable),
        ((429, "slow down"), Unreachable),
        ((200, []), LoginRefused),
        ((200, {"access_token": "a\x01b"}), LoginRefused),
        ((200, {"access_token": ""}), LoginRefused),
        ((400, "?"), LoginRefused),
        ((307, "http://127.0.0.1:9/elsewhere"), LoginRefused),
    ],
)
def test_whatever_the_endpoint_says_is_an_error_for_a_person(server, settings, answer, error):
    """A redirect too: the secret is not carried elsewhere."""
    server.answer = answer
    with pytest.raises(error, match="token"):
        TokenSource(settings()).token()


def test_an_endpoint_that_is_not_there(settings):
    with pytest.raises(Unreachable, match="Check the network"):
        TokenSource(settings(token_url="http://127.0.0.1:9/token")).token()


@pytest.mark.parametrize("for_loading", [False, True], ids=["watching", "loading"])
def test_a_mail_server_takes_the_token_and_a_refused_one_is_renewed(server, settings, for_loading):
    if not installed():
        pytest.skip("Dovecot is not installed: apt-get install dovecot-imapd")
    dovecot = Dovecot(tokeninfo=f"{server.url}/info?access_token=")
    try:
        where = {"host": "127.0.0.1", "port": dovecot.port, "security": "none", "user": "ann"}
        box = ImapAccount.model_validate({**where, "oauth": settings()})
        source = token_source(box)
        with connect(box, source, for_loading=for_loading) as session:
            assert session.examine("INBOX").messages == 0
        server.good.clear()
        with pytest.raises(LoginRefused, match="refuses ann"):
            connect(box, source, for_loading=for_loading)
        with connect(box, source, for_loading=for_loading) as session:
            assert session.examine("INBOX").messages == 0
        assert len(server.asked) == 2
    finally:
        dovecot.close()


def test_a_check_of_an_account_that_is_changed_too_fetches_one_token(server, settings):
    if not installed():
        pytest.skip("Dovecot is not installed: apt-get install dovecot-imapd")
    dovecot = Dovecot(tokeninfo=f"{server.url}/info?access_token=")
    try:
        where = {"host": "127.0.0.1", "port": dovecot.port, "security": "none", "user": "ann"}
        box = ImapAccount.model_validate({**where, "oauth": settings(), "after_triage": {"seen": True}})
        findings = list(check_account(box))
        assert not [finding for finding in findings if finding.level is Level.failed]
        assert "Triaged messages are changed here" in findings[-1].said
        assert len(server.asked) == 1
    finally:
        dovecot.close()
