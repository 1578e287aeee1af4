"""The original of a message on request: its layout in a sandbox, its files and bytes only to be saved."""

from __future__ import annotations

from email.message import EmailMessage
from hashlib import sha256
from urllib.parse import unquote

import pytest
from selectolax.lexbor import LexborHTMLParser

from agent.proposal import Evidence
from tests.review.desk import ScriptedEngine, date_change
from tools.message import Channel

ATTACK = "<script>alert(1)</script><img src=https://evil.example/seen.gif>"
TABLE = "Article;New date\r\nDesk;14 December\r\nChair;15 December\r\n"


def mail(file: str = TABLE, name: str = "dates.csv") -> bytes:
    message = EmailMessage()
    message["From"], message["Subject"] = "ann@supplier.example", "P00041: later"
    message.set_content("See the list.")
    message.add_alternative(f"<p>See the <b>list</b>.</p>{ATTACK}", subtype="html")
    message.add_attachment(file.encode(), maintype="text", subtype="csv", filename=name)
    return message.as_bytes()


def test_the_layout_is_shown_in_a_sandbox(desk, robin):
    """The frame may do nothing, and what it shows is served under a policy that lets it load nothing."""
    message_id = desk.take(mail(), ScriptedEngine(date_change(evidence=[])))
    for page in ("/desk/ready", f"/message/{message_id}"):
        frame = LexborHTMLParser(robin.page(page)).css_first("iframe")
        assert frame is not None
        assert frame.attributes["sandbox"] in (None, "")
        assert frame.attributes["src"] == f"/message/{message_id}/laid-out"
    shown = robin.client.get(f"/message/{message_id}/laid-out")
    assert "See the <b>list</b>" in shown.text
    assert "Without 1 picture that is not part of the mail" in shown.text
    assert "script>" not in shown.text
    assert "evil.example" not in shown.text
    policy = [part.strip() for part in shown.headers["content-security-policy"].split(";")]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert shown.headers["x-content-type-options"] == "nosniff"


def test_a_file_is_saved_and_never_shown(desk, robin):
    """Whatever it claims to be; its name cannot turn around."""
    page = "<script>alert(1)</script>"
    message_id = desk.take(mail(page, "invoice.fdp\u202egpj.html"), ScriptedEngine(date_change(evidence=[])))
    link = LexborHTMLParser(robin.page("/desk/ready")).css_first(".files a")
    assert link is not None
    saved = robin.client.get(link.attributes["href"])
    assert saved.content == page.encode()
    assert saved.headers["content-type"] == "application/octet-stream"
    assert saved.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in saved.headers["content-security-policy"]
    kind, _, name = saved.headers["content-disposition"].partition("; filename*=UTF-8''")
    assert kind == "attachment"
    assert "\u202e" not in unquote(name)
    machine = robin.client.get(f"/api/messages/{message_id}/files/{sha256(page.encode()).hexdigest()}")
    assert machine.content == page.encode()


@pytest.mark.parametrize("path", ["laid-out", "raw", f"files/{'0' * 64}"])
def test_only_who_is_signed_in_sees_an_original(desk, robin, stranger, path):
    message_id = desk.take(mail(), ScriptedEngine(date_change(evidence=[])))
    assert stranger.client.get(f"/message/{message_id}/{path}").status_code == 401
    assert robin.client.get(f"/message/{'0' * 64}/{path}").status_code == 404
    desk.store.remove(message_id)
    assert robin.client.get(f"/message/{message_id}/{path}").status_code == 404


def test_an_event_has_no_layout(desk, robin):
    """What machines send is shown as text; there is nothing to lay out."""
    desk.take(b'{"tracking_number": "1Z"}', ScriptedEngine(date_change(evidence=[])), channel=Channel.carrier)
    assert "iframe" not in robin.page("/desk/ready")


def test_evidence_is_marked_in_the_table_of_a_file(desk, robin):
    """The value leads to the cell that it was read in; the row beside it is not marked."""
    text = "Article\tNew date\nDesk\t14 December\nChair\t15 December"
    start = text.index("14 December")
    read = Evidence(field="lines[0].date", part="attachment:dates.csv", start=start, end=start + 11, text="14 December")
    desk.take(mail(), ScriptedEngine(date_change(evidence=[read])))
    tree = LexborHTMLParser(robin.page("/desk/ready"))
    [cell] = [c for c in tree.css(".sent td") if c.css_first("mark")]
    assert (cell.css_first("mark") or cell).text(deep=True).startswith("14 December")
    assert next(c.text() for c in cell.parent.css("td")) == "Desk"  # type: ignore[union-attr]
    link = tree.css_first("a.where")
    assert link is not None
    assert tree.css_first(link.attributes["href"]) is not None
