"""The morning's mail: to the readers that are set, once, whatever happens in between. Against a real SMTP server."""

from __future__ import annotations

import email
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import policy

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select, update

from api.briefing.mail import send_due
from review.briefing import mails
from review.schema import BriefingMail
from review.settings import SettingsError
from tests.review.desk import Desk

READERS = ("ann@us.example", "bo@us.example")


class Inbox:
    """Keeps what it is sent; refuses `refused`."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], bytes]] = []
        self.refused: set[str] = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return "550 no such reader"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append((list(envelope.rcpt_tos), envelope.content))
        return "250 OK"


@pytest.fixture
def inbox(desk: Desk) -> Iterator[Inbox]:
    made = Inbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(made, hostname="127.0.0.1", port=port, ready_timeout=60)
    controller.start()
    settings = desk.settings
    settings.smtp_host, settings.smtp_port = "127.0.0.1", port
    settings.smtp_from, settings.smtp_security = "Exception Desk <desk@us.example>", "none"
    settings.briefing_readers = READERS
    yield made
    controller.stop()


def test_each_reader_gets_one_mail_and_nobody_else(desk, inbox):
    assert send_due(desk.database, desk.settings) == 2
    assert send_due(desk.database, desk.settings) == 0
    assert sorted(to for to, _ in inbox.mails) == [[reader] for reader in READERS]


def test_the_mail_has_the_page_and_a_plain_form_and_loads_nothing(desk, inbox):
    send_due(desk.database, desk.settings)
    mail = email.message_from_bytes(inbox.mails[0][1], policy=policy.default)
    assert mail["Subject"].startswith("Normal: ")
    assert "Nothing new" in mail.get_body(("plain",)).get_content()
    page = mail.get_body(("html",)).get_content()
    assert "Nothing new" in page
    assert "<script" not in page
    assert "src=" not in page


def test_however_many_workers_run_each_reader_gets_one_mail(desk, inbox):
    together = threading.Barrier(4)

    def work() -> None:
        together.wait(timeout=30)
        send_due(desk.database, desk.settings)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=120)
    assert sorted(to for to, _ in inbox.mails) == [[reader] for reader in READERS]


def test_a_refused_reader_keeps_no_other_from_the_mail_and_is_tried_again(desk, inbox):
    inbox.refused.add(READERS[0])
    assert send_due(desk.database, desk.settings) == 1
    with desk.database.read() as session:
        row = session.scalars(select(BriefingMail).where(BriefingMail.reader == READERS[0])).one()
        assert "550" in row.problem
    inbox.refused.clear()
    with desk.database.write() as session:
        session.execute(update(BriefingMail).values(next_at=datetime.now(UTC)))
    assert send_due(desk.database, desk.settings) == 1
    assert [to for to, _ in inbox.mails] == [[READERS[1]], [READERS[0]]]


def test_the_mail_of_a_worker_that_died_is_sent_by_another(desk, inbox):
    send_due(desk.database, desk.settings)
    with desk.database.write() as session:
        session.execute(update(BriefingMail).values(sent_at=None))
        day = session.scalars(select(BriefingMail.day).limit(1)).one()
    now = datetime.now(UTC)
    assert mails.take(desk.database, day, READERS, now) == READERS[0]
    assert mails.take(desk.database, day, READERS, now) == READERS[1]
    assert mails.take(desk.database, day, READERS, now) is None
    assert mails.take(desk.database, day, READERS, now + mails.LEASE + timedelta(seconds=1)) == READERS[0]


def test_readers_without_a_mail_server_are_refused_at_the_start(desk):
    desk.settings.briefing_readers = READERS
    with pytest.raises(SettingsError, match="TRIAGE_SMTP_HOST"):
        desk.settings.check_mail()
