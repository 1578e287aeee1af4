"""Drafts as files that a person's own mail program opens, unsent: they look through it, address it and send it there.

The service sends none. A letter is addressed only where it answers the sender of a mail; whom else to write to is for the
person to say.
"""

from __future__ import annotations

import re
from email.message import EmailMessage
from email.policy import SMTP

from pydantic import BaseModel

from agent.drafts import TO_SENDER
from agent.proposal import Action
from tools.message import Channel, Message

# How `agent.drafts` heads each of several letters: the customer, and their order.
_HEADING = re.compile(r"^=== (?P<whom>.*) \((?P<about>[^()]*)\) ===\n\n", re.MULTILINE)
# Plain ASCII, and short: the library folds other addresses into lines that a reader may take for headers.
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w.-]{1,180}", re.ASCII)
_MESSAGE_ID = re.compile(r"[!-;=?-~]{1,250}")
LONGEST_SUBJECT = 200


class Letter(BaseModel):
    """`whom` and `about` are empty where the draft is one letter."""

    whom: str = ""
    about: str = ""
    text: str


def letters_of(action: Action) -> list[Letter]:
    """The letters of an action's draft, in their order; none where it has no draft."""
    if not action.draft:
        return []
    heads = list(_HEADING.finditer(action.draft))
    if not heads or heads[0].start() != 0:
        return [Letter(text=action.draft)]
    ends = [head.start() for head in heads[1:]] + [len(action.draft)]
    return [
        Letter(whom=head["whom"], about=head["about"], text=action.draft[head.end() : end].strip() + "\n")
        for head, end in zip(heads, ends, strict=True)
    ]


def eml(action: Action, letter: Letter, message: Message | None, case_token: str) -> bytes:
    """The letter as RFC 5322 mail, marked as unsent (`X-Unsent`). `case_token` in the subject makes the answer find its
    case."""
    mail = EmailMessage(policy=SMTP)
    mail["X-Unsent"] = "1"
    answers = action.name in TO_SENDER and message is not None and message.channel is Channel.email
    subject = letter.about
    if message is not None and answers:
        subject = f"Re: {message.subject}" if message.subject else "Re:"
        if _ADDRESS.fullmatch(message.sender.email):
            mail["To"] = message.sender.email
        if _MESSAGE_ID.fullmatch(answered := (message.message_id or "").strip("<>")):
            mail["In-Reply-To"] = mail["References"] = f"<{answered}>"
    mail["Subject"] = _line(f"{subject} {case_token}")
    mail.set_content(letter.text.encode("utf-8", "replace").decode())
    return mail.as_bytes()


def _line(text: str) -> str:
    """One line of printable characters: a subject that a sender wrote may hold anything."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())[:LONGEST_SUBJECT]
