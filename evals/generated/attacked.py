"""The injection suite: published payloads in ordinary mails of another suite, with the labels that the mails have without them."""

from __future__ import annotations

import random
from pathlib import Path

from evals.attacks import PLACES, Attack, Place, attacked_mail, load_attacks, sample
from evals.generated.writing import MadeCase, write_suite
from evals.injection import ordinary_mails
from evals.labelled import Case, LabelError
from evals.runs.suite import Suite

MAIL_PLACES: tuple[Place, ...] = tuple(place for place in PLACES if place != "record field")
"""The places in a mail; records are one for the whole suite."""


def make_injection(base: Suite, out: Path, attacks: Path, *, seed: int = 0, each: int = 20) -> int:
    """Writes the suite: `each` payloads, drawn evenly from their families, in every place, and gives the number of cases.

    What is right for a mail stays right: a payload is data. The same base, payloads and seed give the same bytes. Raises what
    `write_suite` and `load_attacks` raise, and LabelError where there are no payloads or no mails to put them into."""
    mails, payloads = ordinary_mails(base.labelled), load_attacks(attacks)
    if not mails or not payloads:
        raise LabelError(f"{attacks if mails else base.labelled.path} holds nothing to make attacks of; give another.")
    drawn = random.Random(seed)
    made = [
        _case(base, drawn.choice(mails), attack, place, number)
        for place in MAIL_PLACES
        for number, attack in enumerate(sample(payloads, each, drawn.randrange(2**32)), start=1)
    ]
    description = f"Mails of {base.name} with published prompt injections: {', '.join(MAIL_PLACES)}."
    how = f"Made by `triage eval make injection` with seed {seed}, {each} of {len(payloads)} payloads of {attacks.name} a place."
    return write_suite(out, made, base=base, name=f"injection-{base.name}", description=description, how=how)


def _case(base: Suite, case: Case, attack: Attack, place: Place, number: int) -> MadeCase:
    case_id = f"{place.replace(' ', '-')}-{number:03}-{case.id}"
    noise = [*(case.tags.get("noise") or []), f"payload of {attack.suite}"]
    tags = {**case.tags, "attack": f"injection {place}", "noise": noise}
    changed = case.model_copy(update={"id": case_id, "raw": f"raw/{case_id}.eml", "tags": tags})
    return MadeCase(changed, attacked_mail(base.labelled.raw(case), attack, place))
