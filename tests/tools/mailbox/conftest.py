"""A Dovecot for the tests of one module, and accounts on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.mail_server import Dovecot, installed


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    if not installed():
        pytest.skip("Dovecot is not installed: apt-get install dovecot-imapd")
    server = Dovecot(users=tuple(f"user{n}" for n in range(40)))
    yield server
    server.close()


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_PASSWORD", Dovecot.password)
