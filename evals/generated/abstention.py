"""The abstention suite: mails that no proposal fits, from `abstention.yaml`, where the manual lane or nothing is right."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import yaml

from evals.generated.writing import MadeCase, write_suite
from evals.labelled import Case, Expected, LabelError, LabelledException
from evals.runs.suite import Suite
from tools.message import Channel

SOURCE = Path(__file__).with_name("abstention.yaml")
ACTIONS = {"unclear": "manual_triage", "not_actionable": "no_action", "auto_reply": "no_action"}
HARMLESS = {"unclear": ["reply_to_sender", "escalate"], "not_actionable": [], "auto_reply": []}


def make_abstention(base: Suite, out: Path) -> int:
    """Writes the suite beside the base's records and gives the number of cases. Raises what `write_suite` raises."""
    path = base.labelled.records_path
    if path is None:
        raise LabelError(f"{base.labelled.path} has no records.json; choose a base suite with records.")
    at = datetime.fromisoformat(json.loads(path.read_bytes())["_meta"]["exported_at"]) + timedelta(days=1)
    told: list[dict[str, Any]] = yaml.safe_load(SOURCE.read_text("utf-8"))
    made = [_case(number, one, at + timedelta(minutes=number)) for number, one in enumerate(told, start=1)]
    description = f"{len(made)} mails outside of what the product does: applications, offers, legal and personal matters, riddles."
    how = "Written by hand in evals/generated/abstention.yaml; written out by `triage eval make abstention`."
    return write_suite(out, made, base=base, name=f"abstention-{base.name}", description=description, how=how)


def _case(number: int, told: dict[str, Any], at: datetime) -> MadeCase:
    case_id, intent = f"abstain-{number:02}", told.get("intent", "unclear")
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"], mail["Subject"], mail["Date"] = told["from"], "info@buyer.example", told["subject"], at
    mail["Message-ID"] = f"<{case_id}@{told['from'].rpartition('@')[2]}>"
    mail.set_content(told["text"], cte="quoted-printable")
    label = LabelledException(intent=intent, actions=[ACTIONS[intent]], acceptable_actions=HARMLESS[intent])
    case = Case(
        id=case_id, channel=Channel.email, received_at=at.astimezone(UTC), raw=f"raw/{case_id}.eml",
        expected=Expected(exceptions=[label], manual=intent == "unclear"),
        tags={"language": told["language"], "lines": "none", "reference": "none", "noise": [told["kind"]], "attack": None},
    )  # fmt: skip
    return MadeCase(case, mail.as_bytes())
