"""A mail of ours that came back is a person's matter; other delivery reports are not."""

from __future__ import annotations

from agent.proposal import Candidate, Lane, Proposal
from review import queue
from review.queue import View
from review.schema import ProposalRow
from tests.review.desk import ORDER, ScriptedEngine, mail

REPORT = "Final-Recipient: rfc822; ann@supplier.example\nDiagnostic-Code: smtp; 550 5.1.1 No such user here\n"


def bounce(desk, *candidates: Candidate, text: str = REPORT) -> ProposalRow:
    given = Proposal(intent="auto_reply", lane=Lane.ready, confidence=0.99, candidates=list(candidates))
    raw = mail(text=text, sender="mailer-daemon@us.example", subject="Undelivered Mail Returned to Sender")
    message_id = desk.take(raw, ScriptedEngine(given))
    with desk.database.read() as session:
        row = session.get_one(ProposalRow, f"{message_id[:20]}-0")
        assert row.body
        return row


def test_a_returned_mail_about_an_order_goes_to_a_person_with_the_record(desk):
    row = bounce(desk, Candidate(**ORDER.model_dump(), score=1.0))
    assert (row.lane, row.record_name, row.intent) == ("manual", "P00041", "auto_reply")
    why = "A mail of ours about P00041 could not be delivered to ann@supplier.example: 550 5.1.1 No such user here."
    assert row.body["reasons"] == [why]
    assert [a["name"] for a in row.body["actions"]] == ["manual_triage"]
    with desk.database.read() as session:
        assert queue.counts(session)[View.manual] == 1


def test_a_report_without_details_still_names_the_record(desk):
    row = bounce(desk, Candidate(**ORDER.model_dump(), score=1.0), text="It came back.")
    assert row.body["reasons"] == ["A mail of ours about P00041 could not be delivered."]


def test_a_report_about_nothing_of_ours_disturbs_nobody(desk):
    assert bounce(desk).lane == "ready"
    with desk.database.read() as session:
        assert queue.counts(session)[View.nothing] == 1
