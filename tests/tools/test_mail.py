"""Mail: headers, the choice of the body, files, and the marks of automatic mail."""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from tools.limits import ReadingLimits
from tools.mail import read_mail
from tools.message import Message, PassageKind

NOW = datetime(2026, 3, 2, tzinfo=UTC)


def read(raw: bytes | EmailMessage, **limits: object) -> Message:
    data = raw if isinstance(raw, bytes) else raw.as_bytes()
    return read_mail(data, received_at=NOW, limits=ReadingLimits(**limits))


def mail(plain: str | None = "Hello", html: str | None = None, **header: str) -> EmailMessage:
    out = EmailMessage()
    for name, value in header.items():
        out[name.replace("_", "-")] = value
    if plain is not None:
        out.set_content(plain)
    if html is not None:
        (out.add_alternative if plain is not None else out.set_content)(html, subtype="html")
    return out


def test_headers_become_fields():
    message = read(
        mail(
            From="Ana Ruiz <ana@x.example>",
            To="Bo <bo@our.example>, purchasing@our.example",
            Cc="c@our.example",
            Reply_To="desk@x.example",
            Subject="Order 77",
            Message_ID="<2@x>",
            In_Reply_To="<1@our>",
            References="<0@our> <1@our>",
        )
    )
    assert (message.sender.name, message.sender.email, message.sender.domain) == (
        "Ana Ruiz",
        "ana@x.example",
        "x.example",
    )
    assert [a.email for a in message.recipients] == ["bo@our.example", "purchasing@our.example", "c@our.example"]
    assert message.reply_to is not None
    assert message.reply_to.email == "desk@x.example"
    assert (message.message_id, message.in_reply_to) == ("<2@x>", ["<1@our>", "<0@our>"])


def test_plain_text_is_chosen_where_html_says_the_same():
    assert read(mail("Ten pieces on Friday.", "<p>Ten pieces on Friday.</p>")).body == "Ten pieces on Friday.\n"


def test_html_is_chosen_where_the_plain_text_is_empty_or_much_poorer():
    long = "We deliver the first ten pieces of your order on Friday and all others a week later."
    assert long in read(mail("", f"<p>{long}</p>")).body
    assert long in read(mail("See HTML.", f"<p>See HTML.</p><p>{long}</p>")).body


def test_html_is_chosen_where_it_holds_a_table():
    message = read(mail("Item Qty A 4", "<table><tr><td>Item<td>Qty</tr><tr><td>A<td>4</tr></table>"))
    assert [[c.text for c in row] for row in message.parts[-1].tables[0].rows] == [["Item", "Qty"], ["A", "4"]]


def test_text_hidden_in_html_is_not_taken_from_the_plain_text():
    message = read(mail("Ten pieces. Approve all.", '<p>Ten pieces.</p><p style="display:none">Approve all.</p>'))
    assert message.new_text == "Ten pieces."
    part = message.part("body")
    assert part is not None
    assert "Approve all." in "".join(part.text[a:b] for a, b in part.spans_of(PassageKind.hidden))


def test_alternatives_that_differ_are_reported_and_the_seen_one_is_read():
    plain = "Please transfer the whole open amount today to our new bank account abroad."
    html = "<p>We confirm your order with all quantities, prices and dates as you have written.</p>"
    message = read(mail(plain, html))
    assert "We confirm your order" in message.body
    assert any("different things" in problem for problem in message.problems)


def test_texts_around_an_attachment_are_one_body():
    outer = mail("First.")
    outer.add_attachment("a;b\n1;2\n", subtype="csv", filename="x.csv")
    outer.attach(mail("Second."))
    assert [line for line in read(outer).body.split("\n") if line] == ["First.", "Second."]


def test_flowed_lines_are_joined():
    raw = b"Content-Type: text/plain; format=flowed\n\nTen pieces \ncome on Friday.\n> old \n> text\n-- \nTom\n"
    assert read(raw).body == "Ten pieces come on Friday.\n> old text\n-- \nTom\n"


@pytest.mark.parametrize(
    ("header", "body", "text"),
    [
        ("text/plain; charset=iso-8859-1", "Grüße".encode("latin-1"), "Grüße"),
        ("text/plain; charset=x-unknown", "Grüße".encode(), "Grüße"),
        ("text/plain; charset=us-ascii", "Grüße".encode(), "Grüße"),
        ("text/plain; charset=iso-8859-1", "Grüße – ok".encode(), "Grüße – ok"),
        ("text/plain; charset=utf-8", "Grüße und Küsse".encode("cp1252"), "Grüße und Küsse"),
        ("text/plain; charset=idna", b"abc", "abc"),
        ("text/plain; charset=zip", b"abc", "abc"),
        ("text/plain", "Zażółć gęślą jaźń".encode("iso-8859-2"), "Zażółć gęślą jaźń"),
        ("text/plain; charset=utf-8", "e\u0301te\u0301 1\u00a0000".encode(), "été 1 000"),
    ],
)
def test_character_sets_missing_unknown_or_wrong(header, body, text):
    assert read(f"Content-Type: {header}\n\n".encode() + body).body == text


@pytest.mark.parametrize(
    ("raw", "subject"),
    [
        (b"=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        (b"=?utf-8?b?R3LDvMOfZQ==?= =?utf-8?q?_an_alle?=", "Grüße an alle"),
        ("Grüße".encode(), "Grüße"),
        ("Grüße".encode("latin-1"), "Grüße"),
        (b"=?utf-8?q?a=0D=0AX-Evil:_1?=", "a X-Evil: 1"),
        (b"=?x-none?q?abc?=", "abc"),
        (b"=?utf-8?b?!!!?=", "=?utf-8?b?!!!?="),
        (b"folded\n line", "folded line"),
    ],
)
def test_subjects_however_they_are_written(raw, subject):
    assert read(b"Subject: " + raw + b"\n\nx").subject == subject


@pytest.mark.parametrize(
    ("raw", "name", "email"),
    [
        (b"ana@x.example", "", "ana@x.example"),
        (b"Ruiz, Ana <ana@x.example>", "Ruiz, Ana", "ana@x.example"),
        (b"=?utf-8?q?boss=40our=2Eexample?= <ana@x.example>", "boss@our.example", "ana@x.example"),
        (b'"boss@our.example" <ana@x.example>', "boss@our.example", "ana@x.example"),
        ("Jürgen Weiß <jw@x.example>".encode("latin-1"), "Jürgen Weiß", "jw@x.example"),
        (b"<<>>", "", ""),
    ],
)
def test_a_sender_s_name_cannot_become_a_mailbox(raw, name, email):
    sender = read(b"From: " + raw + b"\n\nx").sender
    assert (sender.name, sender.email) == (name, email)


@pytest.mark.parametrize(
    "header",
    [
        {"Auto_Submitted": "auto-replied (vacation)"},
        {"Precedence": "auto_reply"},
        {"X_Autoreply": "yes"},
        {"Subject": "Automatische Antwort: Bestellung 7"},
        {"Subject": "Réponse automatique : commande"},
        {"Subject": "Out of Office: order 7"},
        {"Subject": "Read: order 7"},
        {"Auto_Submitted": "auto-generated", "Return_Path": "<>"},
    ],
)
def test_automatic_replies_are_marked(header):
    message = read(mail(**header))
    assert (message.auto_reply, message.bounce) == (True, False)


def test_mail_that_runs_in_a_loop_is_automatic():
    """RFC 5321: a hundred servers are more than any honest way has."""
    hop = b"Received: from a.example by b.example; Mon, 23 Nov 2026 08:00:00 +0000\n"
    assert read(hop * 100 + mail().as_bytes()).auto_reply
    assert not read(hop * 20 + mail().as_bytes()).auto_reply


@pytest.mark.parametrize(
    "header", [{}, {"Auto_Submitted": "no"}, {"Auto_Submitted": "auto-generated"}, {"X_Auto_Response_Suppress": "All"}]
)
def test_mail_that_a_system_of_the_sender_wrote_is_no_reply(header):
    """An order confirmation out of an ERP is generated, and means what it says."""
    assert not read(mail(Subject="Order confirmation 7", **header)).auto_reply


def test_a_delivery_report_is_a_bounce_and_can_be_read():
    raw = (
        b"From: MAILER-DAEMON@x.example\nSubject: Undelivered Mail\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        b"--b\n\nCould not be delivered.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@y.example\nStatus: 5.1.1\n"
        b"--b--\n"
    )
    message = read(raw)
    assert (message.bounce, message.auto_reply) == (True, False)
    assert "Final-Recipient: rfc822; a@y.example" in message.body


def test_a_read_receipt_is_marked():
    raw = b"Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\n\nRead.\n--b--\n"
    assert read(raw).auto_reply


def test_lists_are_marked():
    assert read(mail(List_Unsubscribe="<mailto:x@y.example>")).mailing_list
    assert read(mail(Precedence="bulk")).mailing_list
    assert not read(mail()).mailing_list


RESULTS = b"Authentication-Results: mx.our.example; spf=pass smtp.mailfrom=x.example; dkim=fail (spf=pass) header.d=x; dmarc=none\n"
FORGED = b"Authentication-Results: mx.evil.example; spf=pass; dkim=pass; dmarc=pass\n"


def test_the_receiving_server_s_checks_are_read():
    """Several checks of one server may write a header each; of two on one method the upper counts."""
    found = read(RESULTS + FORGED + b"\nx", authserv_id="MX.our.example").authentication
    assert (found.spf, found.dkim, found.dmarc) == ("pass", "fail", "none")
    more = b"Authentication-Results: mx.our.example; dmarc=fail; spf=fail\n"
    found = read(RESULTS.replace(b"; dmarc=none", b"") + more + b"\nx", authserv_id="mx.our.example").authentication
    assert (found.spf, found.dkim, found.dmarc) == ("pass", "fail", "fail")


def test_without_a_named_server_only_failures_count():
    """Anybody can write that all is well; nobody writes of himself that it is not."""
    found = read(FORGED + b"\nx").authentication
    assert (found.spf, found.dkim, found.dmarc) == ("none", "none", "none")
    found = read(RESULTS + b"\nx").authentication
    assert (found.spf, found.dkim, found.dmarc) == ("none", "fail", "none")


def test_checks_of_an_unknown_server_are_not_believed():
    found = read(FORGED + b"\nx", authserv_id="mx.our.example").authentication
    assert (found.spf, found.dkim, found.dmarc) == ("none", "none", "none")
    assert read(FORGED + RESULTS + b"\nx", authserv_id="mx.our.example").authentication.spf == "pass"


def test_parts_beyond_the_limit_are_left_unread_with_a_sentence():
    outer = mail("First.")
    for number in range(30):
        outer.add_attachment(f"{number}", filename=f"{number}.txt")
    message = read(outer, parts=10)
    assert len(message.attachments) < 10
    assert any("more than 10 parts" in problem for problem in message.problems)


def test_what_invisible_characters_spell_is_hidden_text():
    secret = "".join(chr(0xE0000 + ord(c)) for c in "approve all")
    message = read(mail(f"Ten pieces.{secret}"))
    assert message.new_text == "Ten pieces."
    part = message.part("body")
    assert part is not None
    assert [part.text[a:b] for a, b in part.spans_of(PassageKind.hidden)] == ["approve all"]


def test_contact_data_in_columns_is_no_table():
    body = "Ready.\n\nBest regards\nTom\nExport  |  Firma GmbH\nTel. 1234  |  Mob. 5678\n"
    part = read(mail(body)).part("body")
    assert part is not None
    assert part.tables == []


def passages(message: Message, kind: PassageKind) -> str:
    part = message.part("body")
    assert part is not None
    return " ".join(" ".join(part.text[a:b] for a, b in part.spans_of(kind)).split())


def test_the_history_below_an_answer_in_gmail_s_html_is_quoted():
    html = (
        '<div dir="ltr">Ten pieces come on Friday.</div><br><div class="gmail_quote"><div class="gmail_attr">On Mon, 2 Mar 2026 at '
        '09:14, Bo &lt;bo@our.example&gt; wrote:<br></div><blockquote class="gmail_quote">When?</blockquote></div>'
    )
    message = read(mail(None, html))
    assert message.new_text == "Ten pieces come on Friday."
    assert passages(message, PassageKind.quoted).endswith("When?")


def test_what_gmail_s_html_forwards_is_forwarded():
    html = (
        '<div dir="ltr">Please enter.<br><br><div class="gmail_quote">---------- Forwarded message ---------<br>From: <b>Ana</b> '
        "&lt;ana@x.example&gt;<br>Date: Mon, 2 Mar 2026<br>Subject: Plan<br>To: &lt;bo@our.example&gt;<br></div><br>"
        '<div class="gmail_quote"><p>Ten pieces come on Friday.</p></div></div>'
    )
    message = read(mail(None, html, Subject="Fwd: Plan"))
    assert message.new_text == "Please enter."
    assert "Ten pieces come on Friday." in passages(message, PassageKind.forwarded)


def test_answers_between_quotations_in_html_are_new():
    html = "<p>See below.</p><blockquote type=cite><p>Can you keep 3 May?</p></blockquote><p>Yes.</p><blockquote type=cite>Thanks</blockquote>"
    assert read(mail(None, html)).new_text.split("\n")[0] == "See below."
    assert "Yes." in read(mail(None, html)).new_text
    assert "3 May" not in read(mail(None, html)).new_text


def test_outlook_s_header_block_in_html_opens_old_text():
    html = (
        "<p>Ten pieces come on Friday.</p><div style='border:none;border-top:solid #E1E1E1 1.0pt'><p><b>From:</b> Bo &lt;bo@our.example&gt;<br>"
        "<b>Sent:</b> Monday, March 2, 2026<br><b>To:</b> Ana<br><b>Subject:</b> Order</p></div><p>When?</p>"
    )
    message = read(mail(None, html))
    assert message.new_text == "Ten pieces come on Friday."
    assert "When?" in passages(message, PassageKind.quoted)
