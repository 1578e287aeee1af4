"""Writes suites and runs in the formats of Inspect AI, so that its viewer, scorers and data frames can be used on them.

Datasets are JSON lines of samples (`inspect_ai.dataset.json_dataset` reads them); runs are JSON eval logs of format version 2
(`inspect_ai.log.read_eval_log` and `inspect view`). Both are plain files, so nothing of Inspect is needed to write them.
Source of the formats: https://inspect.aisi.org.uk/datasets.html and https://inspect.aisi.org.uk/eval-logs.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evals.labelled import Case
from evals.runs.file import Run
from evals.runs.grade import Graded, grade, score_run
from evals.runs.suite import Suite, digest

Json = dict[str, Any]
LOG_VERSION = 2


def write_dataset(suite: Suite, out: Path) -> int:
    """One sample a case: the new text as input, what is expected as target. Gives the number of samples."""
    with out.open("w", encoding="utf-8") as file:
        for case in suite.labelled.cases:
            file.write(json.dumps(sample(suite, case), ensure_ascii=False) + "\n")
    return len(suite.labelled.cases)


def sample(suite: Suite, case: Case) -> Json:
    message = suite.labelled.message(case)
    about = {"suite": suite.name, "channel": case.channel.value, "received_at": case.received_at.isoformat()}
    return {
        "id": case.id,
        "input": f"{message.subject}\n\n{message.body}".strip() or "(no text)",
        "target": target(case),
        "metadata": {**about, "sender": message.sender.email, "tags": case.tags},
    }


def target(case: Case) -> str:
    """What is expected, as JSON."""
    return case.expected.model_dump_json() if case.expected else ""


def write_log(run: Run, out: Path) -> int:
    """The run as one eval log; each try is a sample of an epoch. Gives the number of samples."""
    graded = grade(run)
    out.write_text(json.dumps(log(run, graded), ensure_ascii=False, indent=1), encoding="utf-8")
    return len(graded)


def log(run: Run, graded: Sequence[Graded]) -> Json:
    head, name = run.header, "+".join(suite.name for suite in run.header.suites)
    made = head.created_at.isoformat(timespec="seconds")
    figures = {n: f.value for n, f in score_run(run).overall.figures.items() if f.value is not None}
    metrics = {n: {"name": n, "value": value, "params": {}} for n, value in figures.items()}
    return {
        "version": LOG_VERSION,
        "status": "success" if run.end else "cancelled",
        "eval": {
            "run_id": digest([run.name, made]),
            "created": made,
            "task": f"triage/{name}",
            "task_id": digest([name]),
            "task_version": 0,
            "task_attribs": {},
            "task_args": {},
            "dataset": {
                "name": name,
                "samples": len({g.of for g in graded}),
                "sample_ids": list(dict.fromkeys(_sample_id(g) for g in graded)),
                "shuffled": False,
            },
            "model": f"exception-desk/{head.engine}",
            "model_args": {},
            "config": {"epochs": head.repeats},
            "packages": head.packages,
            "metadata": {"commit": head.commit, "code": head.code, "suites": [s.model_dump() for s in head.suites]},
        },
        "plan": {"name": "triage", "steps": [{"solver": f"engine {head.engine}", "params": {}}], "config": {}},
        "results": {
            "total_samples": len(graded),
            "completed_samples": sum(g.tried.failure is None for g in graded),
            "scores": [{"name": "triage", "scorer": "triage", "params": {}, "metrics": metrics}],
        },
        "stats": {"started_at": made, "completed_at": made, "model_usage": {}},
        "samples": [_sample(g) for g in graded],
    }


def _sample_id(graded: Graded) -> str:
    return f"{graded.tried.suite}/{graded.tried.case.id}"


def _sample(graded: Graded) -> Json:
    tried = graded.tried
    said = tried.prediction.line()
    named = f"message {tried.input or 'unknown'}"
    model = f"exception-desk/{tried.prediction.engine}"
    return {
        "id": _sample_id(graded),
        "epoch": tried.repeat + 1,
        "input": named,
        "target": target(graded.judged.case),
        "messages": [
            {"role": "user", "content": named},
            {"role": "assistant", "content": said, "source": "generate", "model": model},
        ],
        "output": {
            "model": model,
            "choices": [
                {
                    "message": {"role": "assistant", "content": said, "source": "generate", "model": model},
                    "stop_reason": "stop",
                }
            ],
            "completion": said,
        },
        "scores": {
            "triage": {
                "value": "C" if graded.judged.right else "I",
                "answer": said,
                "explanation": tried.prediction.error or "",
                "metadata": {"confidence": tried.prediction.confidence, "manual": graded.judged.manual},
            }
        },
        "metadata": {"vendor": tried.vendor, "spans": tried.spans, "tags": tried.case.tags},
        "store": {},
        "events": [],
        "model_usage": {},
        "total_time": tried.prediction.seconds,
    }
