"""Against a real Odoo server: what it gives, and that neither this product nor the server lets the account write."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest

from review.mirrored import MIRRORED
from tests.real_odoo import PREFIX, WITHOUT, as_admin, raw_call, real_settings
from tools.odoo.account import ProvedReader, WritingAccount
from tools.odoo.check import check
from tools.odoo.connect import ChosenWire, connect
from tools.odoo.errors import BadQuery, CallForbidden, LoginRefused, NotOdoo, UnknownDatabase
from tools.odoo.export import write_snapshot
from tools.odoo.reader import OdooReader
from tools.odoo.server import ask_server
from tools.odoo.settings import OdooSettings
from tools.snapshot import SnapshotReader

pytestmark = WITHOUT


@pytest.fixture(params=["odoorpc", "json2"])
def settings(request, tmp_path) -> OdooSettings:
    found = real_settings(tmp_path, protocol=request.param)
    if request.param == "json2" and ask_server(found).major < 19:
        with pytest.raises(NotOdoo):
            ChosenWire(found).call("res.users", "context_get")
        found = replace(found, protocol="auto")
    return found


@pytest.fixture
def reader(settings) -> OdooReader:
    return connect(settings)


def test_the_account_is_well(settings, reader):
    found = check(settings, reader, MIRRORED)
    assert (found.problems, found.can_write) == ([], False)
    proof = ProvedReader(reader, allow_writing=False, login=settings.login)
    proof.prove()
    assert proof.notice is None


def test_an_account_that_writes_is_found_out(settings, tmp_path):
    key = tmp_path / "admin.key"
    key.write_text(os.environ[f"{PREFIX}ADMIN_PASSWORD"])
    login = os.environ[f"{PREFIX}ADMIN_LOGIN"]
    admin = replace(settings, login=login, key_file=key, protocol="odoorpc")  # JSON-2 takes no password
    found = check(admin, connect(admin), MIRRORED)
    assert found.can_write
    assert "internal user" in found.problems[0]
    assert "purchase.order (write, create, unlink)" in found.problems[1]
    with pytest.raises(WritingAccount):
        ProvedReader(connect(admin), allow_writing=False, login=login).prove()


def test_a_wrong_key_and_a_wrong_database(settings, tmp_path):
    wrong = tmp_path / "wrong.key"
    wrong.write_text("0" * 40)
    with pytest.raises(LoginRefused):
        ChosenWire(replace(settings, key_file=wrong)).call("res.users", "context_get")
    with pytest.raises(UnknownDatabase):
        ChosenWire(replace(settings, database="no-such-database")).call("res.users", "context_get")


@pytest.mark.parametrize(
    "domain", [["|"], [("id", "near", 1)], [("id", "=")], ["id"], ["&", ("id", "=", 1)]], ids=str
)  # fmt: skip
def test_a_domain_that_odoo_does_not_understand(reader, domain):
    with pytest.raises(BadQuery):
        reader.search_read("res.partner", domain)


def stored(fields: Sequence[str]) -> list[str]:
    """Without the date that Odoo expects a quotation to be delivered at: it moves with the clock."""
    return [name for name in fields if name != "expected_date"]


DOMAINS: list[tuple[str, Any, str | None, int | None]] = [
    ("purchase.order", [], None, None),
    ("purchase.order", [("state", "=", "purchase")], "date_order desc, id desc", None),
    ("purchase.order", [("partner_ref", "!=", False)], "partner_ref", 5),
    ("purchase.order", [("partner_id", "ilike", "metall")], None, None),
    ("purchase.order", [("partner_id.name", "ilike", "brandt")], None, None),
    ("purchase.order", [("no_such_field", "=", False)], None, 3),
    ("purchase.order", [("no_such_field", "=", 1)], None, None),
    ("purchase.order", ["|", ("partner_ref", "=", False), "!", ("state", "=", "draft")], None, None),
    ("purchase.order.line", [("order_id.state", "in", ["purchase", "done"])], None, None),
    ("purchase.order.line", [("product_qty", ">", 3), ("product_id", "!=", False)], None, None),
    ("sale.order", [("client_order_ref", "=like", "K-50%")], "client_order_ref desc", 7),
    ("sale.order.line", [("order_id", "in", [1, 2, 3])], None, None),
    ("stock.picking", [("state", "not in", ["done", "cancel"])], "scheduled_date, id", None),
    ("stock.picking", [("backorder_id", "!=", False)], None, None),
    ("stock.move", [("purchase_line_id", "!=", False), ("state", "!=", "cancel")], None, None),
    ("stock.move", [("move_dest_ids", "!=", False)], None, None),
    ("res.partner", [("name", "not ilike", "gmbh")], None, None),
    ("res.partner", [("parent_id", "=", False), ("email", "!=", False)], None, None),
    ("res.partner", [("active", "=", False)], None, None),
    ("product.supplierinfo", [("product_code", "ilike", "x1")], None, None),
    ("account.move", [("move_type", "in", ["in_invoice", "out_invoice"])], None, None),
    ("stock.lot", [], None, None),
]


def test_a_snapshot_answers_as_the_server_that_it_was_written_from(settings, reader, tmp_path):
    path = tmp_path / "records.json"
    counts = write_snapshot(reader, MIRRORED, path, odoo="x", database=settings.database)
    assert counts["purchase.order"] > 0
    assert counts["sale.order"] > 0
    snapshot = SnapshotReader(path)
    some = 0
    for model, domain, order, limit in DOMAINS:
        fields = stored(MIRRORED.get(model, ("name",)))
        live = reader.search_read(model, domain, fields, order=order, limit=limit)
        assert snapshot.search_read(model, domain, fields, order=order, limit=limit) == live, (model, domain)
        assert reader.search_count(model, domain) == snapshot.search_count(model, domain)
        ids = [row["id"] for row in reversed(live)] + [10**7]
        assert snapshot.read(model, ids, fields) == reader.read(model, ids, fields)
        some += bool(live)
    assert some >= 15


def test_version_moves_with_a_write(reader):
    before = reader.version()
    assert reader.version() == before
    (partner,) = reader.search_read("res.partner", [("email", "!=", False)], ["comment"], limit=1)
    as_admin("res.partner", "write", [partner["id"]], {"comment": os.urandom(8).hex()})
    assert reader.version() != before


def one(reader: OdooReader, model: str, *terms: Any) -> int:
    found = reader.search_read(model, terms, ["id"], limit=1)
    return int(found[0]["id"]) if found else 1


@pytest.fixture
def attempts(reader) -> Iterator[list[tuple[str, str, list[Any]]]]:
    """With stock to reserve, and with an address so that the account could be the sender of a message."""
    waiting = one(reader, "stock.picking", ("state", "=", "assigned"), ("picking_type_code", "=", "outgoing"))
    as_admin("stock.picking", "do_unreserve", [waiting])
    as_admin("res.users", "write", [reader.user_id], {"email": "desk@company.example"})
    yield write_attempts(reader, waiting)
    as_admin("stock.picking", "action_assign", [waiting])


def write_attempts(reader: OdooReader, waiting: int) -> list[tuple[str, str, list[Any]]]:
    order, sale = (
        one(reader, "purchase.order", ("state", "=", "draft")),
        one(reader, "sale.order", ("state", "=", "draft")),
    )
    line, sale_line = (
        one(reader, f"{m}.line", ("order_id", "=", i)) for m, i in (("purchase.order", order), ("sale.order", sale))
    )
    reserved = one(reader, "stock.picking", ("state", "=", "assigned"), ("id", "!=", waiting))
    move, quant = one(reader, "stock.move", ("state", "!=", "done")), one(reader, "stock.quant")
    partner, product = one(reader, "res.partner"), one(reader, "product.product")
    invoice, user = one(reader, "account.move"), reader.user_id
    return [
        ("purchase.order", "write", [[order], {"partner_ref": "x"}]),
        ("purchase.order", "create", [{"partner_id": partner}]),
        ("purchase.order", "unlink", [[order]]),
        ("purchase.order", "copy", [[order]]),
        ("purchase.order", "button_confirm", [[order]]),
        ("purchase.order", "button_cancel", [[order]]),
        ("purchase.order", "message_post", [[order]]),
        ("purchase.order", "message_subscribe", [[order], [partner]]),
        ("purchase.order.line", "write", [[line], {"date_planned": "2030-01-01 00:00:00"}]),
        ("purchase.order.line", "unlink", [[line]]),
        ("sale.order", "write", [[sale], {"client_order_ref": "x"}]),
        ("sale.order", "action_confirm", [[sale]]),
        ("sale.order", "action_cancel", [[one(reader, "sale.order", ("state", "=", "sale"))]]),
        ("sale.order", "create", [{"partner_id": partner}]),
        ("sale.order.line", "write", [[sale_line], {"price_unit": 0.01}]),
        ("stock.picking", "write", [[waiting], {"scheduled_date": "2030-01-01 00:00:00"}]),
        ("stock.picking", "action_assign", [[waiting]]),
        ("stock.picking", "button_validate", [[reserved]]),
        ("stock.picking", "action_cancel", [[reserved]]),
        ("stock.picking", "do_unreserve", [[reserved]]),
        ("stock.move", "write", [[move], {"product_uom_qty": 1}]),
        ("stock.move.line", "create", [{"picking_id": waiting, "product_id": product, "quantity": 1}]),
        ("stock.quant", "write", [[quant], {"quantity": 1000}]),
        ("res.partner", "write", [[partner], {"email": "x@evil.example"}]),
        ("res.partner", "create", [{"name": "x"}]),
        ("res.partner", "name_create", ["x"]),
        ("product.product", "write", [[product], {"list_price": 0.01}]),
        ("account.move", "action_post", [[invoice]]),
        ("account.move", "write", [[invoice], {"ref": "x"}]),
        ("ir.attachment", "create", [{"name": "x", "res_model": "res.partner", "res_id": partner}]),
        ("mail.message", "create", [{"model": "purchase.order", "res_id": order, "body": "x"}]),
        ("res.users", "create", [{"name": "x", "login": "x"}]),
        ("res.users", "write", [[user], {"company_ids": [[6, 0, []]]}]),
    ]


NAMED = {"write": "vals", "create": "vals_list", "name_create": "name", "message_subscribe": "partner_ids"}
REFUSALS = {"odoo.exceptions.AccessError", "odoo.exceptions.AccessDenied"}


def test_every_attempt_to_write_is_refused_here_and_by_the_server(settings, reader, attempts):
    assert len(attempts) >= 30
    state = everything(reader)
    user, key, database = reader.user_id, settings.key(), settings.database
    wire = ChosenWire(settings)
    for model, method, args in attempts:
        with pytest.raises(CallForbidden):
            wire.call(model, method)
        answer = raw_call("object", "execute_kw", database, user, key, model, method, args, {})
        assert answer.get("error", {}).get("data", {}).get("name") in REFUSALS, (model, method, answer)
    assert everything(reader) == state


def test_json2_refuses_as_well(settings, attempts):
    if ask_server(settings).major < 19:
        answer = httpx.post(f"{settings.root}/json/2/res.partner/create", json={"vals_list": [{"name": "x"}]})
        assert answer.headers["content-type"].startswith("text/html")
        return
    headers = {"Authorization": f"bearer {settings.key()}", "X-Odoo-Database": settings.database}
    for model, method, args in attempts:
        body: dict[str, Any] = {"ids": args[0]} if args and isinstance(args[0], list) else {}
        if method in NAMED:
            body[NAMED[method]] = args[-1]
        answer = httpx.post(f"{settings.root}/json/2/{model}/{method}", json=body, headers=headers, timeout=60)
        assert answer.status_code in (401, 403), (model, method, answer.text[:500])


def everything(reader: OdooReader) -> dict[str, Any]:
    """All that is mirrored, and the number of rows of every model that attempts were made at."""
    rows = {model: reader.search_read(model, fields=stored(fields)) for model, fields in MIRRORED.items()}
    return {**rows, **{model: reader.search_count(model) for model in ("stock.move.line", "res.users")}}
