"""Made-up rows for briefings, put in by bulk: days of messages, exceptions, decisions, handoffs, model calls and alerts.

Weekdays have their own rhythm. On the last day one supplier sends far more than usual, and over the last week another
one's delays grow and a third stops to confirm.
"""

from __future__ import annotations

import json
import random
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import insert, text

from agent.proposal import Change, ImpactItem, Proposal, RecordRef, Stakes
from review import urgency
from review.database import Database
from review.schema import (
    AlertRow,
    DecisionRow,
    DeliveryRow,
    HandoffRow,
    MessageRow,
    ModelCallRow,
    ProposalRow,
    TargetRow,
)

RHYTHM = (1.2, 1.1, 1.0, 1.0, 0.9, 0.2, 0.1)  # Monday to Sunday
TEAMS = ("Purchasing", "Logistics", None)
CARRIERS = ("DHL", "GLS", "DB Schenker", "UPS")
BURSTING, LATER, SILENT = "Nordwerk Lager GmbH", "Atelier Bruyère", "Kestrel Fixings Ltd"
SUPPLIER_NEWS = (
    *("order_confirmation",) * 5,
    *("delivery_date_change",) * 4,
    *("price_change", "quantity_change", "partial_shipment", "shipment_notice"),
)
OTHER_NEWS = (
    "transit_delay",
    "delivery_failed",
    "delivery_update",
    "delivery_update",
    "order_status_query",
    "complaint",
)
HELD = date(2027, 1, 4)
BODY = Proposal(
    intent="", stakes=Stakes(currency="EUR"), reasons=["The order is named letter by letter."] * 4
).model_dump(mode="json")
CHANGE = Change(line_id=1, product="", field="date", held=HELD.isoformat(), stated="").model_dump(mode="json")
ITEM = ImpactItem(record=RecordRef(model="", id=0, name=""), promised="2027-01-05", late=True).model_dump(mode="json")


class Rows(NamedTuple):
    messages: list[dict[str, Any]]
    proposals: list[dict[str, Any]]
    decisions: list[dict[str, Any]]
    handoffs: list[dict[str, Any]]
    deliveries: list[dict[str, Any]]
    calls: list[dict[str, Any]]
    alerts: list[dict[str, Any]]


def fill(database: Database, end: datetime, days: int, a_day: int, seed: int = 7) -> None:
    """Rows of so many days up to `end`, about `a_day` messages on a working day."""
    dice = random.Random(seed)
    suppliers = [BURSTING, LATER, SILENT, *(f"Supplier {n:03}" for n in range(min(a_day, 200)))]
    with database.write() as session:
        session.execute(insert(TargetRow), [{"name": "n8n", "actions": [], "active": True, "failures": 0}])
    for back in reversed(range(days)):
        start = end - timedelta(days=back + 1)
        rows = _day(dice, start, back, a_day, suppliers)
        tables = (MessageRow, ProposalRow, DecisionRow, HandoffRow, DeliveryRow, ModelCallRow, AlertRow)
        with database.write() as session:
            for table, found in zip(tables, rows, strict=True):
                if found:
                    session.execute(insert(table.__table__), found)
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


def _day(dice: random.Random, start: datetime, back: int, a_day: int, suppliers: list[str]) -> Rows:
    rows = Rows([], [], [], [], [], [], [])
    count = round(a_day * RHYTHM[start.weekday()] * dice.uniform(0.95, 1.05))
    names = [dice.choice(suppliers) for _ in range(count)]
    if back == 0:
        names += [BURSTING] * max(count // 12, 15)
    for n, supplier in enumerate(names):
        received = start + timedelta(seconds=dice.uniform(1, 86_399))
        _message(dice, rows, f"{back:03}{n:05}", received, supplier, back)
    if back % 9 == 0:
        raised = start + timedelta(hours=3)
        alert = {"id": f"alt_{back}", "name": "endpoints", "status": "degraded", "said": "The endpoint n8n has failed."}
        alert |= {"raised_at": raised, "ended_at": raised + timedelta(hours=1), "raise_told": True, "end_told": True}
        rows.alerts.append(alert)
    return rows


def _message(dice: random.Random, rows: Rows, number: str, received: datetime, supplier: str, back: int) -> None:
    message_id = number.rjust(20, "m") + "0" * 44
    by_carrier = dice.random() < 0.25 and supplier not in (BURSTING, LATER, SILENT)
    channel = "carrier" if by_carrier else dice.choice(("email", "email", "portal"))
    stored = received + timedelta(seconds=dice.uniform(1, 300))
    message = {"id": message_id, "channel": channel, "received_at": received, "stored_at": stored}
    message |= {"happened_at": received, "state": "triaged", "language": "en", "sender": supplier, "problems": []}
    rows.messages.append(message)
    intent = dice.choice(OTHER_NEWS if by_carrier else SUPPLIER_NEWS)
    if supplier == SILENT and back < 7:
        intent = "quantity_change"
    if supplier == LATER:
        intent = "delivery_date_change"
    body = _proposal(dice, intent, None if by_carrier else supplier, back)
    changes, items = body["changes"], body["impact"]["items"]
    delays = [(date.fromisoformat(change["stated"]) - HELD).days for change in changes]
    created = stored + timedelta(seconds=dice.uniform(1, 60))
    lane = dice.choice(("ready", "ready", "check", "manual")) if intent != "delivery_update" else "ready"
    due = urgency.due_at(intent, received)
    row: dict[str, Any] = {
        "id": f"{message_id[:20]}-0",
        "message_id": message_id,
        "ordinal": 0,
        "intent": intent,
        "record_model": "purchase.order",
        "record_id": int(number) % 5_000,
        "record_name": f"P{int(number) % 5_000:05}",
        "lane": lane,
        "confidence": round(dice.random(), 3),
        "late": len(items),
        "body": body,
        "created_at": created,
        "channel": channel,
        "language": "en",
        "received_at": received,
        "value_at_risk": sum(item["value"] for item in items),
        "due_at": due,
        "rank_at": due,
        "supplier": body["stakes"]["vendor"],
        "carrier": body["fields"]["carrier"],
        "delay_days": max(delays, default=None),
        "products": json.dumps([change["product"] for change in changes]),
        "team": dice.choice(TEAMS),
        "state": "open",
        "closed_at": None,
        "closed_reason": None,
        "edited_by": None,
        "version": 1,
    }
    _close(dice, rows, row, back, message_id)
    rows.proposals.append(row)
    if dice.random() < 0.1:
        call = {"id": f"c{number}", "message_id": message_id, "tenant": "default", "model": "small", "prompts": {}}
        call |= {"request_hash": "", "parameters": {}, "tokens_in": 900, "tokens_out": 200, "not_before": 0.0}
        call |= {"cost": round(dice.uniform(0.001, 0.01), 4), "at": created.timestamp(), "endpoint_failed": False}
        call |= {
            "seconds": round(dice.uniform(0.5, 6), 2),
            "result": dice.choice(("ok",) * 9 + ("timeout",)),
            "response": None,
        }
        rows.calls.append(call)


def _close(dice: random.Random, rows: Rows, row: dict[str, Any], back: int, message_id: str) -> None:
    """Most are decided within hours; the newest and a few others stay open."""
    if row["intent"] == "delivery_update":
        row["state"], row["closed_reason"] = "expired", "A normal event."
        row["closed_at"] = row["created_at"]
        return
    decided = row["received_at"] + timedelta(hours=dice.expovariate(1 / 7.0))
    if (back == 0 and dice.random() < 0.55) or dice.random() < 0.004:
        if dice.random() < 0.06:
            row["edited_by"], row["version"] = "Ann", 2
            rows.decisions.append(_decision(row, 1, "edit", row["created_at"] + timedelta(minutes=9)))
        return
    version = 1
    if dice.random() < 0.12:
        version = 2
        edit = _decision(row, 1, "edit", row["created_at"] + timedelta(minutes=dice.uniform(1, 30)))
        path = dice.choice(("record.id", "fields.lines[0].date", "intent", "record_write_date"))
        edit["difference"] = [{"path": path, "was": 1, "is": 2}]
        rows.decisions.append(edit)
        decided = max(decided, edit["at"] + timedelta(minutes=dice.uniform(5, 300)))
        row["edited_by"], row["version"] = "Ann", 2
    decided = max(decided, row["created_at"] + timedelta(seconds=30))
    kind = dice.choice(("approve",) * 8 + ("reject", "not_exception"))
    final = _decision(row, version, kind, decided)
    if kind == "reject":
        final["reason"] = dice.choice(("wrong_record", "already_done", "not_needed"))
    if dice.random() < 0.01:
        # Taken back, so that it waits again.
        final["undone_at"] = decided + timedelta(seconds=10)
        row["version"] = version + 1
        rows.decisions.append(final)
        return
    rows.decisions.append(final)
    row["closed_at"] = decided
    row["state"] = "approved" if kind == "approve" else "rejected"
    if kind == "approve":
        _hand_on(dice, rows, row, final)


def _hand_on(dice: random.Random, rows: Rows, row: dict[str, Any], decision: dict[str, Any]) -> None:
    due = decision["at"] + timedelta(seconds=30)
    delivered = due + timedelta(seconds=dice.expovariate(1 / 40.0))
    state = dice.choice(("done",) * 90 + ("differs",) * 4 + ("delivered",) * 5 + ("dead",) * 1)
    settled = delivered + timedelta(hours=dice.uniform(0.2, 20)) if state in ("done", "differs") else delivered
    number = len(rows.handoffs) + int(row["id"][12:20]) * 10
    event = {"id": f"evt{row['id']}", "sequence": number, "decision_id": decision["id"], "proposal_id": row["id"]}
    event |= {"record_key": row["record_name"], "state": state, "body": "{}", "created_at": decision["at"]}
    rows.handoffs.append(event | {"due_at": due, "settled_at": settled})
    failed = state == "dead"
    way = {"handoff_id": event["id"], "target": "n8n", "sequence": number, "record_key": event["record_key"]}
    way |= {"state": "dead" if failed else "delivered", "attempts": 8 if failed else dice.choice((1,) * 19 + (2,))}
    way |= {"next_at": due, "delivered_at": None if failed else delivered, "problem": "HTTP 500" if failed else None}
    rows.deliveries.append(way)


def _decision(row: dict[str, Any], version: int, kind: str, at: datetime) -> dict[str, Any]:
    number = int(row["id"][12:20]) * 10 + version
    return {
        "id": number,
        "proposal_id": row["id"],
        "version": version,
        "kind": kind,
        "reason": None,
        "who": "Ann" if version == 1 else "Bo",
        "at": at,
        "undo_until": at + timedelta(seconds=30),
        "undone_at": None,
        "proposed": {},
        "decided": {},
        "difference": [],
        "made": [],
    }


def _proposal(dice: random.Random, intent: str, supplier: str | None, back: int) -> dict[str, Any]:
    """The body of a proposal, as `agent.proposal.Proposal` is kept."""
    changes, items = [], []
    if intent in ("delivery_date_change", "partial_shipment", "transit_delay"):
        days = dice.randint(0, 6) + (12 if supplier == LATER and back < 7 else 0)
        stated = (HELD + timedelta(days=days)).isoformat()
        product = f"Product {dice.randint(0, 400)}"
        changes.append({**CHANGE, "product": product, "stated": stated})
        if dice.random() < 0.3:
            number = dice.randint(1, 4_000)
            order = {"model": "sale.order", "id": number, "name": f"S{number:05}"}
            late = {
                "customer": f"Customer {number % 300}",
                "expected": stated,
                "value": float(dice.randint(100, 9_000)),
            }
            items.append({**ITEM, **late, "record": order})
    fields = {**BODY["fields"], "carrier": dice.choice(CARRIERS) if supplier is None else None}
    impact, stakes = {**BODY["impact"], "items": items}, {**BODY["stakes"], "vendor": supplier}
    return {**BODY, "intent": intent, "fields": fields, "changes": changes, "impact": impact, "stakes": stakes}
