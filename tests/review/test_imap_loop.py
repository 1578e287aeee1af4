"""Mail reaches the queue once, whatever breaks on the way, and the mailbox stays as it was."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from itertools import count as counted

import pytest
from sqlalchemy import select

from agent.proposal import Lane
from review import imap_loop, queue
from review.imap_loop import ImapLoop
from review.intake import triage_message
from review.mail_loops import MailLoops, pause
from review.mail_rows import SourceRows
from review.queue import View
from review.schema import LogEntry, MailboxCursor, MailboxMessage, MessageRow
from tests.mail_server import Dovecot, Proxy, installed
from tests.review.desk import ScriptedEngine, date_change, mail
from tools.mailbox.accounts import ImapAccount
from tools.mailbox.errors import CommandRefused, FolderRefused, LoginRefused, Unreachable
from tools.mailbox.imap import ImapSession, connect, token_source

USERS = tuple(f"user{n}" for n in range(40))
numbers = counted()


@pytest.fixture(scope="module")
def shared() -> Iterator[Dovecot]:
    if not installed():
        pytest.skip("Dovecot is not installed: apt-get install dovecot-imapd")
    server = Dovecot(users=USERS)
    yield server
    server.close()


@pytest.fixture
def box(shared, monkeypatch) -> Iterator[Box]:
    """A mailbox of one's own on the shared server, behind a proxy."""
    monkeypatch.setenv("MAIL_PASSWORD", Dovecot.password)
    made = Box(shared, USERS[next(numbers)])
    yield made
    made.proxy.close()


class Box:
    def __init__(self, server: Dovecot, user: str) -> None:
        self.server, self.user = server, user
        self.proxy = Proxy(server.port)

    def account(self, **given: object) -> ImapAccount:
        where = {"host": "127.0.0.1", "port": self.proxy.port, "security": "none", "timeout_seconds": 3}
        own = {"user": self.user, "password_env": "MAIL_PASSWORD", "poll_seconds": 5}
        return ImapAccount.model_validate({**where, **own, **given})

    def deliver(self, *messages: bytes, folder: str = "INBOX") -> None:
        self.server.deliver(*messages, folder=folder, user=self.user)

    def loop(self, desk, folder: str = "INBOX", **given: object) -> ImapLoop:
        account = self.account(**given)
        rows = SourceRows(desk.database, desk.store, "orders", folder)
        return ImapLoop(rows, account, folder, token_source(account))

    def look(self, desk, folder: str = "INBOX", **given: object) -> None:
        """Looks into the folder once, over a connection of its own."""
        loop = self.loop(desk, folder, **given)
        with connect(loop.account, None) as session:
            loop.look(session)


def mails(number: int, start: int = 0, size: int = 0) -> list[bytes]:
    """Different messages, with CRLF as they travel."""
    texts = [f"Number {n}\n" + "filler " * (size // 7) for n in range(start, start + number)]
    return [mail(text=text, Message_ID=f"<{n}@x>").replace(b"\n", b"\r\n") for n, text in enumerate(texts, start)]


def kept(desk) -> list[str]:
    with desk.database.read() as session:
        return list(session.scalars(select(MessageRow.id)))


def raws(desk) -> set[bytes]:
    return {desk.store.get(i) for i in kept(desk)}


def cursor(desk, folder: str = "INBOX") -> MailboxCursor:
    with desk.database.read() as session:
        return session.get(MailboxCursor, ("orders", folder)) or MailboxCursor()


def until(true: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


def test_what_is_there_and_what_comes_is_kept_byte_for_byte(desk, box):
    """A first load, then pushes; nothing is marked in the mailbox."""
    before, after = mails(3), mails(2, start=3)
    box.deliver(*before)
    woken = threading.Event()
    with MailLoops(desk.database, desk.store, {"orders": box.account(poll_seconds=600)}, woken.set):
        until(lambda: len(kept(desk)) == 3)
        for message in after:
            box.deliver(message)
        until(lambda: len(kept(desk)) == 5)
    assert raws(desk) == {*before, *after}
    assert woken.is_set()
    assert {flags.replace("\\Recent", "") for flags in box.server.flags(user=box.user)} == {""}
    assert cursor(desk).problem is None
    assert cursor(desk).looked_at is not None


def test_a_second_look_takes_only_what_is_new(desk, box):
    """The cursor says up to where; the log has one entry for each message."""
    box.deliver(*mails(3))
    box.look(desk)
    asked_before = cursor(desk).uid
    box.deliver(*mails(1, start=3))
    box.look(desk)
    assert (asked_before, cursor(desk).uid, len(kept(desk))) == (3, 4, 4)
    with desk.database.read() as session:
        assert [e.kind for e in session.scalars(select(LogEntry))] == ["message.received"] * 4


def test_many_messages_come_over_a_second_connection_that_reads_fast(desk, box, monkeypatch):
    """In windows and batches, of which the last are not full."""
    monkeypatch.setattr(imap_loop, "WINDOW", 7)
    monkeypatch.setattr(imap_loop, "BATCH_MESSAGES", 3)
    box.deliver(*mails(imap_loop.FEW_MESSAGES + 5))
    box.look(desk)
    assert len(kept(desk)) == imap_loop.FEW_MESSAGES + 5
    assert box.proxy.connections == 2


def test_a_server_that_allows_one_connection_is_loaded_over_that(desk, box, monkeypatch):
    def refused(*_: object, for_loading: bool = False) -> ImapSession:
        raise LoginRefused("Maximum number of connections exceeded.")

    box.deliver(*mails(imap_loop.FEW_MESSAGES + 5))
    loop = box.loop(desk)
    with connect(loop.account, None) as session:
        monkeypatch.setattr(imap_loop, "connect", refused)
        loop.look(session)
    assert len(kept(desk)) == imap_loop.FEW_MESSAGES + 5


def test_a_large_message_arrives_whole(desk, box):
    """30 MB, base64 in lines, as attachments come."""
    [large] = mails(1, size=30_000_000)
    box.deliver(large)
    box.look(desk)
    assert raws(desk) == {large}


def test_a_message_beyond_the_limit_reaches_a_person_with_its_header(desk, box):
    small, large = mails(1)[0], mails(1, start=1, size=200_000)[0]
    box.deliver(small, large)
    box.look(desk, message_megabytes=0.1)
    header = large.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    assert raws(desk) == {small, header}
    with desk.database.read() as session:
        [item] = queue.list_items(session, View.manual)
        row = session.scalars(select(MessageRow).where(MessageRow.state == "held")).one()
    assert (item.lane, item.subject) == (Lane.manual, "P00041: later")
    assert "message_megabytes" in str(row.error)
    assert "folder INBOX, UID 2" in str(row.error)


def test_a_message_that_the_server_cannot_read_blocks_nothing(desk, box, monkeypatch):
    """It is tried three times; then a person is told where it is."""
    whole = ImapSession.bodies

    def broken(self, uids):
        if 2 in uids:
            raise CommandRefused("[SERVERBUG] Internal error")
        return whole(self, uids)

    monkeypatch.setattr(ImapSession, "bodies", broken)
    messages = mails(3)
    box.deliver(*messages)
    loop = box.loop(desk)
    with connect(loop.account, None) as session:
        for _ in range(imap_loop.MOST_TRIES - 1):
            with pytest.raises(Unreachable, match="Message 2 of INBOX"):
                loop.look(session)
        loop.look(session)
    assert {messages[0], messages[2]} < raws(desk)
    with desk.database.read() as session:
        [held] = session.scalars(select(MessageRow).where(MessageRow.state == "held")).all()
    assert "SERVERBUG" in str(held.error)


def test_a_message_removed_while_it_was_fetched_is_passed_over(desk, box, monkeypatch):
    """It is gone for everybody; nothing is held for it and the next ones are not blocked."""
    whole = ImapSession.bodies

    def removed_before(self, uids):
        if len(uids) > 1:
            with box.server.client(box.user) as client:
                client.select("INBOX")
                client.store("2", "+FLAGS", "(\\Deleted)")
                client.expunge()
        return whole(self, uids)

    monkeypatch.setattr(ImapSession, "bodies", removed_before)
    messages = mails(3)
    box.deliver(*messages)
    box.look(desk)
    assert raws(desk) == {messages[0], messages[2]}
    assert cursor(desk).uid == 3


def test_only_recent_messages_are_loaded_at_first(desk, box):
    """A mailbox of ten years is not triaged; what comes later is, however old its date."""
    with box.server.client(box.user) as client:
        client.append("INBOX", "", '"01-Jan-2020 10:00:00 +0000"', mails(1)[0])
    box.deliver(*mails(1, start=1))
    box.look(desk)
    assert raws(desk) == set(mails(1, start=1))
    box.look(desk, first_load_days=None)
    assert len(kept(desk)) == 1  # the day was fixed when the folder was first seen


def test_new_uids_are_compared_with_what_is_known(desk, box):
    """UIDVALIDITY changes when a mailbox is restored or moved: nothing is lost and nothing comes twice."""
    messages = mails(4)
    box.deliver(*messages[:2])
    box.look(desk)
    before = cursor(desk).uidvalidity
    box.deliver(messages[2])
    box.server.doveadm("mailbox", "update", "-u", box.user, "--uid-validity", str(before + 7), "INBOX")
    box.deliver(messages[3])
    box.look(desk)
    assert (cursor(desk).uidvalidity, cursor(desk).uid) == (before + 7, 4)
    assert raws(desk) == set(messages)
    with desk.database.read() as session:
        assert [e.kind for e in session.scalars(select(LogEntry))] == ["message.received"] * 4


def test_a_renumbered_folder_costs_headers_and_no_bodies(desk, box, monkeypatch):
    """But what has the same header and another size, or no Message-ID, is fetched: it may be another message."""
    monkeypatch.setattr(imap_loop, "FEW_MESSAGES", 2)
    messages = mails(6)
    nameless = mail(text="No id.").replace(b"\n", b"\r\n")
    box.deliver(*messages, nameless)
    box.look(desk)
    before = cursor(desk).uidvalidity
    box.server.doveadm("mailbox", "update", "-u", box.user, "--uid-validity", str(before + 7), "INBOX")
    longer = messages[0] + b"One line more.\r\n"
    box.deliver(longer)
    fetched: list[bytes] = []
    bodies = ImapSession.bodies

    def counted_bodies(session: ImapSession, uids: list[int]) -> dict[int, bytes]:
        found = bodies(session, uids)
        fetched.extend(found.values())
        return found

    monkeypatch.setattr(ImapSession, "bodies", counted_bodies)
    box.look(desk)
    assert sorted(fetched) == sorted([nameless, longer])
    assert raws(desk) == {*messages, nameless, longer}
    with desk.database.read() as session:
        here = MailboxMessage.place.startswith(f"{before + 7}/")
        assert len(session.scalars(select(MailboxMessage).where(here)).all()) == 8


def test_a_connection_cut_in_the_middle_of_a_message_costs_only_time(desk, box, monkeypatch):
    """Whatever had come is thrown away; what was kept before is not fetched again."""
    messages = mails(30, size=20_000)
    box.deliver(*messages)
    monkeypatch.setattr(imap_loop, "BATCH_MESSAGES", 5)
    box.proxy.cut_after = 300_000
    with MailLoops(desk.database, desk.store, {"orders": box.account()}):
        until(lambda: 0 < len(kept(desk)) < 30)
        until(lambda: "broke during" in str(cursor(desk).problem))
        box.proxy.cut_after = None
        until(lambda: len(kept(desk)) == 30)
        until(lambda: cursor(desk).problem is None)
    assert raws(desk) == set(messages)


def test_a_server_that_restarts_while_we_wait_is_found_again(desk, monkeypatch):
    if not installed():
        pytest.skip("Dovecot is not installed: apt-get install dovecot-imapd")
    monkeypatch.setenv("MAIL_PASSWORD", Dovecot.password)
    server = Dovecot()
    where = {"host": "127.0.0.1", "port": server.port, "security": "none", "user": "ann"}
    account = ImapAccount.model_validate({**where, "password_env": "MAIL_PASSWORD", "poll_seconds": 600})
    try:
        with MailLoops(desk.database, desk.store, {"orders": account}):
            until(lambda: cursor(desk).looked_at)
            server.stop()
            until(lambda: cursor(desk).problem)
            server.start()
            server.deliver(*mails(1))
            until(lambda: len(kept(desk)) == 1)
    finally:
        server.close()


def test_a_folder_that_vanishes_is_said_and_comes_back(desk, box):
    with box.server.client(box.user) as client:
        client.create("Orders")
    box.deliver(*mails(1), folder="Orders")
    with MailLoops(desk.database, desk.store, {"orders": box.account(folders=["Orders"], poll_seconds=1)}):
        until(lambda: len(kept(desk)) == 1)
        with box.server.client(box.user) as client:
            client.delete("Orders")
        until(lambda: "Orders cannot be opened" in str(cursor(desk, "Orders").problem))
        with box.server.client(box.user) as client:
            client.create("Orders")
        box.deliver(*mails(2), folder="Orders")
        until(lambda: len(kept(desk)) == 2)
    assert raws(desk) == set(mails(2))


def test_several_folders_of_any_name_and_one_that_is_missing(desk, box):
    """One bad folder does not stop the others."""
    with box.server.client(box.user) as client:
        client.create('"Best&AOQ-tigungen"')
    box.deliver(*mails(1))
    box.deliver(*mails(1, start=1), folder="Best&AOQ-tigungen")
    account = box.account(folders=["INBOX", "Bestätigungen", "Nowhere"])
    with MailLoops(desk.database, desk.store, {"orders": account}):
        until(lambda: len(kept(desk)) == 2)
        until(lambda: "Nowhere cannot be opened: Mailbox doesn't exist" in str(cursor(desk, "Nowhere").problem))
    assert cursor(desk).problem is cursor(desk, "Bestätigungen").problem is None


def test_marks_are_set_after_triage_and_not_before(desk, box):
    """And only on what was triaged: a held message stays as it is, for a person to look at."""
    asked = {"after_triage": {"seen": True, "keyword": "Triaged"}}
    box.deliver(*mails(3))
    box.look(desk, **asked)
    box.look(desk, **asked)
    assert not any("Seen" in flags for flags in box.server.flags(user=box.user))
    first, second = [i for i in kept(desk) if desk.store.get(i) in mails(2)]
    triage_message(desk.database, desk.store, first, ScriptedEngine(date_change()))
    triage_message(desk.database, desk.store, second, ScriptedEngine(error=RuntimeError("no")))
    box.look(desk, **asked)
    marked = [f for f in box.server.flags(user=box.user) if "Seen" in f]
    assert len(marked) == 1
    assert "Triaged" in marked[0]
    with desk.database.read() as session:
        places = session.scalars(select(MailboxMessage)).all()
        assert [p.message_id for p in places if p.settled_at] == [first]


def test_a_triaged_message_is_moved_where_that_is_asked(desk, box):
    with box.server.client(box.user) as client:
        client.create("Erledigt")
    asked = {"after_triage": {"move_to": "Erledigt"}}
    box.deliver(*mails(2))
    box.look(desk, **asked)
    for message_id in kept(desk):
        triage_message(desk.database, desk.store, message_id, ScriptedEngine(date_change()))
    box.look(desk, **asked)
    box.look(desk, **asked)
    with connect(box.account(), None) as session:
        assert session.examine("INBOX").messages == 0
        assert session.examine("Erledigt").messages == 2


def test_a_mark_that_cannot_be_set_is_said_and_mail_still_comes(desk, box):
    asked = {"after_triage": {"move_to": "Nowhere"}}
    box.deliver(*mails(1))
    box.look(desk, **asked)
    triage_message(desk.database, desk.store, kept(desk)[0], ScriptedEngine(date_change()))
    box.deliver(*mails(1, start=1))
    loop = box.loop(desk, **asked)
    with connect(loop.account, None) as session:
        problem = loop.look(session)
    assert "`after_triage` could not be done" in str(problem)
    assert len(kept(desk)) == 2


def test_a_process_left_behind_does_not_move_the_cursor_of_new_uids(desk):
    """Two services, by mistake: one has seen that the UIDs are new, the other still counts the old ones."""
    old, new = (SourceRows(desk.database, desk.store, "orders", "INBOX") for _ in range(2))
    old.begin(1, None)
    new.begin(2, None)
    old.keep([], up_to=900)
    assert new.begin(2, None) == (0, None)


def test_rates_are_bounded(desk, box):
    box.deliver(*mails(10))
    started = time.monotonic()
    box.look(desk, messages_per_minute=600)
    assert time.monotonic() - started >= 1.0


def test_a_stop_does_not_wait_for_the_server(desk, box):
    """A thread that idles for ten minutes ends at once."""
    loops = MailLoops(desk.database, desk.store, {"orders": box.account(poll_seconds=600)})
    with loops:
        until(lambda: cursor(desk).looked_at)
        started = time.monotonic()
    assert time.monotonic() - started < 8
    assert loops.loops[0].join()


@pytest.mark.parametrize(
    ("failures", "error", "least", "most"),
    [
        (1, Unreachable("x"), 0.5, 1),
        (4, Unreachable("x"), 4, 8),
        (50, FolderRefused("x"), 150, 300),
        (1, LoginRefused("x"), 60, 120),
    ],
)
def test_pauses_grow_and_differ(failures, error, least, most):
    """Many clients do not come back at once, and a bad password does not lock the account."""
    pauses = [pause(failures, error) for _ in range(50)]
    assert least <= min(pauses) < max(pauses) <= most
