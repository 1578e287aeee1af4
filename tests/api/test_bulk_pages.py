"""Approving many together, and lists that go on, without scripts."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from agent.proposal import RecordRef
from review import queue
from tests.api.test_pages import text_of
from tests.review.desk import date_change

TOGETHER = "/desk/ready?intent=delivery_date_change&band=high&bulk=1"


def several(desk, count: int, **changes: object) -> list[str]:
    return [
        desk.propose(
            date_change(record=RecordRef(model="purchase.order", id=50 + n, name=f"P{50 + n}"), **changes),
            sender=f"p{n}@x{n}.example",
        )
        for n in range(count)
    ]


def test_an_item_leads_to_all_of_its_kind(desk, robin):
    """Of its intent and band alone, each with a box; one by one leads back to the item."""
    first, second = several(desk, 2)
    desk.propose(date_change(intent="price_change"), sender="z@z.example")
    desk.propose(date_change(confidence=0.99), sender="y@y.example")
    tree = LexborHTMLParser(robin.page(f"/desk/ready?at={second}"))
    link = tree.css_first(".decide [aria-keyshortcuts=b]").attributes["href"]
    assert link == f"{TOGETHER}&at={second}"
    html = robin.page(link)
    boxes = [box.attributes["value"] for box in LexborHTMLParser(html).css(".choose")]
    assert boxes == [f"{first}:1", f"{second}:1"]
    assert "Delivery date change , confidence high" in text_of(html, ".together")
    assert LexborHTMLParser(html).css_first("#approve") is None
    back = LexborHTMLParser(html).css_first(".decide [aria-keyshortcuts=b]").attributes["href"]
    assert back == f"/desk/ready?at={second}"


def test_each_of_the_chosen_has_its_result(desk, robin):
    """What moved meanwhile is refused by itself."""
    first, second = several(desk, 2)
    form = {"csrf": robin.csrf, "back": TOGETHER, "item": [f"{first}:1", f"{second}:7"]}
    html = robin.client.post("/desk/ready/bulk", data=form).text
    assert "P50 : approved P51 : The proposal is at version 1" in text_of(html, ".outcomes")
    assert [item.attributes["data-id"] for item in LexborHTMLParser(html).css(".item")] == [second]


@pytest.mark.parametrize("form", [{}, {"item": ["x:1"], "back": "/desk/ready"}, {"item": ["x"]}])
def test_nothing_chosen_or_no_one_class_approves_nothing(desk, robin, form):
    several(desk, 1)
    sent = {"csrf": robin.csrf, "back": TOGETHER, **form}
    assert robin.client.post("/desk/ready/bulk", data=sent).status_code == 422
    assert len(LexborHTMLParser(robin.page("/desk/ready")).css(".item")) == 1


@pytest.mark.parametrize("address", ["/desk/ready?bulk=1", "/desk/check?intent=price_change&band=high&bulk=1"])
def test_only_ready_items_of_one_class_and_band_are_approved_together(desk, robin, address):
    assert "data-bulk" not in robin.page(address)


def test_a_long_list_goes_on(desk, robin, monkeypatch):
    """Page by page, with a way back to the top; an open page asks for as many rows as it shows."""
    monkeypatch.setattr(queue, "PAGE", 2)
    ids = several(desk, 5)

    def listed(html: str) -> tuple[list[str], str | None]:
        tree = LexborHTMLParser(html)
        more = tree.css_first("#more")
        return [li.attributes["data-id"] for li in tree.css("#items li")], more and more.attributes["href"]

    first, more = listed(robin.page("/desk/ready"))
    second, further = listed(robin.page(more))
    third, none = listed(robin.page(further))
    assert (first + second + third, none) == (ids, None)
    assert "Back to the top" in robin.page(more)
    longer, end = listed(robin.page("/desk/ready/list?rows=4"))
    assert (longer, end) == (ids[:4], further)
