"""What became of approvals, over all of them: the page, its forms, and the same as JSON."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agent.proposal import Action
from review import outbox
from review.assignment import assign
from review.decisions import approve
from review.outbox import Outcome
from review.people import add_person, place_person
from review.receipt_loop import ReceiptLoop
from tests.agent.live_odoo import LiveOdoo
from tests.api.conftest import Browser
from tests.api.test_pages import text_of
from tests.review.desk import ROBIN, date_change
from tests.review.test_outbox import Wire, approved, handoffs, run, target

LINE = {"id": 97, "order_id": [41, "P00041"]}


@pytest.fixture
def erp(desk, tmp_path):
    made = target(tmp_path, attempts=1, first_pause_seconds=1e-6)
    outbox.register(desk.database, {"erp": made})
    return made


def look(desk, day: str | None) -> None:
    rows = {"purchase.order.line": [{**LINE, "date_planned": f"{day} 10:00:00"}]}
    ReceiptLoop(desk.database, LiveOdoo(rows) if day else None, timedelta(hours=24)).step()


def send(browser, path: str, **form: str):
    return browser.client.post(path, data={"csrf": browser.csrf, **form})


def test_a_dead_letter_is_shown_with_its_reason_and_tried_again(desk, erp, robin):
    approved(desk)
    run(desk, erp, Wire(Outcome(422, "It answers 422: <b>no such line</b>")))
    html = robin.page("/handoffs?state=dead")
    assert "erp dead, 1 try It answers 422: <b>no such line</b>" in text_of(html, ".outcomes td")
    [row] = handoffs(desk)
    answer = send(robin, f"/handoffs/{row.id}/replay")
    assert (answer.status_code, text_of(answer.text, ".outcomes")) == (200, "")
    assert handoffs(desk)[0].state == "waiting"
    run(desk, erp, Wire(Outcome(202)))
    assert handoffs(desk)[0].state == "delivered"


def test_a_dead_letter_is_given_up_once_and_by_who_may(desk, erp, robin, sam):
    approved(desk)
    run(desk, erp, Wire(Outcome(422, "no")))
    path = f"/handoffs/{handoffs(desk)[0].id}/drop"
    assert "Try again" not in sam.page("/handoffs")
    assert send(sam, path).status_code == 403
    assert robin.client.post(path).status_code == 403  # without the page's token
    assert send(robin, path).status_code == 200
    assert send(robin, path).status_code == 409
    assert handoffs(desk)[0].state == "dropped"


def test_approved_delivered_and_done_or_not_are_told_with_the_difference(desk, erp, robin):
    approved(desk)
    run(desk, erp, Wire(Outcome(202)))
    assert "Delivered" in text_of(robin.page("/handoffs"), ".outcomes .chip")
    look(desk, "2026-12-20")
    html = robin.page("/handoffs?state=differs")
    assert text_of(html, ".differences tbody") == "Desk date 2026-12-14 2026-12-20"
    [told] = robin.client.get("/api/handoffs", params={"state": "differs"}).json()["outcomes"]
    assert (told["record"], told["approved_by"], told["standing"]["differences"][0]["found"]) == (
        "P00041",
        "Robin",
        "2026-12-20",
    )


def test_what_odoo_cannot_tell_is_said_and_a_person_confirms_it(desk, erp, robin):
    approved(desk, date_change(actions=[Action(name="correct_address")]))
    run(desk, erp, Wire(Outcome(202)))
    look(desk, "2026-12-01")
    said = text_of(robin.page("/handoffs"), ".outcomes .note")
    assert said == "Correct address: Odoo cannot tell whether it was done. The receiver or a person says so."
    [row] = handoffs(desk)
    assert row.state == "delivered"
    answer = send(robin, f"/handoffs/{row.id}/report", outcome="done", detail="By phone.")
    assert "Robin reported" in text_of(answer.text, ".outcomes .note")
    look(desk, "2026-12-01")
    assert handoffs(desk)[0].state == "done"


def test_closing_without_doing_anything_is_done_at_once(desk, erp):
    approved(desk, date_change(actions=[Action(name="no_action")]))
    run(desk, erp, Wire(Outcome(202)))
    look(desk, None)
    assert handoffs(desk)[0].state == "done"


def test_how_often_a_suggestion_was_right_in_the_end(desk, erp, robin, sam):
    """As it had been suggested, and carried out so: an edit before makes it no less done, and not right."""
    approved(desk)
    edited = desk.propose()
    sam.decide(edited, "edit", **{"lines-0-date": "2026-12-14", "actions": "update_delivery_date"})
    approved(desk)
    run(desk, erp, Wire(Outcome(202)))
    look(desk, "2026-12-14")
    told = robin.client.get("/api/handoffs").json()
    assert (told["finished"], told["right"]) == (2, 2)


def test_a_form_leads_back_within_the_desk_only(desk, robin):
    approved(desk)
    path = f"/handoffs/{handoffs(desk)[0].id}/report"
    answer = robin.client.post(
        path, data={"csrf": robin.csrf, "outcome": "done", "back": "https://evil.example/"}, follow_redirects=False
    )
    assert answer.headers["location"] == "/handoffs"


def test_a_draft_is_a_file_to_send_oneself(desk, robin):
    proposal_id = desk.propose()
    html = robin.page("/desk/ready")
    path = f"/proposal/{proposal_id}/letters/1/0.eml"
    assert f'href="{path}"' in html
    answer = robin.client.get(path)
    assert answer.headers["content-type"] == "message/rfc822"
    assert b"X-Unsent: 1\r\n" in answer.content
    assert b"Dear Corner Shop" in answer.content
    for missing in ("letters/0/0.eml", "letters/1/1.eml", "letters/9/0.eml"):
        assert robin.client.get(f"/proposal/{proposal_id}/{missing}").status_code == 404


def test_what_became_of_anothers_item_is_not_told_and_not_theirs_to_say(app, desk, robin):
    """As if it did not exist: not listed, not counted, not there to confirm."""
    proposal_id = desk.propose()
    assign(desk.database, proposal_id, who=ROBIN, person=None, team="South")
    approve(desk.database, proposal_id, version=1, who=ROBIN, undo=timedelta(0))
    add_person(desk.database, "Nora", "supervisor")
    place_person(desk.database, "Nora", "Ada", teams=["North"], owns=[], companies=[])
    nora = Browser(app, "Nora")
    found = nora.client.get("/api/handoffs").json()
    assert (found["outcomes"], sum(found["counts"].values())) == ([], 0)
    path = f"/handoffs/{handoffs(desk)[0].id}"
    for form in ("report", "replay", "drop"):
        assert send(nora, f"{path}/{form}", outcome="done").status_code == 404
    assert sum(robin.client.get("/api/handoffs").json()["counts"].values()) == 1
