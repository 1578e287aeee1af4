"""One connection to a real server: what is read, byte for byte, and what is never changed."""

from __future__ import annotations

import ssl
import threading
import time

import pytest

from tests.mail_server import Dovecot, Proxy
from tools.mailbox.accounts import AfterTriage, ImapAccount
from tools.mailbox.errors import CertificateRefused, FolderRefused, LoginRefused, Unreachable
from tools.mailbox.imap import connect

MAIL = b"From: a@b.example\r\nSubject: caf\xe9\r\n\r\nraw \x80 bytes, {5}\r\n* 3 EXISTS\r\n"
BOTH = pytest.mark.parametrize("for_loading", [False, True], ids=["watching", "loading"])


def account(server: Dovecot, user: str, **given: object) -> ImapAccount:
    where = {"host": "127.0.0.1", "port": server.port, "security": "none", "timeout_seconds": 5}
    return ImapAccount.model_validate({**where, "user": user, "password_env": "MAIL_PASSWORD", **given})


@BOTH
@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_messages_come_byte_for_byte_and_stay_unseen(dovecot, security, for_loading):
    """Over each kind of connection: 8-bit headers, braces and what looks like an answer are only content."""
    user = f"user{['none', 'starttls', 'tls'].index(security) * 2 + for_loading}"
    dovecot.deliver(MAIL, b"Subject: 2\r\n\r\n", user=user)
    port = dovecot.tls_port if security == "tls" else dovecot.port
    box = account(dovecot, user, security=security, port=port, ca_file=dovecot.certificate)
    with connect(box, None, for_loading=for_loading) as session:
        assert session.examine("INBOX").messages == 2
        assert session.uids_after(0) == [1, 2]
        assert session.uids_after(1) == [2]
        assert session.uids_after(2) == []
        assert [m.size for m in session.listed([1, 2, 99])] == [len(MAIL), 14]
        assert session.bodies([1, 2, 99]) == {1: MAIL, 2: b"Subject: 2\r\n\r\n"}
        assert session.headers([1])[1] == MAIL.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert not any("\\Seen" in flags for flags in dovecot.flags(user=user))


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_one_thread_at_a_time_is_in_a_tls_connection(dovecot, security, monkeypatch):
    """OpenSSL bears no two: commands were lost when they were sent while the server's session ticket was being read."""
    inside, met = threading.Lock(), []

    def alone(step):
        def stepping(*given):
            mine = inside.acquire(blocking=False)
            met.append(mine)
            try:
                return step(*given)
            finally:
                if mine:
                    inside.release()

        return stepping

    for name in ("recv", "send"):
        monkeypatch.setattr(ssl.SSLSocket, name, alone(getattr(ssl.SSLSocket, name)))
    port = dovecot.tls_port if security == "tls" else dovecot.port
    box = account(dovecot, "user6", security=security, port=port, ca_file=dovecot.certificate)
    for _ in range(5):
        with connect(box, None) as session:
            assert session.examine("INBOX").messages == 0
    assert len(met) > 20
    assert all(met)


@BOTH
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_refused(dovecot, security, for_loading):
    """And nothing is sent to such a server."""
    port = dovecot.tls_port if security == "tls" else dovecot.port
    with pytest.raises(CertificateRefused, match=r"does not prove who it is: self-signed.*`ca_file`"):
        connect(account(dovecot, "user0", security=security, port=port), None, for_loading=for_loading)


@BOTH
def test_a_certificate_of_another_name_is_refused(for_loading):
    server = Dovecot()
    try:
        server.stop()
        server.certify("mail.example")
        server.start()
        box = account(server, "ann", security="tls", port=server.tls_port, ca_file=server.certificate)
        with pytest.raises(CertificateRefused, match="IP address mismatch"):
            connect(box, None, for_loading=for_loading)
    finally:
        server.close()


@BOTH
def test_a_refused_login_says_so_and_keeps_the_secret(dovecot, monkeypatch, for_loading):
    monkeypatch.setenv("MAIL_PASSWORD", 'wr"ong')
    with pytest.raises(LoginRefused, match="AUTHENTICATIONFAILED") as refusal:
        connect(account(dovecot, "user0"), None, for_loading=for_loading)
    assert "wr" not in str(refusal.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"host": "no-such-host.invalid", "security": "tls"}, "Check `host` and DNS"),
        ({"port": 9}, "cannot be reached"),
        ({"security": "tls"}, "993 with tls, 143 with starttls"),
    ],
)
@BOTH
def test_what_is_wrong_with_the_way_there_is_named(dovecot, given, said, for_loading):
    with pytest.raises(Unreachable, match=said):
        connect(account(dovecot, "user0", **given), None, for_loading=for_loading)


def test_folders_of_any_name_are_found_and_opened(dovecot):
    names = {"Entwürfe/日本語", 'Say "hi"', "R&D", "INBOX"}
    with dovecot.client("user10") as client:
        for wire in ("Entw&APw-rfe/&ZeVnLIqe-", r"Say \"hi\"", "R&-D"):
            assert client.create(f'"{wire}"')[0] == "OK"
    with connect(account(dovecot, "user10"), None) as session:
        assert names <= set(session.folders())
        assert [session.examine(name).messages for name in sorted(names)] == [0, 0, 0, 0]


def test_a_folder_that_is_not_there_is_refused_and_the_session_lives_on(dovecot):
    with connect(account(dovecot, "user11"), None) as session:
        with pytest.raises(FolderRefused, match="Süd cannot be opened: Mailbox doesn't exist"):
            session.examine("Süd")
        assert session.examine("INBOX").messages == 0


def test_a_new_message_ends_the_wait(dovecot):
    with connect(account(dovecot, "user12"), None) as session:
        session.examine("INBOX")
        later = threading.Timer(0.2, dovecot.deliver, [MAIL], {"user": "user12"})
        later.start()
        started = time.monotonic()
        session.wait(30, threading.Event())
        assert time.monotonic() - started < 15
        assert session.uids_after(0) == [1]


def test_a_server_that_cannot_push_is_asked_after_the_pause(dovecot):
    with connect(account(dovecot, "user18"), None) as session:
        session.capabilities -= {"IDLE"}
        session.examine("INBOX")
        dovecot.deliver(MAIL, user="user18")
        session.wait(0.1, threading.Event())
        assert session.uids_after(0) == [1]


def test_idle_is_renewed_again_and_again(dovecot):
    """A server ends an IDLE that lasts for half an hour; each wait is one of its own."""
    with connect(account(dovecot, "user19"), None) as session:
        session.examine("INBOX")
        for _ in range(3):
            session.wait(0.1, threading.Event())
        later = threading.Timer(0.2, dovecot.deliver, [MAIL], {"user": "user19"})
        later.start()
        started = time.monotonic()
        session.wait(30, threading.Event())
        assert time.monotonic() - started < 15
        assert session.uids_after(0) == [1]


def test_a_message_that_came_before_the_wait_is_not_slept_over(dovecot):
    """A server tells of it once, in the answer to whatever command comes next."""
    with connect(account(dovecot, "user13"), None) as session:
        session.examine("INBOX")
        dovecot.deliver(MAIL, user="user13")
        session.listed([1])  # its answer carries the news
        started = time.monotonic()
        session.wait(30, threading.Event())
        assert time.monotonic() - started < 15


@pytest.mark.parametrize(("seconds_before", "command"), [(0.0, "IDLE"), (0.7, "NOOP")])
def test_a_server_that_falls_silent_is_given_up(dovecot, seconds_before, command):
    """The connection stands, yet no byte comes: only the watchdog notices, before IDLE was answered or after it."""
    proxy = Proxy(dovecot.port)
    try:
        session = connect(account(dovecot, "user14", port=proxy.port, timeout_seconds=1), None)
        session.examine("INBOX")
        silence = threading.Timer(seconds_before, setattr, [proxy, "swallow", True])
        silence.start()
        if not seconds_before:
            silence.join()
        with pytest.raises(Unreachable, match=f"broke during {command}"):
            session.wait(2, threading.Event())
        session.close()
    finally:
        proxy.close()


def test_marks_are_set_only_by_change_and_only_as_asked(dovecot):
    dovecot.deliver(*[b"Subject: %d\r\n\r\n" % n for n in range(4)], user="user15")
    with connect(account(dovecot, "user15"), None, for_loading=True) as session:
        uidvalidity = session.examine("INBOX").uidvalidity
        session.change("INBOX", uidvalidity, [1, 2], AfterTriage(seen=True, keyword="Triaged"))
        session.change("INBOX", uidvalidity + 1, [3], AfterTriage(seen=True))
    marked = [set(flags.split()) - {"\\Recent"} for flags in dovecot.flags(user="user15")]
    assert marked == [{"\\Seen", "Triaged"}, {"\\Seen", "Triaged"}, set(), set()]


@pytest.mark.parametrize("lacks", [None, "MOVE"])
def test_moving_leaves_what_others_have_marked_for_removal(dovecot, lacks):
    """With MOVE, or with UIDPLUS where a server lacks it; twice does no harm."""
    user = "user16" if lacks else "user17"
    dovecot.deliver(b"Subject: 1\r\n\r\n", b"Subject: 2\r\n\r\n", user=user)
    with dovecot.client(user) as client:
        client.create("Done")
        client.select("INBOX")
        client.store("2", "+FLAGS", "(\\Deleted)")
    with connect(account(dovecot, user), None, for_loading=True) as session:
        session.capabilities -= {lacks}
        uidvalidity = session.examine("INBOX").uidvalidity
        for _ in range(2):
            session.change("INBOX", uidvalidity, [1], AfterTriage(move_to="Done"))
        assert session.examine("Done").messages == 1
        assert session.examine("INBOX").messages == 1
