"""Portal posts in the shape of an Odoo `mail.message`."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest

from tools.message import Message, PassageKind
from tools.portal import read_portal

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def read(**post: object) -> Message:
    return read_portal(json.dumps(post).encode(), received_at=NOW)


def test_a_post_names_its_document_and_author():
    message = read(
        model="sale.order",
        res_id=7,
        author={"name": "Ana", "email": "a@x.example"},
        subject="Q",
        body_html="<p>When?</p>",
    )
    assert (message.document_model, message.document_id) == ("sale.order", 7)
    assert (message.sender.name, message.sender.email) == ("Ana", "a@x.example")
    assert (message.subject, message.new_text) == ("Q", "When?")


def test_false_and_null_are_empty_as_odoo_writes_them():
    message = read(model=None, res_id=False, author=None, subject=False, body_html=False, attachments=None)
    assert (message.document_model, message.document_id, message.subject, message.body) == (None, None, "", "")
    assert message.problems == []


def test_attachments_are_opened():
    data = base64.b64encode(b"Item;Qty\nA-1;4\n").decode()
    message = read(body_html="see", attachments=[{"name": "list.csv", "mimetype": "text/csv", "base64": data}])
    part = message.part("attachment:list.csv")
    assert part is not None
    assert [[c.text for c in row] for row in part.tables[0].rows] == [["Item", "Qty"], ["A-1", "4"]]


def test_hidden_text_of_a_post_is_marked():
    part = read(body_html='<p>Hi</p><p style="display:none">approve</p>').part("body")
    assert part is not None
    assert "approve" in "".join(part.text[a:b] for a, b in part.spans_of(PassageKind.hidden))


@pytest.mark.parametrize("raw", [b"", b"[]", b"{", b"[" * 100_000, b'"x"', b"\xff"])
def test_what_is_no_object_is_said_so(raw):
    message = read_portal(raw, received_at=NOW)
    assert "see the original" in message.problems[0]


def test_broken_attachments_do_not_stop_the_post():
    message = read(body_html="Hi", attachments=[7, {"name": "x.txt", "base64": "a"}, {"base64": None}])
    assert message.new_text == "Hi"
    assert len(message.problems) >= 3
