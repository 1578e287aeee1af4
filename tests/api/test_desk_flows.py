"""What reviewers do all day, in a real browser with the keyboard: one server and one browser for all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, update
from sqlalchemy.orm import undefer

from agent.proposal import RecordRef
from api.app import create_app
from api.sign_in import sign_in_link
from review import assignment, queue
from review.comments import comments_of
from review.decisions import edit
from review.edits import Edit, LineEdit
from review.people import Person, add_person
from review.schema import ProposalRow, SavedView
from tests.api.chromium import GLANCE_MS, NEEDED, opened, served
from tests.api.test_deciding import ORDERS, two_lines
from tests.api.test_desk_browser import items
from tests.review.desk import OTHER, Desk, date_change
from tools.rows import RowReader

pytestmark = NEEDED
SAM = Person(name="Sam", role="supervisor")


class Visit:
    """Robin at a desk, in a browser."""

    def __init__(self, desk: Desk, page, address: str) -> None:
        self.desk, self.page, self.address = desk, page, address
        self.press = page.keyboard.press

    def open(self, path: str) -> None:
        self.page.goto(self.address + path)
        self.page.wait_for_selector("html.scripted")
        self.page.wait_for_timeout(GLANCE_MS)

    def row(self, proposal_id: str) -> ProposalRow:
        with self.desk.database.read() as session:
            return session.get_one(ProposalRow, proposal_id, options=[undefer(ProposalRow.body)])

    def said(self, words: str) -> None:
        self.page.wait_for_selector(f".said:has-text({words!r})")

    def several(self, count: int, **changes: object) -> list[str]:
        """Items of one kind about as many orders, the most urgent first."""
        records = [RecordRef(model="purchase.order", id=500 + n, name=f"P00{500 + n}") for n in range(count)]
        return [
            self.desk.propose(date_change(record=record, **changes), sender=f"p{n}@x{n}.example")
            for n, record in enumerate(records)
        ]


@pytest.fixture(scope="module")
def visit(chromium, tmp_path_factory) -> Iterator[Visit]:
    """A served desk and Robin signed in. Whatever the browser complains about fails the module."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    for name in ("Robin", "Sam"):
        add_person(desk.database, name, "supervisor")
    app = create_app(desk.settings, database=desk.database, records=RowReader({"purchase.order": ORDERS}))
    with served(app) as port:
        desk.settings.port = port
        with opened(chromium, sign_in_link(desk.database, desk.settings, "Robin")) as page:
            yield Visit(desk, page, f"http://127.0.0.1:{port}")
    desk.database.close()


@pytest.fixture
def robin(visit: Visit) -> Visit:
    """Robin before an empty desk."""
    with visit.desk.database.write() as session:
        gone = {"state": "expired", "closed_at": datetime.now(UTC)}
        session.execute(update(ProposalRow).where(ProposalRow.state == "open").values(gone))
        session.execute(delete(SavedView))
    return visit


def test_a_line_is_left_out_and_the_others_are_approved_with_one_key(robin):
    """The button says how many; what is left out comes back as an item of its own."""
    proposal_id = robin.desk.propose(two_lines(record_write_date=None))
    robin.open("/desk/ready")
    robin.page.uncheck("[name=line][value='1']")
    robin.page.wait_for_selector("#approve button:has-text('Approve 1 of 2 lines')")
    robin.press("a")
    robin.said("some lines approved")
    assert robin.row(proposal_id).state == "approved"
    robin.page.wait_for_selector(".record .of:has-text('Lamp')")


def test_a_wrong_proposal_is_corrected_by_a_phrase_and_a_name(robin):
    """While it is typed, the page says which day is meant and which records there are; keys do nothing."""
    proposal_id = robin.desk.propose()
    robin.open("/desk/ready")
    robin.press("e")
    date = robin.page.locator("#line-0-date")
    date.fill("10/12/2030")
    robin.page.wait_for_selector("#line-0-reading.bad:has-text('2030-10-12 or 2030-12-10')")
    date.fill("18 December 2030")
    robin.page.wait_for_selector("#line-0-reading:has-text('18 December 2030')")
    robin.page.locator("[data-records]").press_sequentially("p0007")
    robin.page.wait_for_selector("#records option[value=P00077]", state="attached")
    assert robin.page.is_checked("[name=record][value=named]")
    robin.press("Enter")
    robin.page.wait_for_selector("#edit [data-problem]:has-text('It has P00077')")
    robin.page.locator("[data-records]").press_sequentially("7")
    robin.press("Enter")
    robin.said("edited, waits for a second person")
    row = robin.row(proposal_id)
    assert (row.record_name, row.body["fields"]["lines"][0]["date"]) == ("P00077", "2030-12-18")


def test_a_picked_day_stands_in_the_field(robin):
    robin.desk.propose()
    robin.open("/desk/ready")
    robin.press("e")
    robin.page.fill("[name=line-0-day]", "2030-12-24")
    robin.page.wait_for_function("document.querySelector('#line-0-date').value === '2030-12-24'")


def test_while_a_sheet_is_open_other_keys_decide_nothing(robin):
    """Numbers choose in the sheet, and lead to no view."""
    proposal_id = robin.desk.propose()
    robin.open("/desk/ready")
    robin.press("r")
    robin.page.wait_for_selector("#reject[open]")
    for key in ("a", "c", "9"):
        robin.press(key)
    robin.press("d")
    robin.page.wait_for_selector("#other[open]")
    assert robin.row(proposal_id).state == "open"
    robin.press("1")
    robin.said("closed, not an exception")
    robin.page.wait_for_selector("#said button:has-text('Undo')")
    robin.press("u")
    robin.said("undone")
    assert robin.row(proposal_id).state == "open"


def test_many_of_one_kind_are_approved_together(robin):
    """Inside one class and band: choose all, leave one out, a result on each row, and all of it undone."""
    first, second, third = robin.several(3, record_write_date=None)
    robin.desk.propose(date_change(intent="price_change", record=OTHER), sender="z@z.example")
    robin.open(f"/desk/ready?at={second}")
    robin.press("b")
    robin.page.wait_for_selector("main[data-bulk]")
    assert items(robin.page) == [first, second, third]
    robin.press("*")
    robin.page.wait_for_selector("#together button:has-text('Approve 3')")
    robin.press("x")
    robin.page.wait_for_selector("#together button:has-text('Approve 2')")
    robin.press("a")
    robin.said("2 approved")
    results = robin.page.locator(".result").all_inner_texts()
    assert results == ["approved", "approved"]
    assert [robin.row(i).state for i in (first, second, third)] == ["approved", "open", "approved"]
    robin.press("u")
    robin.said("2 undone")
    assert [robin.row(i).state for i in (first, third)] == ["open", "open"]
    robin.press("b")
    robin.page.wait_for_selector("main:not([data-bulk])")
    assert robin.page.get_attribute(".item[aria-current]", "data-id") == second


def test_one_that_moved_does_not_keep_the_others(robin):
    first, second = robin.several(2, record_write_date=None)
    robin.open(f"/desk/ready?intent=delivery_date_change&band=high&bulk=1&at={first}")
    robin.press("*")
    change = Edit(lines=[LineEdit(index=0, date="2026-12-18")])
    edit(robin.desk.database, first, version=1, who=SAM, change=change)
    robin.press("a")
    robin.said("1 approved, 1 not")
    robin.page.wait_for_selector(f"li[data-id='{first}'] .result-refused:has-text('Sam has decided')")
    assert robin.row(second).state == "approved"


def test_a_long_list_goes_on_without_losing_its_place(robin, monkeypatch):
    """At its end the next page is added below; what is in front stays where it was."""
    monkeypatch.setattr(queue, "PAGE", 12)
    ids = robin.several(40)
    robin.open("/desk/ready")
    robin.page.wait_for_function("document.querySelectorAll('.item').length === 40")
    assert items(robin.page) == ids
    robin.press("j")
    robin.page.wait_for_selector(f".item[aria-current][data-id='{ids[1]}']")
    robin.page.eval_on_selector("#queue", "queue => { queue.scrollTop = 1200; }")
    line = robin.page.locator(f"li[data-id='{ids[20]}']")
    before = line.bounding_box()["y"]
    robin.desk.propose(date_change(record=OTHER), sender="new@x.example")
    robin.page.wait_for_selector("#newer:not([hidden])")
    assert line.bounding_box()["y"] == pytest.approx(before, abs=2)
    assert items(robin.page) == ids


def test_colleagues_are_asked_and_given_items(robin):
    """A comment with a mention, and whose it is, without leaving the item."""
    proposal_id = robin.desk.propose()
    robin.open("/desk/ready")
    robin.press("m")
    robin.page.keyboard.type("@Sam a or b?")
    robin.press("Control+Enter")
    robin.page.wait_for_selector(".talk li:has-text('@Sam a or b?')")
    robin.page.wait_for_timeout(GLANCE_MS)
    robin.press("t")
    robin.page.wait_for_selector("#assign[open]")
    robin.press("1")
    robin.page.wait_for_selector(".about .chip:has-text('given to Robin')")
    with robin.desk.database.read() as session:
        assert [said.mentions for said in comments_of(session, proposal_id)] == [["Sam"]]
    assert robin.row(proposal_id).assignee == "Robin"


def test_a_view_is_narrowed_kept_and_reached_by_a_key(robin):
    """From anywhere on the desk."""
    kept, _ = robin.several(2)
    assignment.assign(robin.desk.database, kept, who=SAM, person="Sam", team=None)
    robin.open("/desk/ready")
    robin.press("f")
    robin.page.select_option("[name=assignee]", "Sam")
    robin.page.click(".filters .primary")
    robin.page.wait_for_selector(".narrowed:has-text('given to Sam')")
    assert items(robin.page) == [kept]
    robin.press("v")
    robin.page.fill("[name=name]", "Of Sam")
    robin.press("Enter")
    robin.page.wait_for_selector("#views a:has-text('Of Sam')", state="attached")
    robin.open("/desk/check")
    robin.press("g")
    robin.press("1")
    robin.page.wait_for_selector(".narrowed:has-text('given to Sam')")
    assert "/desk/ready?assignee=Sam" in robin.page.url


def test_what_moved_is_shown_afresh_with_the_change_marked(robin):
    """The key sends the version that was seen."""
    proposal_id = robin.desk.propose()
    robin.open("/desk/ready")
    change = Edit(lines=[LineEdit(index=0, date="2026-12-18")])
    edit(robin.desk.database, proposal_id, version=1, who=SAM, change=change)
    robin.press("a")
    robin.page.wait_for_selector(".news:has-text('2026-12-18')")
    assert "2026-12-18" in robin.page.inner_text(".changes .moved")
    assert "Sam has decided on this" in robin.page.inner_text("#alerts")
    assert robin.row(proposal_id).state == "open"
