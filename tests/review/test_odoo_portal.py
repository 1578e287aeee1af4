"""What partners write on Odoo's portal comes in once, and nothing else does."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from review import odoo_portal
from review.mail_rows import SourceRows
from review.odoo_portal import OdooPortalLoop, take_posts
from review.schema import MessageRow
from tests.review.desk import Desk
from tests.review.odoo import FakeOdoo
from tools.message import Channel, Message
from tools.odoo import portal_posts
from tools.reading import read_message


@pytest.fixture
def odoo() -> FakeOdoo:
    made = FakeOdoo()
    made.write("res.partner", 1, name="Ann Supplier", partner_share=True)
    made.write("res.partner", 2, name="Our Clerk", partner_share=False)
    made.write("purchase.order", 7, name="P7")
    return made


def post(odoo: FakeOdoo, number: int, at: datetime | None = None, **values: Any) -> None:
    date = f"{at or odoo.now:%Y-%m-%d %H:%M:%S}"
    usual = {
        "model": "purchase.order", "res_id": 7, "author_id": 1, "email_from": '"Ann Supplier" <ann@supplier.example>',
        "message_type": "comment", "date": date, "subject": False, "body": f"<p>Later, {number}</p>",
        "attachment_ids": [],
    }  # fmt: skip
    odoo.write("mail.message", number, **{**usual, **values})


def take(desk: Desk, odoo: FakeOdoo) -> int:
    return take_posts(SourceRows(desk.database, desk.store, "odoo", "portal"), odoo, odoo.now)


def kept(desk: Desk) -> list[Message]:
    with desk.database.read() as session:
        rows = session.scalars(select(MessageRow).order_by(MessageRow.received_at, MessageRow.id)).all()
    return [
        read_message(desk.store.get(row.id), channel=Channel(row.channel), received_at=row.received_at) for row in rows
    ]


def test_a_partners_comment_comes_in_as_a_portal_post_on_its_document(desk, odoo):
    content = base64.b64encode(b"The new date is 3 June 2026.").decode()
    odoo.write("ir.attachment", 5, name="dates.txt", mimetype="text/plain", datas=content, file_size=28)
    post(odoo, 1, attachment_ids=[5])
    assert take(desk, odoo) == 1
    [message] = kept(desk)
    assert (message.document_model, message.document_id) == ("purchase.order", 7)
    assert (message.sender.name, message.sender.email) == ("Ann Supplier", "ann@supplier.example")
    assert message.received_at == odoo.now.replace(microsecond=0)
    assert message.part("body").text.strip() == "Later, 1"
    assert message.attachments[0].name == "dates.txt"
    assert any("3 June 2026" in part.text for part in message.parts)
    assert message.problems == []


@pytest.mark.parametrize(
    "values",
    [{"author_id": 2}, {"message_type": "notification"}, {"model": "res.partner"}, {"author_id": False}],
    ids=["our own user", "notification", "another document", "nobody"],
)
def test_nothing_else_comes_in(desk, odoo, values):
    post(odoo, 1, **values)
    assert take(desk, odoo) == 0
    assert kept(desk) == []


def test_each_post_comes_in_once(desk, odoo):
    """Also one with a lower id that is committed later, and after the cursor has moved."""
    post(odoo, 3)
    assert take(desk, odoo) == 1
    odoo.later(minutes=20)
    post(odoo, 2, at=odoo.now - timedelta(minutes=20))
    assert [take(desk, odoo), take(desk, odoo)] == [1, 0]
    odoo.later(hours=2)
    post(odoo, 4)
    assert [take(desk, odoo), take(desk, odoo)] == [1, 0]
    assert len(kept(desk)) == 3


def test_old_posts_are_not_asked_for_again(desk, odoo):
    post(odoo, 1)
    take(desk, odoo)
    odoo.later(hours=2)
    take(desk, odoo)
    rows = SourceRows(desk.database, desk.store, "odoo", "portal")
    assert rows.begin(1, None)[0] == 1


def test_the_first_look_goes_back_one_day(desk, odoo):
    post(odoo, 1, at=odoo.now - timedelta(days=2))
    post(odoo, 2, at=odoo.now - timedelta(hours=20))
    assert take(desk, odoo) == 1


def test_many_posts_come_page_by_page(desk, odoo, monkeypatch):
    for module in (portal_posts, odoo_portal):
        monkeypatch.setattr(module, "PAGE", 2)
    for number in range(1, 6):
        post(odoo, number)
    assert take(desk, odoo) == 5


def test_a_file_too_large_to_read_is_named_and_not_fetched(desk, odoo):
    odoo.write("ir.attachment", 5, name="film.mp4", mimetype="video/mp4", file_size=10**10)
    post(odoo, 1, attachment_ids=[5])
    take(desk, odoo)
    assert [attachment.name for attachment in kept(desk)[0].attachments] == ["film.mp4"]


def test_the_loop_wakes_triage_and_says_when_odoo_is_away(desk, odoo):
    woken: list[int] = []
    post(odoo, 1, at=datetime.now(UTC))
    loop = OdooPortalLoop(desk.database, desk.store, odoo, 0.01, lambda: woken.append(1))

    def stop_then_wait(seconds: float) -> bool:
        loop.stopping.set()
        return True

    loop.stopping.wait = stop_then_wait  # type: ignore[method-assign, assignment]
    loop.work()
    assert woken == [1]
    assert len(kept(desk)) == 1
