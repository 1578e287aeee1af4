"""EDIFACT IFTSTA (transport status report) → the facts of each consignment that it tells of."""

from __future__ import annotations

from itertools import pairwise

from tools.carrier_payloads import Checkpoint, Facts
from tools.edi.edifact import Segment, directory_of, moment
from tools.edi.values import Fault

# RFF: whose number it is. The rest are taken as references too.
_TRACKING = ("CN", "AAS", "CRN", "BN", "CU")
_ESTIMATED = {"17", "132", "358", "191"}
# Until D.96B reasons (9013) had other numbers; only what their words say counts then.
_OLD_REASONS = ("D93A", "D94A", "D94B", "D95A", "D95B", "D96A", "D96B")


def consignments(given: list[Segment]) -> list[Facts]:
    """One `Facts` for each CNI; what stands before the first holds for all. Never raises on the content."""
    starts = [i for i, segment in enumerate(given) if segment.tag == "CNI"] or [len(given)]
    groups = [given[a:b] for a, b in pairwise([*starts, len(given)])]
    old = directory_of(given) in _OLD_REASONS
    return [_facts([*given[: starts[0]], *group], old) for group in groups]


def _facts(segments: list[Segment], old: bool) -> Facts:
    facts = Facts()
    numbers: dict[str, str] = {}
    for segment in segments:
        tag = segment.tag
        if tag == "CNI":
            facts.references.append(segment.at(2))
            facts.tracking = segment.at(2)
        elif tag == "RFF" and segment.at(1, 1):
            numbers.setdefault(segment.at(1).upper(), segment.at(1, 1))
        elif tag == "STS":
            codes = [f"reason {segment.at(3)}" if segment.at(3) and not old else "", f"status {segment.at(2)}"]
            words = " ".join(filter(None, (segment.at(2, 3), segment.at(3, 3))))
            facts.checkpoints.append(Checkpoint("", words, "", [code for code in codes if code[-1:] not in ("", " ")]))
        elif tag == "DTM":
            _when(segment, facts)
        elif tag == "LOC" and facts.checkpoints:
            facts.checkpoints[-1].place = segment.at(2, 3) or segment.at(2)
        elif tag == "FTX":
            said = " ".join(segment.at(4, i) for i in range(5)).strip()
            if said:
                facts.remarks.append(said)
        elif tag == "NAD" and segment.at(1).upper() in ("CA", "CX"):
            facts.carrier = segment.at(4) or segment.at(3)
        elif tag == "TDT" and not facts.carrier:
            facts.carrier = segment.at(5, 3) or segment.at(5)
        elif tag == "GIN":
            facts.references.append(segment.at(2))
    facts.tracking = next((numbers[kind] for kind in _TRACKING if kind in numbers), facts.tracking)
    facts.references += numbers.values()
    facts.references = [r for r in dict.fromkeys(facts.references) if r and r != facts.tracking]
    facts.checkpoints.sort(key=lambda point: point.when, reverse=True)
    facts.codes = list(facts.checkpoints[0].codes) if facts.checkpoints else []
    return facts


def _when(segment: Segment, facts: Facts) -> None:
    try:
        stated = moment(segment)
    except Fault:
        return
    if stated is None:
        return
    clock = segment.at(1, 1)[8:12] if segment.at(1, 2) in ("203", "204") else ""
    when = f"{stated.value.isoformat()} {clock[:2]}:{clock[2:]}" if len(clock) == 4 else stated.value.isoformat()
    if segment.at(1) in _ESTIMATED:
        facts.estimated = when
    elif facts.checkpoints and segment.at(1) != "137":
        facts.checkpoints[-1].when = when
