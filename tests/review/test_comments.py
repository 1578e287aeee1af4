"""Comments: said inside, kept apart from the log's chain."""

from __future__ import annotations

import pytest

from review import log, queue
from review.comments import EmptyComment, comment, comments_of
from review.people import add_person
from review.queue import Filters, View
from review.refusals import UnknownProposal
from tests.review.desk import ROBIN, SAM


def test_a_comment_is_read_by_all_and_found_by_those_whom_it_mentions(desk):
    """Names of people who may sign in, whatever the case; an address is no mention."""
    add_person(desk.database, "Sam", "reviewer")
    add_person(desk.database, "Sammy Lee", "reviewer")
    proposal_id = desk.propose()
    comment(desk.database, proposal_id, who=ROBIN, text="Ask @sammy lee or ann@samples.example, not Sam.")
    comment(desk.database, proposal_id, who=SAM, text=" Done. ")
    with desk.database.read() as session:
        kept = comments_of(session, proposal_id)
        assert [(c.who, c.mentions) for c in kept] == [("Robin", ["Sammy Lee"]), ("Sam", [])]
        assert kept[1].text == "Done."
        for name, found in (("Sammy Lee", [proposal_id]), ("Sam", [])):
            assert [i.id for i in queue.list_items(session, View.ready, Filters(mentioned=name))] == found


def test_the_log_keeps_that_it_was_said_and_not_what(desk):
    """What people say may have to be deleted; the chain must not."""
    proposal_id = desk.propose()
    comment(desk.database, proposal_id, who=ROBIN, text="a private word")
    with desk.database.read() as session:
        entry = log.latest(session)[0]
        assert (entry.kind, entry.subject) == ("proposal.commented", proposal_id)
        assert "private" not in entry.content


def test_nothing_is_said_of_nothing(desk):
    """No empty comments, and none about what is not there."""
    with pytest.raises(EmptyComment):
        comment(desk.database, desk.propose(), who=ROBIN, text="  ")
    with pytest.raises(UnknownProposal):
        comment(desk.database, "nowhere", who=ROBIN, text="hello")
