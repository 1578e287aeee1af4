"""Turns reviewed proposals into labelled suites: with consent, redacted, without repetitions, split by time.

OUT/before/   suites of messages received before the split: to fit on
OUT/after/    … and after it: to measure on (its manifest says so)
OUT/queue.jsonl   messages about which people disagree or did not say what is right; fill in `expected` and run again
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, Field

from evals.decided.outcomes import Decided, decided, disagreements
from evals.decided.redaction import Redactor
from evals.labelled import Case, Expected, LabelError
from review.database import Database
from review.raw_store import RawStore
from review.settings import Settings
from tools.message import Channel, Message
from tools.reading import read_message

SIDES = ("before", "after")
LABELLED_CHANNELS = ("email", "portal", "carrier")


class Queued(BaseModel):
    """A message that a person must label: fill in `expected` (format: labelled-exceptions)."""

    message: str
    why: list[str]
    expected: Expected | None = None


class Export(BaseModel):
    """What was written: cases by side, messages left out with the number of each reason, and how many wait."""

    cases: dict[str, int] = Field(default_factory=dict)
    left_out: dict[str, int] = Field(default_factory=dict)
    waiting: int = 0

    def leave_out(self, why: str) -> None:
        self.left_out[why] = self.left_out.get(why, 0) + 1


def export_labels(
    settings: Settings, database: Database, store: RawStore, out: Path, *, split: datetime, records: Path | None = None
) -> Export:
    """Writes both suites and the queue. `records`: a records snapshot to measure against; without one, intents alone
    can be measured.

    A text that was labelled once is not labelled again, on whichever side: the later message is left out. Raises LabelError
    without the operator's consent (`TRIAGE_LABELS_FROM_DECISIONS`)."""
    if not settings.labels_from_decisions:
        raise LabelError(
            "Messages become labelled cases only with consent; set TRIAGE_LABELS_FROM_DECISIONS=true if you have it."
        )
    with database.read() as session:
        found = list(decided(session))
    queue = _queue(out / "queue.jsonl", found)
    redactor, export, seen = Redactor(secrets.token_bytes(32)), Export(), set[str]()
    sides: dict[str, list[tuple[Case, bytes]]] = {side: [] for side in SIDES}
    for one in found:
        asked = queue.get(one.message_id)
        expected = asked.expected if asked else one.expected
        if one.channel not in LABELLED_CHANNELS:
            export.leave_out(f"channel {one.channel} has no labelled format")
        elif expected is None:
            export.leave_out("waits in the queue" if asked else "nothing was decided that says what is right")
        elif one.text_hash and one.text_hash in seen:
            export.leave_out("the same text as an earlier case")
        else:
            seen.add(one.text_hash or one.message_id)
            made = _case(one, expected, store, redactor)
            if made is None:
                export.leave_out("it rests on attachments, which are not redacted")
            else:
                sides["before" if one.received_at < split else "after"].append(made)
    for side, cases in sides.items():
        _write(out / side, cases, side, split, records)
        export.cases[side] = len(cases)
    export.waiting = sum(q.expected is None for q in queue.values())
    return export


def _queue(file: Path, found: Sequence[Decided]) -> dict[str, Queued]:
    """The queue by message: what a person filled in before is kept, what is new is added."""
    held = [Queued.model_validate_json(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []
    filled = {q.message: q.expected for q in held if q.expected}
    queue = {m: Queued(message=m, why=why, expected=filled.get(m)) for m, why in disagreements(found).items()}
    queue |= {q.message: q for q in held if q.expected and q.message not in queue}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(q.model_dump_json() + "\n" for q in queue.values()), "utf-8")
    return queue


def _case(one: Decided, expected: Expected, store: RawStore, redactor: Redactor) -> tuple[Case, bytes] | None:
    """The redacted case and its raw bytes; None where evidence stands in an attachment."""
    channel = Channel(one.channel)
    raw = store.get(one.message_id)
    message = read_message(raw, channel=channel, received_at=one.received_at)
    parts = {e["part"] for p in one.proposals for e in p.body.get("evidence", [])}
    if any(part.startswith("attachment:") for part in parts):
        return None
    names = tuple(n for n in (message.sender.name, *(r.name for r in message.recipients)) if n)
    case_id = f"decided-{one.message_id[:16]}"
    data = _mail(message, redactor, names) if channel is Channel.email else _json(raw, redactor, names)
    case = Case(
        id=case_id,
        channel=channel,
        received_at=one.received_at,
        raw=f"raw/{case_id}.{'eml' if channel is Channel.email else 'json'}",
        expected=Expected.model_validate(redactor.values(expected.model_dump(mode="json"), names)),
        tags={"language": one.language, "noise": ["decided"], "attack": None},
    )
    return case, data


def _mail(message: Message, redactor: Redactor, names: tuple[str, ...]) -> bytes:
    """The mail written anew: addresses under pseudonyms, the body's text redacted, no attachments, no other headers."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = redactor.address(message.sender.email) or "unknown@unknown.invalid"
    mail["To"] = ", ".join(redactor.address(r.email) for r in message.recipients if r.email) or "desk@unknown.invalid"
    mail["Subject"] = " ".join(redactor.text(message.subject, names).split())
    mail["Date"] = message.received_at
    if message.auto_reply:
        mail["Auto-Submitted"] = "auto-replied"
    mail.set_content(redactor.text(message.body, names), cte="quoted-printable")
    return mail.as_bytes()


def _json(raw: bytes, redactor: Redactor, names: tuple[str, ...]) -> bytes:
    content: Any = redactor.values(json.loads(raw), names)
    if isinstance(content, dict) and content.get("attachments"):
        content["attachments"] = []
    return json.dumps(content, ensure_ascii=False).encode()


def _write(folder: Path, cases: Iterable[tuple[Case, bytes]], side: str, split: datetime, records: Path | None) -> None:
    """One side as a suite; what stood there before is replaced."""
    (folder / "raw").mkdir(parents=True, exist_ok=True)
    for old in (folder / "raw").iterdir():
        old.unlink()
    lines = []
    for case, raw in cases:
        (folder / case.raw).write_bytes(raw)
        lines.append(case.model_dump_json())
    (folder / "cases.jsonl").write_text("".join(line + "\n" for line in lines), "utf-8")
    if records is not None:
        (folder / "records.json").write_bytes(records.read_bytes())
    manifest = {
        "name": f"decided-{side}",
        "title": f"Messages decided on, {side} {split:%Y-%m-%d}",
        "kind": "decided",
        "license": "private",
        "provenance": "Made by `triage eval labels` from decisions, redacted.",
    }
    if side == "after":
        manifest["use"] = "measurement"
    (folder / "manifest.yaml").write_text(yaml.safe_dump(manifest, sort_keys=False), "utf-8")
