"""The order store holds what the reader holds, whether it read everything or followed what changed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.order_store import OrderStore
from agent.orderbook import OrderBook
from agent.orders import PICKING, PURCHASE, SALE
from tests.agent.company import snapshot
from tools.records import RecordsError
from tools.snapshot import SnapshotReader

FOLLOWED = (PURCHASE, f"{PURCHASE}.line", SALE, f"{SALE}.line", PICKING, "stock.move", "account.move")


class Counting(SnapshotReader):
    """A reader that counts how often whole models are searched."""

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__(data)
        self.searches = 0

    def search_read(self, *asked: Any, **more: Any) -> list[dict[str, Any]]:
        self.searches += 1
        return super().search_read(*asked, **more)


class Followed(Counting):
    """A reader that can tell what changed since another state of the records."""

    def __init__(self, data: dict[str, Any], before: dict[str, Any]) -> None:
        super().__init__(data)
        self.before, self.after = before, data

    def changes_since(self, version: str) -> Mapping[str, Collection[int]] | None:
        if version != SnapshotReader(self.before).version():
            return None
        changed = {}
        for model in FOLLOWED:
            was, now = ({r["id"]: r for r in data[model]} for data in (self.before, self.after))
            changed[model] = {i for i in was.keys() | now.keys() if was.get(i) != now.get(i)}
        return changed


def contents(store: OrderStore) -> dict[str, Any]:
    tables = (
        "orders",
        "lines",
        "order_pickings",
        "pickings",
        "moves",
        "move_steps",
        "invoices",
        "numbers",
        "open_products",
    )
    return {table: sorted(store.rows(f"SELECT * FROM {table}"), key=repr) for table in tables}


@st.composite
def later(draw: st.DrawFn) -> dict[str, Any]:
    """The company some time later: records gone, lines moved to other orders or received, names and links changed."""
    data = snapshot()
    for model in draw(st.lists(st.sampled_from(FOLLOWED), max_size=5)):
        rows = data[model]
        if not rows:
            continue
        row = draw(st.sampled_from(rows))
        if draw(st.booleans()):
            rows.remove(row)
            continue
        values = {
            "name": draw(st.sampled_from(["P00041", "PO/7", "", "S00058"])),
            "state": draw(st.sampled_from(["cancel", "done", "purchase", "sale", "assigned"])),
            "order_id": [draw(st.sampled_from([41, 42, 57])), "x"],
            "product_qty": draw(st.sampled_from([0.0, 40.0])),
            "qty_received": draw(st.sampled_from([0.0, 40.0])),
            "picking_ids": draw(st.lists(st.integers(1, 7), max_size=2)),
            "move_dest_ids": draw(st.lists(st.integers(1, 9), max_size=2)),
            "partner_id": [draw(st.sampled_from([10, 11, 12])), "x"],
        }
        for name in draw(st.lists(st.sampled_from(sorted(values)), max_size=4)):
            row[name] = values[name]
        if draw(st.booleans()):
            rows.append({**row, "id": 5000 + len(rows)})
    return data


@given(later())
@settings(max_examples=80, deadline=None)
def test_following_changes_gives_what_reading_everything_gives(data):
    store = OrderStore()
    store.follow(SnapshotReader(snapshot()))
    store.follow(Followed(data, snapshot()))
    anew = OrderStore()
    anew.follow(SnapshotReader(data))
    assert contents(store) == contents(anew)


def test_following_reads_what_changed_alone():
    data = snapshot()
    data[f"{PURCHASE}.line"][0]["qty_received"] = 40.0
    store = OrderStore()
    store.follow(SnapshotReader(snapshot()))
    reader = Followed(data, snapshot())
    assert store.follow(reader) == [f"{PURCHASE}.line"]
    assert reader.searches == 0
    assert store.version == reader.version()


def test_a_line_more_opens_an_order_again():
    data = snapshot()
    closed = next(row for row in data[f"{PURCHASE}.line"] if row["order_id"][0] == 43)
    data[f"{PURCHASE}.line"].append({**closed, "id": 777, "qty_received": 0.0})
    book = OrderBook(SnapshotReader(snapshot()))
    assert [o.id for o in book.open_orders_of_product(4, 9)] == []
    book.follow(Followed(data, snapshot()))
    assert [o.id for o in book.open_orders_of_product(4, 9)] == [43]
    assert 43 in {o.id for o in book.orders_of_partner(10, is_open=True, most=9)}


def test_a_reader_that_cannot_tell_what_changed_is_read_in_whole():
    store = OrderStore()
    assert store.follow(Followed(snapshot(), snapshot(purchase_order=[]))) is None
    assert store.follow(Followed(snapshot(purchase_order=[]), snapshot(sale_order=[]))) is None
    assert store.rows("SELECT DISTINCT model FROM orders") == [(1,)]


def test_a_store_on_disk_is_used_again_while_the_records_are_the_same(tmp_path):
    path = tmp_path / "kept" / "orders.sqlite"
    OrderStore(path).follow(SnapshotReader(snapshot()))
    reader = Counting(snapshot())
    again = OrderStore(path)
    assert again.follow(reader) == []
    assert reader.searches == 0
    assert len(again.rows("SELECT id FROM orders")) == 7


@pytest.mark.parametrize("spoiled", ["garbage", "other format", "cut short"])
def test_a_file_that_cannot_be_used_is_made_again(tmp_path, spoiled):
    path = tmp_path / "orders.sqlite"
    store = OrderStore(path)
    store.follow(SnapshotReader(snapshot()))
    if spoiled == "other format":
        store._connection.execute("UPDATE state SET value = '0' WHERE name = 'format'")
    else:
        path.write_bytes(b"not a database" * 400 if spoiled == "garbage" else path.read_bytes()[:3000])
    again = OrderStore(path)
    assert again.version is None
    again.follow(SnapshotReader(snapshot()))
    assert len(again.rows("SELECT id FROM orders")) == 7
    assert [file.name for file in tmp_path.iterdir()] == ["orders.sqlite"]


def spoil(path: Path, table: str) -> None:
    """Overwrites the first page of a table, so that the file as a whole still opens."""
    with sqlite3.connect(path) as db:
        [page] = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
        [size] = db.execute("PRAGMA page_size").fetchone()
    db.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


@pytest.mark.parametrize("table", ["orders", "state"])
def test_a_file_that_is_damaged_inside_is_made_again_by_the_query_that_meets_it(tmp_path, caplog, table):
    path = tmp_path / "orders.sqlite"
    OrderStore(path).follow(SnapshotReader(snapshot()))
    spoil(path, table)
    store = OrderStore(path)
    store.follow(SnapshotReader(snapshot()))
    assert len(store.rows("SELECT * FROM orders")) == 7
    assert store.version == SnapshotReader(snapshot()).version()
    [said] = [record.getMessage() for record in caplog.records]
    assert said.startswith(f"The order store {path} is damaged (")
    assert said.endswith("it is made anew from the records.")


def test_damage_met_while_following_is_mended_by_reading_everything(tmp_path, caplog):
    path = tmp_path / "orders.sqlite"
    OrderStore(path).follow(SnapshotReader(snapshot()))
    spoil(path, "lines")
    data = snapshot()
    data[f"{PURCHASE}.line"][0]["qty_received"] = 40.0
    store, anew = OrderStore(path), OrderStore()
    assert store.follow(Followed(data, snapshot())) is None
    anew.follow(SnapshotReader(data))
    assert contents(store) == contents(anew)
    assert "is damaged" in caplog.text


class Failing(Followed):
    """Odoo goes away while it is read."""

    def search_read(self, model: str, *asked: Any, **more: Any) -> list[dict[str, Any]]:
        if model == PICKING:
            raise RecordsError("Odoo does not answer.")
        return super().search_read(model, *asked, **more)

    def read(self, *asked: Any, **more: Any) -> list[dict[str, Any]]:
        raise RecordsError("Odoo does not answer.")


@pytest.mark.parametrize("known", [True, False])
def test_when_the_records_cannot_be_read_the_store_holds_what_it_held(tmp_path: Path, known: bool):
    store = OrderStore(tmp_path / "orders.sqlite")
    store.follow(SnapshotReader(snapshot()))
    held = contents(store)
    later = snapshot(sale_order=[])
    with pytest.raises(RecordsError, match="does not answer"):
        store.follow(Failing(later, snapshot() if known else later))
    assert contents(store) == held
    assert store.version == SnapshotReader(snapshot()).version()
    assert [file.name for file in tmp_path.iterdir()] == ["orders.sqlite"]


def test_more_records_than_a_page_are_all_read(monkeypatch):
    monkeypatch.setattr("agent.order_store.PAGE", 3)
    paged, whole = OrderStore(), OrderStore()
    paged.follow(SnapshotReader(snapshot()))
    monkeypatch.setattr("agent.order_store.PAGE", 1000)
    whole.follow(SnapshotReader(snapshot()))
    assert contents(paged) == contents(whole)


def test_half_a_character_in_a_name_does_no_harm(tmp_path):
    path = tmp_path / "records.json"
    path.write_text(json.dumps(snapshot()).replace("AB 26-7781", "AB \\ud83d 26-7781"))
    book = OrderBook(SnapshotReader(path))
    assert book.orders[PURCHASE, 41].refs == ["AB ? 26-7781"]


def test_the_book_follows_partners_products_and_orders():
    data = snapshot()
    book = OrderBook(SnapshotReader(snapshot()))
    assert book.orders[PURCHASE, 41].lines[0].name == "Mooring rope 12 mm navy, 20 m"
    data["product.product"][0]["name"] = "Mooring rope, new"
    data["res.partner"][3]["parent_id"] = [12, "Vela Bianca S.r.l."]
    data["res.partner"][3]["commercial_partner_id"] = [12, "Vela Bianca S.r.l."]
    data[PURCHASE][0]["name"] = "P77777"
    book.follow(SnapshotReader(data))
    assert (book.orders[PURCHASE, 41].name, book.orders[PURCHASE, 41].lines[0].name) == ("P77777", "Mooring rope, new")
    assert book.directory.commercial(11) == 12
