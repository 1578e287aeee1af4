"""What the viewer shows of one run or of two: figures, curves, and each case with its text, labels and predictions."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from evals.calibration import reliability, risk_coverage
from evals.labelled import LabelError
from evals.report import NAMES
from evals.runs.compare import Comparison, compare
from evals.runs.file import CaseKey, Run
from evals.runs.grade import Graded, Labels, RunScore, confidences, grade, score_run
from evals.runs.suite import Suite, load_suite
from evals.score import Group
from tools.message import Message
from tools.reading import read_message

LONGEST_TEXT = 20_000
"""Characters shown of a part of a message."""
CURVE_POINTS = 200
SHOWN_SLICES = ("suite", "language", "channel", "intent", "vendor", "tag")

Json = dict[str, Any]
Progress = Callable[[int, int], None]


def content(
    run: Run,
    other: Run | None = None,
    *,
    labels: Mapping[CaseKey, Labels] | None = None,
    texts: bool = True,
    progress: Progress = lambda done, total: None,
) -> Json:
    """Everything that the page needs, as JSON values. `other` is an earlier run to hold `run` against.

    With `texts`, messages are read from the suites' folders, as far as they are there and their hash is that of the run.
    Raises LabelError where the two runs share no case."""
    graded = grade(run, labels)
    earlier = grade(other, labels) if other else []
    compared = compare(other, run, labels) if other else None
    cases = _cases(graded, earlier)
    suites = _folders([r for r in (run, other) if r]) if texts else {}
    rows, details = [], []
    for number, (of, (tries, before)) in enumerate(cases.items(), start=1):
        message = _message((tries or before)[0], suites.get(of[0]))
        rows.append(_row(tries, before, message))
        details.append(json.dumps(_detail(tries, before, message), ensure_ascii=False, separators=(",", ":")))
        progress(number, len(cases))
    return {
        "names": NAMES,
        "runs": [_run(r, g, score_run(r, labels)) for r, g in ((run, graded), (other, earlier)) if r is not None],
        "comparison": _comparison(compared) if compared else None,
        "cases": rows,
        "details": details,
    }


def _cases(graded: Sequence[Graded], earlier: Sequence[Graded]) -> dict[CaseKey, tuple[list[Graded], list[Graded]]]:
    """The tries of each case: of the run, and of the earlier one."""
    found: dict[CaseKey, tuple[list[Graded], list[Graded]]] = defaultdict(lambda: ([], []))
    for side, some in enumerate((graded, earlier)):
        for g in some:
            found[g.of][side].append(g)
    return dict(found)


def _folders(runs: Sequence[Run]) -> dict[str, Suite]:
    """The suites of the runs that still stand where they stood."""
    found: dict[str, Suite] = {}
    for info in (info for run in runs for info in run.header.suites):
        try:
            found.setdefault(info.name, load_suite(Path(info.path)))
        except LabelError:
            continue  # the page then shows the case without its text
    return found


def _message(graded: Graded, suite: Suite | None) -> Message | None:
    """The message of a case as the product reads it, or None where the very same bytes are not at hand."""
    tried = graded.tried
    if suite is None or tried.input is None or suite.inputs.get(tried.case.id) != tried.input:
        return None
    try:
        raw = suite.labelled.raw(tried.case)
    except (OSError, LabelError):
        return None
    if hashlib.sha256(raw).hexdigest() != tried.input:
        return None
    return read_message(raw, channel=tried.case.channel, received_at=tried.case.received_at)


def _row(tries: Sequence[Graded], before: Sequence[Graded], message: Message | None) -> Json:
    """A line of the list: short keys, since there may be ten thousand."""
    first = (tries or before)[0]
    case = first.judged.case
    slices = list(case.slices())
    return {
        "s": first.tried.suite,
        "i": case.id,
        "l": next((v for d, v in slices if d == "language"), ""),
        "h": case.channel.value,
        "v": first.tried.vendor,
        "n": sorted(v for d, v in slices if d == "intent"),
        "g": [v for d, v in slices if d == "tag"],
        "t": message.subject[:120] if message else "",
        "a": _side(tries),
        "b": _side(before),
    }


def _side(tries: Sequence[Graded]) -> Json | None:
    """How a case went in one run: share of tries right, confidence, whether all went to manual, failures, seconds."""
    if not tries:
        return None
    predictions = [g.judged.prediction for g in tries]
    return {
        "r": sum(g.judged.right for g in tries) / len(tries),
        "c": round(sum(p.confidence for p in predictions) / len(predictions), 4),
        "m": all(g.judged.manual for g in tries),
        "f": next((g.tried.failure.value for g in tries if g.tried.failure), None),
        "q": round(sum(p.seconds for p in predictions) / len(predictions), 4),
    }


def _detail(tries: Sequence[Graded], before: Sequence[Graded], message: Message | None) -> Json:
    case = (tries or before)[0].judged.case
    return {
        "received": case.received_at.isoformat(),
        "sender": f"{message.sender.name} <{message.sender.email}>" if message else "",
        "parts": parts(message),
        "expected": case.expected.model_dump(mode="json") if case.expected else None,
        "a": [_try(g) for g in tries],
        "b": [_try(g) for g in before],
        "baseline": next((g.tried.baseline.model_dump(mode="json") for g in tries if g.tried.baseline), None),
    }


def parts(message: Message | None) -> list[Json]:
    """The texts of a message, by the names that evidence points to them by."""
    return [{"name": p.name, "text": p.text[:LONGEST_TEXT]} for p in message.parts] if message else []


def _try(graded: Graded) -> Json:
    verdicts = {id(pair.proposed): pair for pair in graded.judged.pairs if pair.proposed is not None}
    prediction = graded.judged.prediction
    proposals = []
    for proposal in prediction.exceptions:
        pair = verdicts.get(id(proposal))
        met = pair is not None and pair.expected is not None
        proposals.append(
            {
                **proposal.model_dump(mode="json"),
                "met": met,
                "fields_right": met and pair is not None and pair.fields_right,
                "actions_right": met and pair is not None and pair.actions_right,
            }
        )
    return {
        "repeat": graded.tried.repeat,
        "right": graded.judged.right,
        "manual": prediction.manual,
        "engine": prediction.engine,
        "error": prediction.error,
        "failure": graded.tried.failure,
        "tokens": prediction.tokens,
        "seconds": prediction.seconds,
        "spans": graded.tried.spans,
        "proposals": proposals,
    }


def _run(run: Run, graded: Sequence[Graded], score: RunScore) -> Json:
    confidence, correct = confidences(graded)
    rated = [pair for g in graded for pair in g.judged.rated()]
    coverage, risk = risk_coverage(confidence, correct)
    step = max(1, len(coverage) // CURVE_POINTS)
    head = run.header
    return {
        "name": run.name,
        "about": {
            "engine": head.engine,
            "made": head.created_at.isoformat(timespec="seconds"),
            "commit": head.commit,
            "code": head.code,
            "tries of each case": head.repeats,
            "complete": "yes" if run.end else "no",
            "suites": ", ".join(f"{s.name} (labels {s.label_version}, {s.license})" for s in head.suites),
            **{f"version of {k}": v for versions in run.versions.values() for k, v in versions.items()},
        },
        "overall": _group(score.overall),
        "baseline": _group(score.baseline),
        "slices": {
            d: {value: _group(group) for value, group in ({"suite": score.suites} | score.slices)[d].items()}
            for d in SHOWN_SLICES
            if d in score.slices or d == "suite"
        },
        "passK": {str(k): f.model_dump() for k, f in score.pass_k.items()},
        "reliability": reliability(*_columns(rated)),
        "risk": [[round(float(c), 4), round(float(r), 4)] for c, r in zip(coverage[::step], risk[::step], strict=True)],
        "failures": score.infrastructure + score.product,
        "spend": score.spend.model_dump(),
    }


def _columns(rated: Sequence[tuple[float, bool]]) -> Any:
    import numpy as np

    return np.array([c for c, _ in rated]), np.array([r for _, r in rated], dtype=float)


def _group(group: Group) -> Json:
    return {"cases": group.cases, "figures": {n: [f.value, f.low, f.high] for n, f in group.figures.items()}}


def _comparison(found: Comparison) -> Json:
    return {
        "cases": found.cases,
        "labelsOf": found.labels_of,
        "relabelled": found.relabelled,
        "leftOut": found.left_out,
        "sentences": [{"said": d.sentence, "verdict": d.verdict} for d in found.differences],
        "test": found.mcnemar.sentence if found.mcnemar else None,
        "slices": [
            {"where": f"{dimension} {value}", "said": d.sentence, "verdict": d.verdict}
            for dimension, values in found.slices.items()
            for value, some in values.items()
            for d in some
            if d.verdict != "none shown"
        ],
    }
