"""What is sent to a model about one message: this file alone decides it, and `SENT` declares it.

Hidden text, quoted history and disclaimers are never sent; personal data is replaced as the settings say.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from agent.llm.failures import ModelFailure
from agent.llm.limits import Endpoint
from agent.llm.look_ups import LookUps
from agent.llm.redaction import Redaction
from agent.propose import Policy
from agent.taxonomy import INTENTS_WITHOUT_RECORD, taxonomy
from agent.triage import Study
from prompts.library import Prompt, load_prompt, tokens_in
from tools.message import Message, Part, PassageKind

SENT = {
    "day of receipt and channel": "the date with its weekday; email, portal or carrier",
    "who it is from": "supplier, customer, carrier, our own or unknown, and the company's name as Odoo has it",
    "subject": "as it stands",
    "body": "what the sender wrote now and what was forwarded; no hidden text, quoted history or disclaimer",
    "attachments": "their names, and their text as it was read; never the files themselves",
    "records": "up to five records that may be meant: name, partner, their numbers, dates, state, and lines with product, "
    "quantity, price and planned date; the same of what a look-up finds",
    "what is open": "in a cascade: what the local engine takes the message for, and how sure it is",
}
"""Everything that leaves for the endpoint, beside the instructions, by what it is."""

SENT_PASSAGES = (PassageKind.new, PassageKind.forwarded, PassageKind.signature)
SHOWN_AT_FIRST = 5
SYSTEM, MESSAGE = "read_message", "the_message"
_PERSON = re.compile(r"(?:(?!\d)[A-ZÀ-ÖØ-ÞĀ-Ž][\w'’.-]*\s){1,3}(?!\d)[A-ZÀ-ÖØ-ÞĀ-Ž][\w'’.-]*")


@dataclass(frozen=True)
class Request:
    """The two texts of a request, about how many tokens they are, and the hash of each prompt by its name."""

    system: str
    user: str
    tokens: int
    prompts: dict[str, str]


def instructions(policy: Policy, system: Prompt | None = None) -> str:
    """The stable part: the same for every message under one taxonomy and policy. `system`: another prompt than that at
    work."""
    intents = []
    for key, intent in taxonomy().intents.items():
        follows = list(dict.fromkeys(a for rule in policy.rules if rule.intent == key for a in rule.actions))
        fields = [
            name.removeprefix("lines.").replace("splits", "delivery") for name in intent.fields if name != "reason"
        ]
        told = {"key": key, "means": intent.means, "record": intent.record, "fields": fields, "follows": follows}
        intents.append(told)
    return (system or load_prompt(SYSTEM)).render(intents=intents)


def build_request(
    study: Study, look_ups: LookUps, redaction: Redaction, endpoint: Endpoint, policy: Policy, still_open: str = ""
) -> Request:
    """The request about a message. Raises ModelFailure for one that is longer than a message's tokens allow."""
    message = study.message
    candidates = [c.key for c in study.recalled.candidates[:SHOWN_AT_FIRST]]
    claimed = [f.record for f in study.understanding.findings if f.record]
    records = look_ups.show(list(dict.fromkeys([*claimed, *candidates]))[: SHOWN_AT_FIRST + 1])
    parts = [
        {"name": redaction.hide(p.name), "lines": redaction.hide(text).splitlines()} for p, text in sent_parts(message)
    ]
    prompts = {name: load_prompt(name, endpoint.prompts) for name in (SYSTEM, MESSAGE)}
    user = prompts[MESSAGE].render(
        mark=hashlib.sha256(f"mark/{message.id}".encode()).hexdigest()[:12],
        received=f"{message.received_at:%Y-%m-%d (%A)}",
        channel=str(message.channel),
        sender=_sender(study, look_ups),
        records=[redaction.hide(line) for line in records],
        open=still_open,
        parts=parts,
    )
    system = instructions(policy, prompts[SYSTEM])
    tokens = tokens_in(system) + tokens_in(user)
    if tokens + endpoint.answer_tokens > endpoint.limits.message_tokens:
        said = f"The message is too long to be sent to the model (about {tokens} tokens)."
        raise ModelFailure(said, "too long")
    return Request(system, user, tokens, {name: prompt.digest for name, prompt in prompts.items()})


def sent_parts(message: Message) -> list[tuple[Part, str]]:
    """The parts of a message that are sent, with the text that is sent of each."""
    found = []
    for part in message.parts:
        text = "\n".join(part.text[a:b] for a, b in sent_spans(part))
        if text.strip():
            found.append((part, text))
    return found


def sent_spans(part: Part) -> list[tuple[int, int]]:
    """The stretches of a part that are sent; the whole of one that is not divided."""
    return part.spans_of(*SENT_PASSAGES) if part.passages else [(0, len(part.text))]


def named_in(message: Message) -> list[str]:
    """Names of people that a redaction of names replaces: the sender's, and the lines of signatures that look like one."""
    names = [message.sender.name]
    for part in message.parts:
        for start, end in part.spans_of(PassageKind.signature):
            lines = (line.strip(" ,.-–—*") for line in part.text[start:end].splitlines())
            names += [line for line in lines if _PERSON.fullmatch(line)]
    return [n for n in names if n]


def question_of(study: Study, confidence: float) -> str:
    """What a cascade tells the model to be open: how the local engine reads the message, as a guess."""
    guesses = []
    for finding in study.understanding.findings:
        record = next((r.name for r in finding.ranked[:1] if finding.record), "no record")
        guesses.append(f"{finding.intent} of {record}")
    first = "; ".join(guesses) or "nothing"
    open_parts = [f"A first reading says: {first}. It is right in about {confidence:.0%} of such cases, so judge anew"]
    records = [f for f in study.understanding.findings if f.record is None and f.intent not in INTENTS_WITHOUT_RECORD]
    if records:
        open_parts.append("which record is meant was not found")
    return ", and ".join(open_parts) + "."


def _sender(study: Study, look_ups: LookUps) -> str:
    sender = study.recalled.sender
    return f"{sender.role}, {look_ups.company(sender.partners[0].partner_id)}" if sender.partners else sender.role
