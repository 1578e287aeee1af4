"""`triage audit`: verify, export, show, checkpoint and erase from the command line."""

from __future__ import annotations

import json

from review.decisions import RejectReason, reject
from review.log import canonical, sha256
from tests.api.test_commands import run
from tests.review.desk import ROBIN


def audit(desk, *words: str, code: int = 0) -> str:
    result = run("audit", *words, "--data-dir", desk.settings.data_dir)
    assert result.exit_code == code, result.output
    return result.output


def test_an_export_can_be_checked_without_the_desk(desk):
    """Each line has all that its hashes are made of."""
    desk.propose()
    lines = [json.loads(line) for line in audit(desk, "export").splitlines()]
    previous = "0" * 64
    for line in lines:
        assert sha256(line["salt"] + line["content"]) == line["content_hash"]
        fields = [line[k] for k in ("algorithm", "seq", "at", "kind", "subject", "content_hash")]
        assert sha256(canonical([*fields, previous])) == line["entry_hash"]
        previous = line["entry_hash"]
    assert len(lines) >= 2


def test_what_the_log_says_of_something_is_shown(desk):
    proposal_id = desk.propose()
    reject(desk.database, proposal_id, version=1, who=ROBIN, reason=RejectReason.duplicate)
    assert "proposal.reject" in audit(desk, "show", proposal_id)
    assert "message.received" in audit(desk, "show", "1")
    assert "no entry" in audit(desk, "show", "nothing", code=1)


def test_a_checkpoint_is_printed_and_checked_wherever_it_was_kept(desk, tmp_path):
    desk.propose()
    kept = tmp_path / "kept"
    kept.write_text(audit(desk, "checkpoint").splitlines()[-1] + "\n")
    assert "2 checkpoints" in audit(desk, "verify", "--checkpoints", kept)
    kept.write_text(kept.read_text().replace('"seq":', '"seq":1'))
    assert "not signed by the desk's key" in audit(desk, "verify", "--checkpoints", kept, code=1)


def test_an_erasure_says_what_it_did_and_why_it_cannot(desk):
    proposal_id = desk.propose()
    with desk.database.read() as session:
        from review.schema import ProposalRow

        message_id = session.get_one(ProposalRow, proposal_id).message_id
    words = ("erase", message_id, "--who", "Ann", "--why", "asked")
    assert "decide on it first" in audit(desk, *words, code=1)
    reject(desk.database, proposal_id, version=1, who=ROBIN, reason=RejectReason.duplicate)
    assert "Erased" in audit(desk, *words)
    assert "of them erased" in audit(desk, "verify")
    assert "erased" in audit(desk, "show", proposal_id)
    assert "no message" in audit(desk, "erase", "nothing", "--who", "A", "--why", "b", code=1)
