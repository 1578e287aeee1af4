"""axe-core, which checks pages against WCAG, finds nothing on any page of the desk, in light and in dark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from agent.proposal import Lane
from api.app import create_app
from api.sign_in import sign_in_link
from review.decisions import RejectReason, approve, reject
from review.people import Person, add_person
from tests.api.chromium import GLANCE_MS, NEEDED, opened, served
from tests.api.test_deciding import two_lines
from tests.api.test_originals import mail
from tests.review.desk import OTHER, Desk, ScriptedEngine, date_change

pytestmark = NEEDED
PEOPLE = {"Robin": ("supervisor",), "Sam": ("supervisor",)}
PAGES = (
    *(
        "/desk/ready",
        "/desk/check",
        "/desk/manual",
        "/desk/second",
        "/desk/done",
        "/message/{message}",
        "/teach/{message}",
    ),
    *("/log", "/lessons", "/assignment", "/mailboxes", "/account", "/people", "/keys", "/runs", "/nowhere"),
)
OPENED = {"edit": "e", "reject": "r", "other decisions": "d", "filters": "f", "many": "b", "keys": "?"}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Items in each view, with a table, a file, hidden text, quoted text and decisions."""
    made = Desk(tmp_path_factory.mktemp("desk"))
    for name, roles in PEOPLE.items():
        add_person(made.database, name, *roles)
    sam = Person(name="Sam", role="supervisor")
    approve(made.database, made.propose(sender="done@x.example"), version=1, who=sam)
    reject(made.database, made.propose(sender="d@y.example"), version=1, who=sam, reason=RejectReason.duplicate)
    made.propose(two_lines(), text="New date: 14 December.\n\n> quoted before", sender="a@x.example")
    made.propose(date_change(lane=Lane.check, confidence=0.4, record=OTHER), sender="b@x.example")
    hidden = b'<p>Seen.</p><table><tr><th>A<th>B<tr><td>1<td>2</table><p style="display:none">Not seen by a reader.</p>'
    made.take(b"From: c@x.example\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + hidden, ScriptedEngine(
        date_change(lane=Lane.manual, record=None, evidence=[])))  # fmt: skip
    yield made
    made.database.close()


@pytest.fixture(scope="module")
def page(chromium: Any, desk: Desk) -> Iterator[Any]:
    with served(create_app(desk.settings, database=desk.database)) as port:
        desk.settings.port = port
        with opened(chromium, sign_in_link(desk.database, desk.settings, "Robin"), complains=True) as made:
            yield made


def found(page: Any) -> list[str]:
    """What axe finds in light, and of colours in dark."""
    from axe_playwright_python.sync_playwright import Axe

    violations = []
    for scheme, only in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        options = {"resultTypes": ["violations"], "iframes": False, **only}
        for each in Axe().run(page, options=options).response["violations"]:
            violations += [f"{scheme}: {each['id']}: {node['target']} {node['html'][:120]}" for node in each["nodes"]]
    return violations


@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(desk, page, path):
    message = desk.take(mail(), ScriptedEngine(date_change(evidence=[])))
    address = f"http://127.0.0.1:{desk.settings.port}"
    page.goto(address + path.format(message=message))
    assert page.locator("main").count() == 1
    assert found(page) == []


@pytest.mark.parametrize("what", OPENED)
def test_axe_finds_nothing_in_what_a_key_opens(desk, page, what):
    page.goto(f"http://127.0.0.1:{desk.settings.port}/desk/ready")
    page.wait_for_selector("html.scripted")
    page.wait_for_timeout(GLANCE_MS)
    page.keyboard.press(OPENED[what])
    page.wait_for_timeout(GLANCE_MS)
    assert found(page) == []


def test_axe_finds_nothing_where_one_signs_in(desk, chromium):
    with served(create_app(desk.settings, database=desk.database)) as port:
        context = chromium.new_context()
        made = context.new_page()
        made.goto(f"http://127.0.0.1:{port}/sign-in")
        assert found(made) == []
        context.close()
