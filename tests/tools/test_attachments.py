"""Files that came along: what they say, and what is said when they cannot be read."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from tests.tools.edi.writing import ubl, x12
from tools.attachments import Opened, Opener, file_name, kind_of
from tools.limits import ReadingLimits
from tools.mail import read_mail

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def opened(name: str, data: bytes, mimetype: str = "application/octet-stream", **limits: int) -> Opened:
    return Opener(ReadingLimits(**limits)).open(name, mimetype, data, received_at=NOW)


def packed(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "/"), data)
    return out.getvalue()


def test_text_and_tables_of_a_text_file():
    result = opened("plan.txt", b"Plan\n\nItem   Qty\nA-1    4\nB-2    5\n")
    (part,) = result.parts
    assert part.name == "attachment:plan.txt"
    assert [[cell.text for cell in row] for row in part.tables[0].rows] == [["Item", "Qty"], ["A-1", "4"], ["B-2", "5"]]
    assert result.problems == []


def test_two_files_of_one_name_stay_apart():
    opener = Opener(ReadingLimits())
    names = [opener.open("a.txt", "text/plain", b"x", received_at=NOW).attachment.name for _ in range(3)]
    assert names == ["a.txt", "a (2).txt", "a (3).txt"]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("..\\..\\etc\\passwd", "passwd"),
        ("/tmp/list.csv", "list.csv"),
        ("a\r\nb\u202egnp.exe", "a bgnp.exe"),
        ("", "attachment-1.pdf"),
        ("attachment:x", "attachment_x"),
        ("x" * 300 + ".pdf", "x" * 130 + ".pdf"),
    ],
)
def test_names_are_safe_to_show(given, shown):
    assert file_name(given, "application/pdf", 1) == shown


@pytest.mark.parametrize(
    ("data", "name", "mimetype", "kind"),
    [
        (b"%PDF-1.4", "list.xlsx", "text/plain", "pdf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "list.xls", "", "spreadsheet"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old.doc", "", "doc"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "mail.msg", "", "msg"),
        (b"\x89PNG\r\n", "x", "text/plain", "picture"),
        (b"a;b\n", "x.csv", "application/octet-stream", "csv"),
        (b"a;b\n", "x", "text/csv", "csv"),
        (b"<Order/>", "order.xml", "", "xml"),
        (b"plain words", "x", "application/octet-stream", "text"),
        (b"\x00\x01\x02", "x.bin", "application/octet-stream", "unknown"),
    ],
)
def test_what_a_file_is_told_by_bytes_then_name_then_type(data, name, mimetype, kind):
    assert kind_of(data, name, mimetype) == kind


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("empty.pdf", b"", "empty"),
        ("files.zip", packed(a=b"x"), "archive"),
        ("winmail.dat", bytes.fromhex("789f3e22"), "winmail.dat"),
        ("broken.pdf", b"%PDF-1.7 nothing", "broken"),
        ("broken.docx", b"PK\x03\x04 word/document.xml", "broken"),
        ("broken.xlsx", packed(xl__workbook=b"<no/>"), "broken"),
        ("broken.xml", b"<a><b></a>", "broken"),
        ("x.bin", b"\x00\x01\x02", "not read"),
    ],
)
def test_what_cannot_be_read_has_a_sentence(name, data, sentence):
    result = opened(name, data)
    assert sentence in (result.attachment.problem or "")
    assert result.problems == [f"{name}: {result.attachment.problem}"]
    assert result.parts == []


def test_a_picture_is_listed_without_alarm():
    result = opened("logo.png", b"\x89PNG\r\n\x1a\n")
    assert "picture" in (result.attachment.problem or "")
    assert result.problems == []


def test_a_file_beyond_the_limit_is_not_opened():
    result = opened("big.txt", b"x" * 2_000_000, attachment_bytes=1_000_000)
    assert "2 MB" in (result.attachment.problem or "")


def test_all_files_together_are_bounded():
    opener = Opener(ReadingLimits(attachments_bytes=1_000))
    first, second = (opener.open(f"{i}.txt", "text/plain", b"x" * 600, received_at=NOW) for i in range(2))
    assert first.attachment.problem is None
    assert second.attachment.problem is not None


def test_a_zip_bomb_is_not_unpacked():
    data = packed(**{"word__document.xml": b"<a>" + b"0" * 80_000_000})
    assert len(data) < 100_000
    assert "unpacks to more than 60 MB" in (opened("order.docx", data).attachment.problem or "")


def test_a_zip_bomb_that_claims_to_be_small_is_not_unpacked():
    data = bytearray(packed(**{"word__document.xml": b"<a>" + b"0" * 8_000_000}))
    true, false = (8_000_003).to_bytes(4, "little"), (100).to_bytes(4, "little")
    assert true in data
    lie = bytes(data).replace(true, false)
    problem = opened("order.docx", lie, decompressed_bytes=1_000_000).attachment.problem or ""
    assert "unpacks" in problem or "broken" in problem


XML_BOMB = b"""<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><b>&c;</b>"""


@pytest.mark.parametrize(
    ("name", "data"), [("bomb.xml", XML_BOMB), ("bomb.docx", packed(**{"word__document.xml": XML_BOMB}))]
)
def test_an_xml_bomb_is_refused(name, data):
    assert "entities" in (opened(name, data).attachment.problem or "")


def test_an_attached_mail_becomes_a_part_with_its_own_attachments():
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "Ann <ann@x.example>", "Delay"
    inner.set_content("Ten pieces come on Friday.\n\nOn 1 May 2026, Bob wrote:\n> When?\n")
    inner.add_attachment("a;b\n1;2\n", subtype="csv", filename="list.csv")
    outer = EmailMessage()
    outer["From"], outer["Subject"] = "Bob <bob@y.example>", "See attached"
    outer.set_content("Please read.")
    outer.add_attachment(inner, filename="delay.eml")
    message = read_mail(outer.as_bytes(), received_at=NOW)
    part = message.part("attachment:delay.eml")
    assert part is not None
    assert part.text.startswith("From: Ann <ann@x.example>\nSubject: Delay\n\nTen pieces come on Friday.")
    assert message.part("attachment:list.csv") is not None
    assert [p.kind.value for p in part.passages] == ["new", "quoted"]
    assert [a.name for a in message.attachments] == ["delay.eml"]


def test_mails_inside_mails_are_opened_to_a_depth_only():
    mail = EmailMessage()
    mail.set_content("deepest")
    for level in range(8):
        outer = EmailMessage()
        outer.set_content(f"level {level}")
        outer.add_attachment(mail, filename=f"{level}.eml")
        mail = outer
    message = read_mail(mail.as_bytes(), received_at=NOW)
    assert any("inside a mail" in problem for problem in message.problems)
    assert len(message.parts) < 10


def test_an_attached_order_document_is_read_as_such_and_any_other_edi_as_text():
    response = x12("855", "BAK*00*AD*P00041", "PO1*1*40*EA*31.5")
    result = opened("response.edi", response)
    (document,) = result.documents
    assert (document.order.value, document.part, result.problems) == ("P00041", "attachment:response.edi", [])
    assert result.parts[0].text[document.order.start : document.order.end] == "P00041"
    invoice = opened("invoice.xml", ubl("Invoice", "<b:ID>R-77</b:ID>"))
    assert (invoice.documents, invoice.problems) == ([], [])
    assert "R-77" in invoice.parts[0].text
