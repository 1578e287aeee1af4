"""Hostile mail in a real browser: its layout is shown, and nothing of it runs, loads or leads away."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from api import originals
from tests.api.chromium import NEEDED, opened
from tests.review.desk import ScriptedEngine, date_change
from tools.original import LaidOut

pytestmark = NEEDED

HOSTILE = """
<html><head>
<meta http-equiv="refresh" content="0;url={spy}/refresh"><base href="{spy}/">
<link rel="preconnect" href="{spy}"><link rel="prefetch" href="{spy}/prefetch"><link rel="stylesheet" href="{spy}/a.css">
<style>@import url({spy}/b.css); body {{ background: url({spy}/c.png) }} @font-face {{ font-family: f; src: url({spy}/f) }}
p {{ font-family: f }}</style>
<script>top.hacked = 1; fetch("{spy}/script")</script><script src="{spy}/s.js"></script></head>
<body onload="top.hacked = 2" background="{spy}/d.png">
<p id="words" style="color: rgb(1, 2, 3); background-image: url({spy}/e.png)">Liefertermin 14.12.</p>
<img src="{spy}/seen.gif" onerror="top.hacked = 3"><img srcset="{spy}/2x.gif 2x"><video poster="{spy}/p.png" src="{spy}/v"></video>
<iframe src="{spy}/frame"></iframe><iframe srcdoc="<script>top.hacked = 4</script>"></iframe><object data="{spy}/o"></object>
<form action="{spy}/form"><button id="send">go</button></form><svg onload="top.hacked = 5"><image href="{spy}/i"/></svg>
<a class="away" target="_top" href="{spy}/link">www.bank.example</a><a class="away" href="javascript:top.hacked = 6">x</a>
</body></html>"""


@pytest.fixture
def spy() -> Iterator[tuple[str, list[str]]]:
    """The address of another server, and what it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("cleaned", [True, False], ids=["cleaned", "by the policy alone"])
def test_a_hostile_mail_is_looked_at_and_does_nothing(desk, chromium, link, spy, monkeypatch, cleaned):
    """Two walls, each tried alone: what makes the HTML harmless, and the policy that it is served under."""
    address, asked = spy
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "mallory@x.example", "P00041"
    mail.set_content("Later.")
    hostile = HOSTILE.format(spy=address)
    mail.add_alternative(hostile, subtype="html")
    if cleaned:
        monkeypatch.setattr(originals, "LAID_OUT", {"X-Frame-Options": "SAMEORIGIN", "Content-Security-Policy": ""})
    else:
        monkeypatch.setattr(originals.original, "laid_out", lambda *_: LaidOut(hostile, 0))
    desk.take(mail.as_bytes(), ScriptedEngine(date_change(evidence=[])))
    with opened(chromium, link, complains=True) as page:
        at = page.url
        assert not any("laid-out" in frame.url for frame in page.frames)  # nothing is asked for before it is wanted
        page.keyboard.press("o")
        words = page.frame_locator(".laid-out iframe").get_by_text("Liefertermin 14.12.")
        words.wait_for()
        assert words.evaluate("p => getComputedStyle(p).color") == "rgb(1, 2, 3)"
        for each in page.frames[1].locator("a, #send").all():
            each.click(no_wait_after=True)
        page.wait_for_timeout(500)  # what must not happen would have happened by now
        assert page.url == at
    assert asked == []
