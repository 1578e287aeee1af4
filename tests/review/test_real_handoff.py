"""Against a real Odoo server: the automation rule of docs/handoff-odoo.md, as it stands there, carries out what was approved."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import undefer

from agent.orders import PURCHASE
from agent.proposal import Action, Change, RecordRef
from review import outbox
from review.delivery_loop import DeliveryLoop
from review.outbox import Attempt
from review.receipt_loop import ReceiptLoop
from review.receipt_rows import Standing, standing
from review.schema import HandoffRow
from review.targets import Target
from review.webhook import deliver
from tests.real_odoo import PREFIX, WITHOUT, as_admin, real_settings
from tests.review.desk import Desk, date_change
from tests.review.receiver import SECRET
from tests.review.test_outbox import approved
from tools.odoo.connect import connect

pytestmark = WITHOUT
PAGE = Path(__file__).parents[2] / "docs" / "handoff-odoo.md"
LINE, PARAMETER = f"{PURCHASE}.line", "exception_desk.token"
HELD, WANTED, OTHER = "2026-12-01", "2026-12-14", "2026-12-20"


def block(name: str) -> str:
    """A code block of the page, by the word after its language."""
    found = re.search(rf"^```python {name}\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found, name
    return found[1]


@pytest.fixture(scope="module")
def rule() -> Iterator[tuple[str, str]]:
    """The rule's address and token, for as long as the tests run."""
    if not as_admin("ir.model", "search", [("model", "=", "base.automation")]):
        pytest.skip("the Odoo of TRIAGE_TEST_ODOO_URL has no automation rules (base_automation)")
    token = uuid4().hex
    as_admin("ir.config_parameter", "set_param", PARAMETER, token)
    [model] = as_admin("ir.model", "search", [("model", "=", PURCHASE)])
    action = {"name": "Exception Desk", "model_id": model, "state": "code", "code": block("action")}
    values = {"name": "Exception Desk", "model_id": model, "trigger": "on_webhook"}
    values |= {"record_getter": block("record").strip(), "action_server_ids": [(0, 0, action)]}
    made = as_admin("base.automation", "create", values)
    [row] = as_admin("base.automation", "read", [made], ["url"])
    yield os.environ[f"{PREFIX}URL"] + urlsplit(row["url"]).path, token
    as_admin("base.automation", "unlink", [made])
    as_admin("ir.config_parameter", "set_param", PARAMETER, False)


@pytest.fixture
def odoo(desk: Desk, rule: tuple[str, str], tmp_path: Path) -> Target:
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "token").write_text(rule[1])
    files = {"secret_file": tmp_path / "secret", "token_file": tmp_path / "token"}
    made = Target(kind="odoo", url=rule[0], **files, allow_private=True, timeout_seconds=60)
    outbox.register(desk.database, {"odoo": made})
    return made


@pytest.fixture(scope="module")
def bought_from() -> tuple[int, int]:
    """A supplier and a product."""
    supplier = as_admin("res.partner", "create", {"name": "Rope"})
    return supplier, as_admin("product.product", "create", {"name": f"Cleat {uuid4().hex[:8]}"})


@pytest.fixture
def order(bought_from: tuple[int, int]) -> tuple[int, int]:
    """A confirmed purchase order whose one line comes on 1 December, and that line."""
    supplier, product = bought_from
    bought = {"product_id": product, "product_qty": 10, "price_unit": 5.0, "date_planned": f"{HELD} 10:00:00"}
    made = as_admin(PURCHASE, "create", {"partner_id": supplier, "order_line": [(0, 0, bought)]})
    as_admin(PURCHASE, "button_confirm", [made])
    [line] = as_admin(LINE, "search", [("order_id", "=", made)])
    return made, line


def hand_on(
    desk: Desk, target: Target, order: tuple[int, int], *actions: Action, held: str = HELD
) -> tuple[str, Attempt]:
    """Approves the new date and delivers its event; gives the proposal and what was sent."""
    order_id, line = order
    lines = [{"line_id": line, "date": WANTED}]
    proposal_id = approved(
        desk,
        date_change(
            RecordRef(model=PURCHASE, id=order_id, name="P"),
            changes=[Change(line_id=line, product="Cleat", field="date", held=held, stated=WANTED)],
            actions=[Action(name="update_delivery_date", arguments={"lines": lines}), *actions],
        ),
    )
    assert DeliveryLoop(desk.database, "odoo", target).step()
    with desk.database.read() as session:
        [row] = session.scalars(
            select(HandoffRow).where(HandoffRow.proposal_id == proposal_id).options(undefer(HandoffRow.body))
        )
        return proposal_id, Attempt(row.id, "odoo", row.body, 1)


def received(desk: Desk, proposal_id: str, tmp_path: Path) -> Standing:
    """What is known of it once Odoo has been read by the account that only reads."""
    ReceiptLoop(desk.database, connect(real_settings(tmp_path)), timedelta(hours=1)).step()
    with desk.database.read() as session:
        found = standing(session, proposal_id)
        assert found
        return found


def planned(order: tuple[int, int]) -> str:
    return str(as_admin(LINE, "read", [order[1]], ["date_planned"])[0]["date_planned"])


def said(order: tuple[int, int]) -> list[dict[str, Any]]:
    """What the rule wrote on the order."""
    on_order = [("model", "=", PURCHASE), ("res_id", "=", order[0]), ("body", "ilike", "Exception Desk, approved by")]
    found: list[dict[str, Any]] = as_admin("mail.message", "search_read", on_order, fields=["body"])
    return found


def test_an_approved_date_is_carried_out_once_and_seen_to_be_done(desk, odoo, order, tmp_path):
    proposal_id, sent = hand_on(desk, odoo, order)
    assert planned(order) == f"{WANTED} 10:00:00"
    found = received(desk, proposal_id, tmp_path)
    assert (found.state, found.differences) == ("done", [])
    as_admin(LINE, "write", [order[1]], {"date_planned": f"{HELD} 10:00:00"})
    assert deliver(sent, odoo).delivered
    assert planned(order) == f"{HELD} 10:00:00"
    [message] = said(order)
    assert "Robin" in message["body"]


def test_what_came_between_is_left_to_the_buyer_and_shown(desk, odoo, order, tmp_path):
    as_admin(LINE, "write", [order[1]], {"date_planned": f"{OTHER} 10:00:00"})
    proposal_id, _ = hand_on(desk, odoo, order, Action(name="notify_customer", draft="Dear …"))
    assert planned(order) == f"{OTHER} 10:00:00"
    found = received(desk, proposal_id, tmp_path)
    assert (found.state, [(d.approved, d.found) for d in found.differences]) == ("differs", [(WANTED, OTHER)])
    activities = as_admin("mail.activity", "search_read", [("res_model", "=", PURCHASE), ("res_id", "=", order[0])])
    assert [a["summary"] for a in activities] == [
        f"Exception Desk: new date {WANTED} for line {order[1]}; notify_customer"
    ]


def test_a_wrong_token_changes_nothing(desk, odoo, order, tmp_path):
    (tmp_path / "token").write_text("guessed")
    _, sent = hand_on(desk, odoo, order)
    assert (deliver(sent, odoo).status, planned(order), said(order)) == (500, f"{HELD} 10:00:00", [])
    other = json.loads(sent.body) | {"data": {"record": {"model": "res.partner", "id": 1}}}
    assert deliver(sent._replace(body=json.dumps(other)), odoo).status == 500
