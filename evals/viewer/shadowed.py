"""What the viewer shows of a shadow run: each message with what is at work said of it and what the candidate says."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from evals.decided.shadow import ORDER, Shadowed, ShadowRun
from evals.predictions import PredictedException
from evals.viewer.content import Json, parts
from tools.message import Message


def shadow_content(run: ShadowRun, message_of: Callable[[Shadowed], Message | None]) -> Json:
    """Everything that the page needs. `message_of` gives a message as it is read, or None where it is gone."""
    rows, details = [], []
    for one in run.messages:
        rows.append(_row(one))
        details.append(json.dumps(_detail(one, message_of(one)), ensure_ascii=False, separators=(",", ":")))
    return {
        "names": {},
        "runs": [{"name": "candidate", "about": {"engine": run.engine, **run.versions}}, {"name": "at work"}],
        "differences": [[kind, run.counts().get(kind, 0)] for kind in ORDER],
        "comparison": None,
        "cases": rows,
        "details": details,
    }


def _row(one: Shadowed) -> Json:
    shadow = one.shadow
    return {
        "s": "",
        "i": one.message[:12],
        "l": one.language,
        "h": one.channel,
        "v": "",
        "n": sorted({e.intent for e in (*one.live, *shadow.exceptions)}),
        "g": [],
        "t": one.subject[:120],
        "d": one.differs,
        "a": {"c": round(shadow.confidence, 4), "m": shadow.manual, "q": round(shadow.seconds, 4)},
        "b": {"c": round(min((e.confidence for e in one.live), default=0.0), 4)},
    }


def _detail(one: Shadowed, message: Message | None) -> Json:
    shadow = one.shadow
    said = {
        **_side(shadow.exceptions),
        "manual": shadow.manual,
        "engine": shadow.engine,
        "error": shadow.error,
        "tokens": shadow.tokens,
        "seconds": shadow.seconds,
    }
    return {
        "received": one.received_at.isoformat(),
        "sender": f"{message.sender.name} <{message.sender.email}>" if message else "",
        "parts": parts(message),
        "a": [said],
        "b": [{**_side(one.live), "manual": not one.live}],
    }


def _side(proposals: Sequence[PredictedException]) -> Json:
    return {"repeat": 0, "spans": {}, "proposals": [p.model_dump(mode="json") for p in proposals]}
