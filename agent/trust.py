"""Signs that a message is not what it claims to be. They send it to a person, whatever else it says."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel

from tools.message import Message, PassageKind

SHORT_WORD = 4
PHRASES_PATH = Path(__file__).with_name("trust_phrases.yaml")


class Suspicion(BaseModel):
    """`fraud` sentences each say what was seen. `cautions` say why a person should look at the sender before approving.
    `orders_to_machine`: text outside of what the sender's own message needs speaks to a machine; by itself it changes
    nothing but is shown."""

    fraud: list[str] = []
    cautions: list[str] = []
    orders_to_machine: list[str] = []

    def notes(self) -> list[str]:
        """Sentences for the proposal: the cautions, and where the message also speaks to a machine."""
        if not self.orders_to_machine:
            return self.cautions
        return [
            *self.cautions,
            f"The message also speaks to a machine ({', '.join(self.orders_to_machine[:3])}): ignored.",
        ]


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    stored = yaml.safe_load(PHRASES_PATH.read_text(encoding="utf-8"))
    groups = {
        "account": stored["bank_details"]["account"],
        "changed": stored["bank_details"]["changed"],
        **{name: stored[name] for name in ("credentials", "secrecy", "machine_orders")},
    }
    patterns = {name: [rf"(?<!\w){re.escape(p)}{_end(p)}" for p in phrases] for name, phrases in groups.items()}
    patterns["account"].append(_IBAN)
    return {name: re.compile("|".join(each), re.IGNORECASE) for name, each in patterns.items()}


_MARKUP = re.compile(
    r"\{\{.*?\}\}|\[\[.*?\]\]|<<.*?>>|<\|.*?\|>|^\W*(?:system|assistant|admin)\s*:", re.I | re.S | re.M
)

# ISO 13616: country, two check digits and up to 30 letters or digits, often in groups of four.
_IBAN = r"(?<!\w)(?-i:[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,6}(?: ?[A-Z0-9]{1,4})?)(?!\w)"


def _end(phrase: str) -> str:
    """Short words count whole ("rib" is not "ribbon"), longer ones as stems."""
    return r"(?!\w)" if len(phrase) <= SHORT_WORD else ""


def speaks_to_machine(text: str) -> bool:
    """Whether a statement is addressed to a machine: it is shown to the reviewer and read no further."""
    return bool(_MARKUP.search(text) or _patterns()["machine_orders"].search(text))


def suspect(
    message: Message,
    *,
    known_sender: bool,
    lookalike_of: str | None,
    speaks_business: bool,
    claims: str | None = None,
    free_mail: bool = False,
    shows: str | None = None,
) -> Suspicion:
    """What about this message a person must judge.

    `known_sender`: the address belongs to a partner on file or to our own people. `lookalike_of`: the partner whose
    domain the sender's imitates. `speaks_business`: a reference to a record of ours was found in the new text.
    `claims`: the company whose name the sender bears without its address, `free_mail` that it is anybody's provider.
    `shows`: another address that the display name shows.
    """
    patterns = _patterns()
    text = f"{message.subject}\n{message.new_text}"
    fraud: list[str] = []
    if lookalike_of:
        fraud.append(f"the sender's domain {message.sender.domain} imitates that of {lookalike_of}")
    if message.authentication.dmarc == "fail":
        fraud.append("the receiving mail server could not verify the sender (DMARC failed)")
    if _near(patterns["account"], patterns["changed"], text):
        fraud.append("it asks to pay to new or other bank details, or in advance to an account")
    if patterns["credentials"].search(text) and not known_sender:
        fraud.append("a stranger asks to sign in or to confirm a password")
    if patterns["secrecy"].search(text) and patterns["account"].search(text):
        fraud.append("it speaks of payment and asks not to check by telephone")
    orders = sorted({m.group().strip() for m in patterns["machine_orders"].finditer(_everything(message))})
    in_new_text = bool(patterns["machine_orders"].search(text))
    if in_new_text and not known_sender:
        fraud.append("a stranger gives orders to a machine")
    elif in_new_text and not speaks_business:
        fraud.append("it gives orders to a machine and says nothing about an order of ours")
    return Suspicion(fraud=fraud, cautions=_cautions(message, claims, free_mail, shows), orders_to_machine=orders)


def _cautions(message: Message, claims: str | None, free_mail: bool, shows: str | None) -> list[str]:
    said = []
    if claims:
        what = "it writes from a free mail account that is" if free_mail else "its address is"
        said.append(f"The sender bears the name of {claims.rstrip('.')}, but {what} not known to be theirs.")
    if shows:
        said.append(f"The sender's name shows the address {shows}, but the mail comes from {message.sender.email}.")
    # Where DMARC was judged, it has weighed both; without it each stands for itself.
    if message.authentication.dmarc == "none":
        failed = [name.upper() for name in ("spf", "dkim") if getattr(message.authentication, name) == "fail"]
        if failed:
            said.append(f"The receiving mail server could not verify the sender ({' and '.join(failed)} failed).")
    return said


_UNCHANGED = re.compile(
    r"bez zmian|unchanged|not changed|unverändert|sans changement|inchangé\w*|sin cambios|ongewijzigd|invariat\w*|no change",
    re.IGNORECASE,
)


def _near(first: re.Pattern[str], second: re.Pattern[str], text: str, window: int = 110) -> bool:
    for match in first.finditer(text):
        around = text[max(0, match.start() - window) : match.end() + window]
        if second.search(_UNCHANGED.sub(" ", around)):
            return True
    return False


def _everything(message: Message) -> str:
    hidden_and_shown = [p.text for p in message.parts if p.name != "body"]
    body = message.part("body")
    if body:
        hidden_and_shown += [body.text[a:b] for a, b in body.spans_of(*PassageKind)]
    return "\n".join([*hidden_and_shown, *(a.name for a in message.attachments)])
