"""An address that writes for the first time in the name of a company on file is looked at first."""

from __future__ import annotations

import pytest

from agent.proposal import Triage
from agent.taught import NOTHING
from review.intake import receive, triage_message
from review.schema import ProposalRow
from tests.review.desk import START, ScriptedEngine, date_change, mail
from tools.message import Channel


class Recognising(ScriptedEngine):
    """An engine that knows the sender in the given way."""

    def __init__(self, how: str | None) -> None:
        super().__init__(date_change())
        self.how = how

    def triage(self, message, taught=NOTHING) -> Triage:
        return super().triage(message).model_copy(update={"sender_known_by": self.how})


def lane(desk, how: str | None = "domain", authserv_id: str | None = None, **headers: str) -> tuple[str, bool]:
    """The lane of the next mail's proposal, and whether the first time is a reason."""
    desk.minutes += 1
    raw = mail(text=f"Mail {desk.minutes}", **headers)
    message_id = receive(desk.database, desk.store, raw, Channel.email, START)
    triage_message(desk.database, desk.store, message_id, Recognising(how), authserv_id)
    with desk.database.read() as session:
        row = session.get_one(ProposalRow, f"{message_id[:20]}-0")
        return row.lane, any("first time" in reason for reason in row.body["reasons"])


def test_the_first_mail_is_to_be_checked_and_the_second_is_not(desk):
    assert lane(desk) == ("check", True)
    assert lane(desk) == ("ready", False)
    assert lane(desk, sender="new@supplier.example") == ("check", True)


@pytest.mark.parametrize("how", ["email", "name", None])
def test_it_is_asked_only_where_the_domain_alone_is_on_file(desk, how):
    assert lane(desk, how) == ("ready", False)


def test_a_domain_that_the_receiving_server_vouches_for_is_enough(desk):
    """Only under the configured server's name: anybody can write such a header."""
    passed = {"Authentication-Results": "mx.us.example; dmarc=pass"}
    assert lane(desk, authserv_id="mx.us.example", sender="a@s.example", **passed) == ("ready", False)
    assert lane(desk, authserv_id="mx.other.example", sender="b@s.example", **passed) == ("check", True)
    assert lane(desk, sender="c@s.example", **passed) == ("check", True)
