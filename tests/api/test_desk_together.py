"""Two people at one desk, and a connection that is lost: nobody decides twice, and nobody loses their place."""

from __future__ import annotations

import json

from api.app import create_app
from api.sign_in import sign_in_link
from review import log
from review.people import add_person
from tests.api.chromium import GLANCE_MS, NEEDED, opened, served
from tests.review.desk import OTHER, date_change

pytestmark = NEEDED
OFFLINE = "Not connected"


def decided(desk) -> list[tuple[str, str]]:
    """What was decided and by whom, oldest first."""
    with desk.database.read() as session:
        entries = [e for e in log.latest(session) if e.kind in ("proposal.approve", "proposal.reject")]
        return [(e.kind, str(json.loads(e.content)["who"])) for e in reversed(entries)]


def test_the_second_sees_who_has_it(desk, chromium, link, page):
    """The claim shows in the other's list and in front of them, and their key approves nothing."""
    first = desk.propose(sender="a@x.example")
    desk.propose(date_change(record=OTHER), sender="b@x.example")
    with opened(chromium, sign_in_link(desk.database, desk.settings, "Sam")) as sams:
        for each in (page, sams):
            each.goto(each.url)
            each.wait_for_selector("html.scripted")
        page.keyboard.press("c")
        sams.wait_for_selector(f'.item[data-id="{first}"] .who:has-text("Robin")')
        sams.keyboard.press(".")
        sams.wait_for_selector('.why:has-text("Robin has this until")')
        sams.wait_for_timeout(GLANCE_MS)
        sams.keyboard.press("a")
        assert sams.is_disabled("#approve button.primary")
        page.keyboard.press("a")
        page.wait_for_selector(".said-approved")
        sams.wait_for_selector(
            f'.gone .item[data-id="{first}"]'
        )  # marked where it stands: nothing moves under the hand
    assert decided(desk) == [("proposal.approve", "Robin")]


def test_both_decide_at_once_and_one_is_told(desk, chromium, link, page):
    """Sam's approval was on its way while the line was down; Robin's came first."""
    first = desk.propose(sender="a@x.example")
    desk.propose(date_change(record=OTHER), sender="b@x.example")
    with opened(chromium, sign_in_link(desk.database, desk.settings, "Sam"), complains=True) as sams:
        for each in (page, sams):
            each.goto(each.url)
            each.wait_for_selector("html.scripted")
            each.wait_for_timeout(GLANCE_MS)
        sams.context.set_offline(True)
        sams.keyboard.press("a")
        sams.wait_for_selector(f"#unsent:has-text('{OFFLINE}')")
        page.keyboard.press("a")
        page.wait_for_selector(".said-approved")
        sams.context.set_offline(False)
        sams.wait_for_selector(".alert:has-text('was not decided')")
        assert "Robin" in sams.inner_text(".alert")
        assert not sams.is_visible("#unsent")
    with desk.database.read() as session:
        assert [e.subject for e in log.latest(session) if e.kind == "proposal.approve"] == [first]
    assert [who for _, who in decided(desk)] == ["Robin"]


def test_a_lost_connection_loses_neither_news_nor_place(desk, chromium):
    """The service is away for a while: the page says so, then asks for what came since the last event that it had."""
    add_person(desk.database, "Robin", "supervisor")
    for n in range(30):
        desk.propose(date_change(), sender=f"p{n}@x{n}.example", subject=f"Order {n}")
    asked: list[str | None] = []
    with served(create_app(desk.settings, database=desk.database)) as port:
        desk.settings.port = port
        opening = opened(chromium, sign_in_link(desk.database, desk.settings, "Robin"), complains=True)
        page = opening.__enter__()
        page.on(
            "request",
            lambda r: asked.append(r.all_headers().get("last-event-id")) if r.url.endswith("/events") else None,
        )
        page.goto(page.url)
        page.wait_for_selector("html.scripted")
        page.wait_for_timeout(2_500)  # the stream says where it stands
        page.keyboard.press("j")
        page.keyboard.press("j")
        at = page.get_attribute(".item[aria-current]", "data-id")
        page.eval_on_selector("#queue", "queue => { queue.scrollTop = 150; }")
        scrolled = page.eval_on_selector("#queue", "queue => queue.scrollTop")
    page.wait_for_selector(f"#live:has-text('{OFFLINE}')")
    newer = desk.propose(date_change(record=OTHER), sender="new@x.example")
    with served(create_app(desk.settings, database=desk.database), port):
        page.wait_for_selector("#newer:not([hidden])")
        assert page.inner_text("#live") == ""
        assert page.get_attribute(".item[aria-current]", "data-id") == at
        assert page.eval_on_selector("#queue", "queue => queue.scrollTop") == scrolled
        page.keyboard.press(".")
        page.wait_for_selector(f'.item[data-id="{newer}"]', state="attached")
        assert page.get_attribute(".item[aria-current]", "data-id") == at
        assert asked[0] is None
        assert asked[-1] is not None
        opening.__exit__(None, None, None)
