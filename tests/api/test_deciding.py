"""Deciding by forms: some lines, edits by phrase and by name, and decisions that approve nothing."""

from __future__ import annotations

import re

import pytest
from selectolax.lexbor import LexborHTMLParser

from agent.proposal import Change, Fields, LineFields
from review.decision_rows import decisions_of
from review.schema import ProposalRow
from tests.api.test_pages import text_of
from tests.review.desk import OTHER, date_change
from tools.rows import RowReader

ORDERS = {
    i: {"id": i, "name": name, "write_date": "2026-11-20 10:00:00"} for i, name in ((41, "P00041"), (77, "P00077"))
}


def two_lines(**changes: object):
    lines = [
        LineFields(line_id=97, product="Desk", date="2026-12-14"),
        LineFields(line_id=98, product="Lamp", date="2026-12-15"),
    ]
    moved = [
        Change(line_id=97, product="Desk", field="date", held="2026-12-01", stated="2026-12-14"),
        Change(line_id=98, product="Lamp", field="date", held="2026-12-01", stated="2026-12-15"),
    ]
    return date_change(fields=Fields(lines=lines), changes=moved, evidence=[], **changes)


def opened(desk) -> dict[str, list[str]]:
    """The open items, each with the products of its lines."""
    with desk.database.read() as session:
        rows = session.query(ProposalRow).filter(ProposalRow.state == "open").all()
        return {row.id: [line["product"] for line in row.body["fields"]["lines"]] for row in rows}


def test_only_the_ticked_lines_are_approved(desk, robin):
    """The others wait as an item of their own; no line at all is asked back."""
    proposal_id = desk.propose(two_lines())
    tree = LexborHTMLParser(robin.page("/desk/ready"))
    assert [box.attributes["value"] for box in tree.css("[name=line][form=approve]")] == ["0", "1"]
    assert robin.decide(proposal_id, "approve", lines=2).status_code == 422
    done = robin.decide(proposal_id, "approve", lines=2, line=["0"])
    assert "some lines approved" in text_of(done.text, ".said")
    assert list(opened(desk).values()) == [["Lamp"]]


def test_with_all_lines_ticked_the_whole_is_approved(desk, robin):
    robin.decide(desk.propose(two_lines()), "approve", lines=2, line=["0", "1"])
    assert opened(desk) == {}


def test_an_item_is_split_by_its_ticks(desk, robin):
    """Both parts wait; the one in front keeps the ticked lines. Everything ticked is nothing to split."""
    proposal_id = desk.propose(two_lines())
    assert robin.decide(proposal_id, "split", lines=2, line=["0", "1"]).status_code == 422
    done = robin.decide(proposal_id, "split", lines=2, line=["1"])
    assert f"at={proposal_id}" in str(done.url)
    assert sorted(opened(desk).values()) == [["Desk"], ["Lamp"]]
    assert opened(desk)[proposal_id] == ["Lamp"]


def test_a_date_is_edited_by_a_phrase_or_picked(desk, robin):
    """What was picked goes before what was typed."""
    typed, picked = desk.propose(), desk.propose(date_change(record=OTHER))
    robin.decide(typed, "edit", **{"line-0-date": "18 December 2026"})
    robin.decide(picked, "edit", **{"line-0-date": "soon", "line-0-day": "2026-12-21"})
    with desk.database.read() as session:
        dates = [session.get_one(ProposalRow, i).body["fields"]["lines"][0]["date"] for i in (typed, picked)]
    assert dates == ["2026-12-18", "2026-12-21"]


def test_what_was_typed_into_a_refused_edit_is_still_there(desk, robin):
    """The sheet is open, with the reason and every field as it was sent."""
    form = {"line-0-date": "10/12", "line-0-qty": "7", "action": ["no_action"], "actions": ""}
    refused = robin.decide(desk.propose(), "edit", **form)
    tree = LexborHTMLParser(refused.text)
    assert refused.status_code == 422
    assert "open" in tree.css_first("#edit").attributes
    assert "2026-10-12 or 2026-12-10" in text_of(refused.text, "#edit [data-problem]")
    assert [tree.css_first(f"[name=line-0-{n}]").attributes["value"] for n in ("date", "qty")] == ["10/12", "7"]
    ticked = [box.attributes["value"] for box in tree.css("[name=action]") if "checked" in box.attributes]
    assert ticked == ["no_action"]


def test_no_action_at_all_is_asked_back(desk, robin):
    refused = robin.decide(desk.propose(), "edit", actions="", **{"line-0-date": "2026-12-18"})
    assert "Choose at least one action" in text_of(refused.text, "#edit [data-problem]")


def test_another_record_is_named_as_a_person_names_it(app, desk, robin):
    """Whatever the case; a name that is not there is answered with those that are alike."""
    app.state.records = RowReader({"purchase.order": ORDERS})
    proposal_id = desk.propose()
    unknown = robin.decide(proposal_id, "edit", record="named", **{"record-name": "P0004"})
    assert "has no record 'P0004'. It has P00041" in text_of(unknown.text, "#edit [data-problem]")
    assert robin.decide(proposal_id, "edit", record="named", **{"record-name": " p00077 "}).status_code == 200
    with desk.database.read() as session:
        assert session.get_one(ProposalRow, proposal_id).record_name == "P00077"


def test_a_proposal_without_lines_takes_a_date_for_the_whole_order(desk, robin):
    proposal_id = desk.propose(date_change(fields=Fields(), changes=[], evidence=[]))
    robin.decide(proposal_id, "edit", **{"line-0-date": "2026-12-18"})
    with desk.database.read() as session:
        body = session.get_one(ProposalRow, proposal_id).body
    assert body["fields"]["lines"][0]["date"] == "2026-12-18"
    assert body["actions"][0]["arguments"]["lines"] == [{"line_id": None, "date": "2026-12-18"}]


@pytest.mark.parametrize(
    ("kind", "state", "says"),
    [("not-an-exception", "rejected", "not an exception"), ("manual", "open", "moved to Manual")],
)
def test_what_approves_nothing_is_decided_too(desk, robin, kind, state, says):
    """With a note; the line that says so offers to undo it."""
    proposal_id = desk.propose()
    done = robin.decide(proposal_id, kind, note="as agreed")
    assert says in text_of(done.text, ".said")
    with desk.database.read() as session:
        row = session.get_one(ProposalRow, proposal_id)
        assert (row.state, decisions_of(session, proposal_id)[0].note) == (state, "as agreed")
    version = LexborHTMLParser(done.text).css_first(".said [name=version]").attributes["value"]
    assert robin.decide(proposal_id, "undo", version=version).status_code == 200
    assert "Delivery date change" in text_of(robin.page("/desk/ready"), ".item")


def test_duplicates_are_merged_with_what_says_the_same(desk, robin):
    """Other open items of the case or the message are offered: another sender's of the same order."""
    first = desk.propose()
    second = desk.propose(date_change(intent="transit_delay"), sender="carl@carrier.example")
    html = robin.page(f"/desk/ready?at={second}")
    offered = [b.attributes["value"] for b in LexborHTMLParser(html).css("#other [name=into]")]
    assert offered == [first]
    done = robin.decide(second, "merge", into=first)
    assert "the same as another item" in text_of(done.text, ".said")
    assert list(opened(desk)) == [first]


def test_what_changed_since_it_was_seen_is_marked(desk, robin, sam):
    """A refused decision shows the item afresh, and which values are not as they were."""
    proposal_id = desk.propose()
    sam.decide(proposal_id, "edit", **{"line-0-date": "2026-12-18"})
    refused = robin.decide(proposal_id, "approve", version=1)
    assert refused.status_code == 412
    assert "Changed since you looked Desk date 2026-12-14 → becomes 2026-12-18" in text_of(refused.text, ".news")
    assert "2026-12-18" in text_of(refused.text, ".changes .moved")


def test_a_newer_proposal_is_compared_with_the_one_that_it_replaced(desk, robin):
    desk.propose()
    later = date_change()
    later.changes[0].stated = later.fields.lines[0].date = "2026-12-20"
    newer = desk.propose(later)
    html = robin.page(f"/desk/ready?at={newer}")
    assert "compared with the earlier proposal Desk date 2026-12-14 → becomes 2026-12-20" in text_of(html, ".news")
    assert "2026-12-20" in text_of(html, ".moved")


def test_when_the_conversation_went_on_the_newer_words_stand_first(desk, robin):
    """Refused, and the newer message is there to be read."""
    proposal_id = desk.propose(Message_ID="<a@supplier.example>")
    desk.propose(
        date_change(record=OTHER), text="Forget my last mail.", References="<a@supplier.example>", sender="b@x.example"
    )
    refused = robin.decide(proposal_id, "approve", version=1)
    assert refused.status_code == 412
    assert "Forget my last mail." in text_of(refused.text, ".newer")
    assert re.search(r'class="part newer".*New date: ', refused.text, re.DOTALL)


@pytest.mark.parametrize(
    "form",
    [
        {"lines": "many", "line": ["x"]},
        {"line-0-index": "5", "line-٣-qty": "1", "line-" + "9" * 5000 + "-qty": "1", "record": "x," + "9" * 5000},
        {"back": "//["},
        {"back": "/desk/ready?band=nonsense"},
    ],
)
def test_a_form_that_no_page_sends_is_refused_not_an_error(desk, robin, form):
    """Whatever stands in it: nothing is decided and nothing breaks."""
    proposal_id = desk.propose()
    for kind in ("approve", "edit"):
        assert robin.decide(proposal_id, kind, version=7, **form).status_code in (412, 422)
    assert list(opened(desk)) == [proposal_id]
