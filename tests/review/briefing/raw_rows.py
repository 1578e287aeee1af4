"""Every figure of the catalogue once more, by plain loops over the raw rows: what the queries are held against."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Row = dict[str, Any]
TABLES = ("messages", "proposals", "decisions", "handoffs", "deliveries", "model_calls", "alerts")
NORMAL = {"delivery_update", "auto_reply", "not_actionable"}


class RawRows:
    """All rows of a SQLite file, moments read as they stand there."""

    def __init__(self, file: Path) -> None:
        with sqlite3.connect(file) as connection:
            connection.row_factory = sqlite3.Row
            self.tables = {name: [_read(r) for r in connection.execute(f"SELECT * FROM {name}")] for name in TABLES}
        self.by_id = {row["id"]: row for row in self.tables["proposals"]}
        self.handoffs = {row["id"]: row for row in self.tables["handoffs"]}
        self.exceptions = [
            row for row in self.tables["proposals"] if not (row["lane"] == "ready" and row["intent"] in NORMAL)
        ]
        self.standing: dict[str, list[Row]] = {}
        for decision in self.tables["decisions"]:
            if decision["undone_at"] is None:
                self.standing.setdefault(decision["proposal_id"], []).append(decision)

    def figures(self, start: datetime, end: datetime) -> dict[str, float | None]:
        def within(moment: datetime | None) -> bool:
            return moment is not None and start <= moment < end

        messages = [m for m in self.tables["messages"] if within(m["stored_at"])]
        new = [p for p in self.exceptions if within(p["created_at"])]
        waiting = [
            p for p in self.exceptions if p["created_at"] < end and (p["closed_at"] is None or p["closed_at"] >= end)
        ]
        closing = [
            (self.by_id[d["proposal_id"]], d, self.standing[d["proposal_id"]])
            for d in self.tables["decisions"]
            if within(d["at"])
            and d["undone_at"] is None
            and d["kind"] in ("approve", "reject", "not_exception", "merge")
        ]
        closed = [p for p in self.tables["proposals"] if within(p["closed_at"])]
        settled = [h for h in self.tables["handoffs"] if within(h["settled_at"])]
        outcomes = [h for h in settled if h["state"] in ("done", "differs")]
        ways = self.tables["deliveries"]
        ended = [w for w in ways if within(w["delivered_at"] or w["next_at"])]
        calls = [c for c in self.tables["model_calls"] if start.timestamp() <= c["at"] < end.timestamp()]
        two = [(d, min(o["at"] for o in ds if o["kind"] == "edit")) for _, d, ds in closing if _edited(ds)]
        at_risk = [p for p in waiting if p["value_at_risk"] > 0]
        return {
            "messages": len(messages),
            "new": len(new),
            "news": sum(within(p["created_at"]) for p in self.tables["proposals"]),
            **{
                f"share_{lane}": _share(new, lambda p, lane=lane: p["lane"] == lane)
                for lane in ("ready", "check", "manual")
            },
            "open": len(waiting),
            "overdue": sum(p["due_at"] <= end for p in waiting),
            "due_soon": sum(0 < (p["due_at"] - end).total_seconds() <= 8 * 3600 for p in waiting),
            "open_age": _median(_hours(p["received_at"], end) for p in waiting),
            "approvals_waiting": sum(p["edited_by"] is not None for p in waiting),
            "unread": 0,
            "decided": len(closing),
            "hours_to_decision": _median(_hours(p["received_at"], d["at"]) for p, d, _ in closing),
            "decided_in_time": _share(closing, lambda c: c[1]["at"] <= c[0]["due_at"]),
            "acceptance": _share(closing, lambda c: c[1]["kind"] == "approve" and not _edited(c[2])),
            "routing_accuracy": _share(closing, _well_routed),
            "approval_turnaround": _median(_hours(first, d["at"]) for d, first in two),
            "touchless": _share(closed, lambda p: p["state"] == "expired"),
            "handoffs_failed": sum(h["state"] == "dead" and h["settled_at"] < end for h in self.tables["handoffs"]),
            "handoffs_differ": sum(h["state"] == "differs" for h in settled),
            "wrong_after_approval": _share(outcomes, lambda h: h["state"] == "differs"),
            "hours_to_done": _median(
                _hours(self.by_id[h["proposal_id"]]["received_at"], h["settled_at"])
                for h in outcomes
                if h["state"] == "done"
            ),
            "handoff_latency": _median(
                60 * _hours(self.handoffs[w["handoff_id"]]["due_at"], w["delivered_at"])
                for w in ways
                if within(w["delivered_at"])
            ),
            "handoff_failures": _share(ended, lambda w: w["state"] == "dead" or w["attempts"] > 1),
            "model_spend": sum(c["cost"] for c in calls),
            "model_seconds": _median(c["seconds"] for c in calls),
            "model_failures": _share(calls, lambda c: c["result"] != "ok"),
            "alerts": sum(a["raised_at"] < end and a["ended_at"] >= start for a in self.tables["alerts"]),
            "at_risk_overdue": sum(p["due_at"] <= end for p in at_risk),
        }


def _read(row: sqlite3.Row) -> Row:
    found = dict(row)
    for name, value in found.items():
        if isinstance(value, str) and (name.endswith("_at") or name in ("at", "undo_until")):
            found[name] = datetime.fromisoformat(value).replace(tzinfo=UTC)
    return found


def _edited(decisions: list[Row]) -> bool:
    return any(d["kind"] == "edit" for d in decisions)


def _well_routed(case: tuple[Row, Row, list[Row]]) -> bool:
    _, final, decisions = case
    corrected = any(f'"path": "{path}"' in d["difference"] for d in decisions for path in ("intent", "record.id"))
    return not corrected and not (final["kind"] == "reject" and final["reason"] in ("wrong_record", "wrong_intent"))


def _hours(first: datetime, second: datetime) -> float:
    return (second - first).total_seconds() / 3600


def _median(values: Iterable[float]) -> float | None:
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) / 2), 1) - 1] if ordered else None


def _share(rows: list[Any], holds: Callable[[Any], bool]) -> float | None:
    return sum(map(holds, rows)) / len(rows) if rows else None
