"""Whose an item is, what is said about it, and kept views, by forms."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from agent.proposal import Lane
from tests.api.test_pages import ATTACK, text_of
from tests.review.desk import OTHER, date_change


def send(browser, path: str, **form: object):
    return browser.client.post(path, data={"csrf": browser.csrf, "back": "/desk/ready", **form})


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ({"to": "me"}, "given to Robin"),
        ({"person": "Sam", "team": "North"}, "given to Sam, North"),
        ({"team": "North"}, "given to North"),
    ],
)
def test_an_item_is_given_to_a_person_or_a_team(desk, robin, form, shown):
    """The item and its row say whose it is; the list is narrowed by it; nobody's again, it says nothing."""
    proposal_id = desk.propose()
    html = send(robin, f"/proposal/{proposal_id}/assign", **form).text
    assert text_of(html, ".about .chip") == shown
    assert "→" in text_of(html, ".item .chip")
    assert text_of(send(robin, f"/proposal/{proposal_id}/assign", to="nobody").text, ".about .chip") == ""


def test_a_name_that_nobody_has_is_refused(desk, robin):
    refused = send(robin, f"/proposal/{desk.propose()}/assign", person="Nobody")
    assert refused.status_code == 422
    assert "nobody called" in text_of(refused.text, ".alert")


def test_comments_stand_at_the_item_and_mentions_find_it(desk, robin, sam):
    """As text, whatever was written; in whichever view the item is."""
    proposal_id = desk.propose(date_change(lane=Lane.check))
    html = send(robin, f"/proposal/{proposal_id}/comment", text=f"@Sam please look {ATTACK}", back="/desk/check").text
    assert ATTACK in text_of(html, ".talk li .text")
    [talk, *more] = LexborHTMLParser(html).css(".talk")
    assert (more, talk.css("script, img")) == ([], [])
    mentioned = sam.client.get("/?mentioned=Sam")
    assert mentioned.url.path == "/desk/check"
    assert "mentions Sam" in text_of(mentioned.text, ".narrowed")
    assert len(LexborHTMLParser(mentioned.text).css(".item")) == 1
    assert send(robin, f"/proposal/{proposal_id}/comment", text="  ").status_code == 422


def test_a_view_is_kept_shared_opened_and_removed(desk, robin, sam):
    """With its filters and a key; only its owner can remove it."""
    desk.propose()
    desk.propose(date_change(intent="price_change", record=OTHER))
    back = "/desk/ready?intent=price_change&overdue=true"
    html = send(robin, "/views", name="Late prices", shared="on", back=back).text
    kept = LexborHTMLParser(html).css_first("#views li a")
    assert (kept.attributes["data-go"], kept.attributes["href"]) == ("1", back)
    theirs = LexborHTMLParser(sam.page("/desk/ready")).css_first("#views li")
    assert "Late prices of Robin" in " ".join(theirs.text().split())
    assert theirs.css("form") == []
    remove = LexborHTMLParser(html).css_first("#views li form").attributes["action"]
    send(sam, remove)
    assert "Late prices" in robin.page("/desk/ready")
    send(robin, remove)
    assert "Late prices" not in robin.page("/desk/ready")
    assert send(robin, "/views", name=" ").status_code == 422


def test_filters_are_shown_and_each_can_be_taken_away(desk, robin):
    """An empty view says where else there is something."""
    desk.propose(date_change(lane=Lane.check))
    html = robin.page("/desk/ready?intent=delivery_date_change&band=high&q=P00041")
    chips = {
        " ".join(chip.text().split()): chip.attributes["href"] for chip in LexborHTMLParser(html).css(".narrowed a")
    }
    assert chips == {
        "Delivery date change ×": "/desk/ready?band=high&q=P00041",
        "confidence high ×": "/desk/ready?intent=delivery_date_change&q=P00041",
        "“P00041” ×": "/desk/ready?intent=delivery_date_change&band=high",
    }
    assert "They are in Check (1)" in text_of(html, ".queue .hint")


def test_managers_say_who_sees_to_what_comes_in(desk, robin, sam):
    """Rules are listed and ended on a page of theirs; a name that nobody has is refused with the reason."""
    assert sam.client.get("/assignment").status_code == 403
    rule = {"csrf": robin.csrf, "by": "vendor", "value": "Supplier.example"}
    html = robin.client.post("/assignment", data={**rule, "team": "North"}).text
    assert text_of(html, "tbody tr") == "vendor supplier.example — North End the rule for supplier.example"
    desk.propose()
    assert text_of(robin.page("/desk/ready"), ".about .chip") == "given to North"
    assert "nobody called" in robin.client.post("/assignment", data={**rule, "person": "Nobody"}).text
    assert "There is no rule yet" in robin.client.post("/assignment", data=rule).text
