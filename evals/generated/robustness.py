"""The robustness suite: one piece of news in every kind of envelope that mail programs, gateways and bad luck make of it.

The news is the same throughout: the whole of one order moves to one day. What is tested is whether it is read at all.
"""

from __future__ import annotations

import base64
import json
import quopri
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from agent.proposal import RecordRef
from evals.generated.writing import MadeCase, write_suite
from evals.labelled import Case, Expected, LabelError, LabelledException
from evals.runs.suite import Suite
from tools.message import Channel


@dataclass(frozen=True)
class News:
    """An order of the base suite, its supplier's address, and the day to which all of its open lines move."""

    order: dict[str, Any]
    lines: list[dict[str, Any]]
    sender: str
    day: datetime
    at: datetime

    @property
    def text(self) -> str:
        return (
            f"Dear Sir or Madam,\r\n\r\nunfortunately the goods of your order {self.order['name']} will be late: the new "
            f"delivery date\r\nfor the whole order is {self.day:%d %B %Y}.\r\n\r\nKind regards\r\n"
        )

    def head(self, number: int, *extra: str, subject: str | None = None) -> str:
        """The usual header fields, without what says how the body is written."""
        said = f"Order {self.order['name']}: new delivery date" if subject is None else subject
        fields = [f"From: {self.sender}", "To: purchasing@buyer.example", f"Subject: {said}"]
        fields += [f"Date: {self.at:%a, %d %b %Y %H:%M:%S} +0000", f"Message-ID: <robust-{number}@supplier.example>"]
        return "\r\n".join([*fields, "MIME-Version: 1.0", *extra]) + "\r\n"


def make_robustness(base: Suite, out: Path) -> int:
    """Writes the suite and gives the number of cases. Raises what `write_suite` raises, and LabelError where the base
    holds no purchase order with an open line and a supplier's address."""
    news = _news(base)
    made = [_case(news, number, name, raw) for number, (name, raw) in enumerate(envelopes(news), start=1)]
    description = (
        f"One order's new delivery date in {len(made)} envelopes: charsets, transfer encodings, MIME trees, defects."
    )
    how = "Made by `triage eval make robustness`."
    return write_suite(out, made, base=base, name=f"robustness-{base.name}", description=description, how=how)


def _news(base: Suite) -> News:
    path = base.labelled.records_path
    if path is None:
        raise LabelError(f"{base.labelled.path} has no records.json; choose a base suite with records.")
    records = json.loads(path.read_bytes())
    partners = {row["id"]: row for row in records["res.partner"]}
    at = datetime.fromisoformat(records["_meta"]["exported_at"]) + timedelta(days=1)
    for order in records["purchase.order"]:
        partner = partners.get(order["partner_id"][0]) if order.get("partner_id") else None
        lines = [r for r in records["purchase.order.line"] if r["order_id"] and r["order_id"][0] == order["id"]]
        still = [r for r in lines if r["product_qty"] > r.get("qty_received", 0) and r.get("product_id")]
        if order.get("state") == "purchase" and partner and partner.get("email") and 1 <= len(still) <= 3:
            latest = max(datetime.fromisoformat(r["date_planned"]).replace(tzinfo=UTC) for r in still)
            return News(order, still, partner["email"], max(latest, at) + timedelta(days=9), at)
    raise LabelError(f"{base.labelled.path} holds no open purchase order of a supplier with an address.")


def _case(news: News, number: int, name: str, raw: bytes) -> MadeCase:
    codes = [row["product_id"][1].partition("]")[0].lstrip("[") for row in news.lines]
    lines = [
        {"line_id": r["id"], "product": c, "date": f"{news.day:%Y-%m-%d}"}
        for r, c in zip(news.lines, codes, strict=True)
    ]
    label = LabelledException(
        intent="delivery_date_change",
        record=RecordRef(model="purchase.order", id=news.order["id"], name=news.order["name"]),
        fields={"lines": lines},
        actions=["update_delivery_date"],
        acceptable_actions=["notify_customer", "reply_to_sender", "escalate"],
    )
    case_id = f"robust-{number:02}"
    case = Case(
        id=case_id, channel=Channel.email, received_at=news.at + timedelta(minutes=number), raw=f"raw/{case_id}.eml",
        expected=Expected(exceptions=[label]),
        tags={"language": "en", "lines": "multi" if len(lines) > 1 else "single", "reference": "ours", "noise": [name], "attack": None},
    )  # fmt: skip
    return MadeCase(case, raw)


PLAIN = "Content-Type: text/plain; charset=utf-8"
HTML = "Content-Type: text/html; charset=utf-8"


def envelopes(news: News) -> Iterator[tuple[str, bytes]]:
    """Each envelope's name and bytes."""
    numbers = iter(range(1, 1000))
    text, html = news.text, _html(news)

    def mail(body: str | bytes, *fields: str, subject: str | None = None, charset: str = "utf-8") -> bytes:
        content = body.encode(charset) if isinstance(body, str) else body
        return news.head(next(numbers), *fields, subject=subject).encode() + b"\r\n" + content

    def tree(kind: str, *parts: str | bytes, closed: bool = True, prologue: str = "", field: str = "") -> bytes:
        fields = [field or f'Content-Type: multipart/{kind}; boundary="=_b"']
        joined = b"".join(b"--=_b\r\n" + (p.encode() if isinstance(p, str) else p) + b"\r\n" for p in parts)
        return mail(prologue.encode() + joined + (b"--=_b--\r\n" if closed else b""), *fields)

    def encoded(data: bytes, *fields: str) -> str:
        return (
            "\r\n".join([*fields, "Content-Transfer-Encoding: base64"]) + "\r\n\r\n" + base64.encodebytes(data).decode()
        )

    plain_part, html_part = f"{PLAIN}\r\n\r\n{text}", f"{HTML}\r\n\r\n{html}"
    picture = encoded(base64.b64decode("iVBORw0KGgo="), "Content-Type: image/png", "Content-ID: <logo>")

    yield "plain", mail(text, PLAIN)
    yield "no content type", mail(text)
    yield "html alone", mail(html, HTML)
    yield "html without a body element", mail(html.replace("<body>", "").replace("</body>", ""), HTML)
    yield "unclosed html", mail(html.partition("</p>")[0], HTML)
    yield "alternative", tree("alternative", plain_part, html_part)
    yield "alternative, empty text", tree("alternative", f"{PLAIN}\r\n\r\n \r\n", html_part)
    yield "alternative, wrong order", tree("alternative", html_part, plain_part)
    yield "related in mixed", tree("related", html_part, picture)
    yield (
        "prologue and epilogue",
        tree("mixed", plain_part, picture, prologue="This is a MIME message.\r\n") + b"The end\r\n",
    )
    yield "no closing boundary", tree("mixed", plain_part, closed=False)
    yield "a boundary that never comes", mail(text, 'Content-Type: multipart/mixed; boundary="elsewhere"')
    yield "a boundary without quotes", tree("mixed", plain_part, field="Content-Type: multipart/mixed; boundary==_b")
    yield "deeply nested", _nested(news, next(numbers), plain_part, 12)
    yield "base64", mail(base64.encodebytes(text.encode()), PLAIN, "Content-Transfer-Encoding: base64")
    yield (
        "base64 without padding",
        mail(base64.b64encode(text.encode()).rstrip(b"=") + b"\r\n", PLAIN, "Content-Transfer-Encoding: base64"),
    )
    yield (
        "base64 with noise",
        mail(base64.encodebytes(text.encode()).replace(b"\n", b" !\r\n"), PLAIN, "Content-Transfer-Encoding: base64"),
    )
    yield (
        "quoted-printable",
        mail(quopri.encodestring(text.encode()), PLAIN, "Content-Transfer-Encoding: quoted-printable"),
    )
    yield (
        "quoted-printable, broken",
        mail(quopri.encodestring(text.encode()) + b"=ZZ=\r\n= ", PLAIN, "Content-Transfer-Encoding: quoted-printable"),
    )
    yield "unknown transfer encoding", mail(text, PLAIN, "Content-Transfer-Encoding: x-own")
    yield (
        "7bit that is not",
        mail(text.replace("Kind", "Mit freundlichen Grüßen, kind"), PLAIN, "Content-Transfer-Encoding: 7bit"),
    )
    yield (
        "latin-1",
        mail(text.replace("Kind", "Grüße, kind"), "Content-Type: text/plain; charset=iso-8859-1", charset="latin-1"),
    )
    yield (
        "windows-1252 called latin-1",
        mail(text.replace("Kind", "“Kind”"), "Content-Type: text/plain; charset=iso-8859-1", charset="cp1252"),
    )
    yield (
        "utf-16",
        mail(
            base64.encodebytes(text.encode("utf-16")),
            "Content-Type: text/plain; charset=utf-16",
            "Content-Transfer-Encoding: base64",
        ),
    )
    yield "utf-8 with a mark", mail(b"\xef\xbb\xbf" + text.encode(), PLAIN)
    yield "unknown charset", mail(text, "Content-Type: text/plain; charset=x-unknown-8")
    yield "no charset, not ascii", mail(text.replace("Kind", "Grüße, kind"), "Content-Type: text/plain")
    yield (
        "shift-jis",
        mail(
            text.replace("Kind", "よろしく, kind"), "Content-Type: text/plain; charset=shift_jis", charset="shift_jis"
        ),
    )
    yield (
        "koi8-r",
        mail(text.replace("Kind", "Привет, kind"), "Content-Type: text/plain; charset=koi8-r", charset="koi8-r"),
    )
    yield (
        "format flowed",
        mail(
            text.replace("the new delivery date\r\n", "the new delivery date \r\n"), PLAIN + "; format=flowed; delsp=no"
        ),
    )
    yield (
        "lone line feeds",
        news.head(next(numbers), PLAIN).replace("\r\n", "\n").encode() + b"\n" + text.replace("\r\n", "\n").encode(),
    )
    yield "one line for all", mail(" ".join(text.split()), PLAIN)
    yield "non-breaking spaces", mail(text.replace(" ", "\u00a0"), PLAIN)
    yield "zero-width characters", mail(text.replace("late", "la\u200bte").replace("goods", "go\u00adods"), PLAIN)
    yield (
        "encoded subject",
        mail(
            text,
            PLAIN,
            subject="=?utf-8?B?" + base64.b64encode(f"Auftrag {news.order['name']}: später".encode()).decode() + "?=",
        ),
    )
    yield "broken encoded subject", mail(text, PLAIN, subject="=?utf-8?B?!!!?= =?bad?X?x?=")
    yield "no subject", mail(text, PLAIN, subject="")
    yield "a very long header", mail(text, "X-Trace: " + "a" * 60_000, PLAIN)
    yield (
        "thousand received headers",
        mail(text, *(f"Received: from h{n}.example by h{n + 1}.example" for n in range(1000)), PLAIN),
    )
    yield "nul characters", mail(text.replace("Kind", "\x00Kind"), PLAIN)
    yield "control characters", mail(text.replace("Kind", "\x1b[31m\x08Kind"), PLAIN)
    yield (
        "hidden text around it",
        mail(html.replace("<body>", '<body><div style="display:none">Ignore this.</div>'), HTML),
    )
    yield (
        "tables for layout",
        mail(
            html.replace("<body>", "<body><table><tr><td><table><tr><td>").replace(
                "</body>", "</td></tr></table></td></tr></table></body>"
            ),
            HTML,
        ),
    )
    yield (
        "broken attachment",
        tree(
            "mixed",
            plain_part,
            encoded(
                b"%PDF-1.7 cut off",
                'Content-Type: application/pdf; name="a.pdf"',
                'Content-Disposition: attachment; filename="a.pdf"',
            ),
        ),
    )
    yield (
        "winmail.dat",
        tree(
            "mixed",
            plain_part,
            encoded(b"\x78\x9f\x3e\x22rest", 'Content-Type: application/ms-tnef; name="winmail.dat"'),
        ),
    )
    yield (
        "a signature",
        tree(
            "signed",
            plain_part,
            encoded(b"0\x80signature", 'Content-Type: application/pkcs7-signature; name="smime.p7s"'),
        ),
    )
    yield (
        "a calendar beside",
        tree(
            "mixed",
            plain_part,
            "Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        ),
    )
    yield (
        "a file name that climbs",
        tree(
            "mixed",
            plain_part,
            encoded(
                b"x",
                'Content-Type: text/csv; name="../../etc/passwd"',
                'Content-Disposition: attachment; filename="../../etc/passwd"',
            ),
        ),
    )
    yield (
        "a thousand empty parts",
        tree("mixed", plain_part, *("Content-Type: text/plain\r\n\r\n" for _ in range(1000))),
    )


def _html(news: News) -> str:
    paragraphs = "".join(f"<p>{' '.join(p.split())}</p>" for p in news.text.split("\r\n\r\n"))
    return f"<html><head><style>p {{ color: #333 }}</style></head><body>{paragraphs}</body></html>"


def _nested(news: News, number: int, part: str, depth: int) -> bytes:
    """The part inside so many multiparts."""
    for level in range(depth):
        part = f'Content-Type: multipart/mixed; boundary="=_{level}"\r\n\r\n--=_{level}\r\n{part}\r\n--=_{level}--\r\n'
    kind, _, body = part.partition("\r\n\r\n")
    return (news.head(number, kind) + "\r\n" + body).encode()
