"""Every labelled suite: rebuilt from its sources, in the vocabulary of the taxonomy, with labels that name real records."""

from __future__ import annotations

import json
import re
from datetime import date
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.taxonomy import INTENTS_WITHOUT_RECORD, taxonomy
from evals.demo_company import SUITES, snapshot
from evals.demo_messages import wrapped
from evals.labelled import load_labelled

ALL = sorted(path.parent for path in SUITES.glob("*/cases.jsonl"))
# What a line may state by the taxonomy's `lines.…`, and what names the line itself.
LINE_NAMES = {"line_id", "product"}
# Intents that name their lines although nothing of a line is theirs to state.
NAMES_LINES_ONLY = {"order_cancellation", "item_unavailable", "delivery_discrepancy"}

every_suite = pytest.mark.parametrize("suite", ALL, ids=lambda suite: suite.name)
Exception_ = dict[str, Any]


@cache
def rows(suite: Path) -> dict[str, dict[int, dict[str, Any]]]:
    records = json.loads((suite / "records.json").read_text("utf-8"))
    return {model: {r["id"]: r for r in found} for model, found in records.items() if model != "_meta"}


@cache
def cases(suite: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (suite / "cases.jsonl").read_text("utf-8").splitlines()]


@cache
def told(suite: Path) -> dict[str, Any]:
    company: dict[str, Any] = yaml.safe_load((suite / "company.yaml").read_text("utf-8"))
    return company


def exceptions(suite: Path) -> list[tuple[str, Exception_]]:
    return [(case["id"], e) for case in cases(suite) for e in case["expected"]["exceptions"]]


def order_of(suite: Path, record: dict[str, Any]) -> tuple[str, int]:
    """The order of a labelled record: itself, or the one that a receipt or delivery belongs to."""
    if record["model"] != "stock.picking":
        return record["model"], record["id"]
    picking = rows(suite)["stock.picking"][record["id"]]
    model = "purchase.order" if picking["purchase_id"] else "sale.order"
    return model, (picking["purchase_id"] or picking["sale_id"])[0]


@every_suite
def test_a_suite_is_rebuilt_from_its_sources(suite: Path) -> None:
    """Records byte for byte; labels too; every raw file that cases name is there, and no other."""
    assert snapshot(suite) == (suite / "records.json").read_text("utf-8")
    raw, labels = wrapped(suite)
    assert labels == (suite / "cases.jsonl").read_text("utf-8")
    assert {f"raw/{p.name}" for p in (suite / "raw").iterdir()} == set(raw) == {c["raw"] for c in cases(suite)}


@every_suite
def test_the_product_reads_it_as_a_labelled_set(suite: Path) -> None:
    assert len(load_labelled(suite).cases) == len(cases(suite)) == len({c["id"] for c in cases(suite)})


@every_suite
def test_labels_keep_to_the_vocabulary(suite: Path) -> None:
    """Intents, actions and fields of the taxonomy; of the fields, those of the intent alone; ISO dates, real numbers."""
    for case, e in exceptions(suite):
        intent = taxonomy().intents[e["intent"]]
        accepted = [e["actions"], e["acceptable_actions"], *e.get("alternatives", [])]
        assert e["actions"], case
        assert {a for actions in accepted for a in actions} <= set(taxonomy().actions), case
        of_lines = {f.partition(".")[2] for f in intent.fields if f.startswith("lines.")}
        own = {f for f in intent.fields if "." not in f}
        if of_lines or e["intent"] in NAMES_LINES_ONLY:
            own.add("lines")
        assert set(e["fields"]) <= own, case
        for line in e["fields"].get("lines", []):
            assert set(line) <= LINE_NAMES | of_lines | ({"date_unknown"} if "date" in of_lines else set()), case
            dates = [line.get("date"), *(split["date"] for split in line.get("splits", []))]
            assert all(day is None or date.fromisoformat(day) for day in dates), case
            assert ("date" in line and line["date"] is None) == line.get("date_unknown", False), case
            numbers = [line.get("qty", 1), line.get("price", 1), *(split["qty"] for split in line.get("splits", []))]
            assert all(number > 0 for number in numbers), case
        assert date.fromisoformat(e["fields"].get("date", "2026-01-01")), case


@every_suite
def test_labels_name_records_and_lines_that_exist(suite: Path) -> None:
    for case, e in exceptions(suite):
        record, lines = e["record"], e["fields"].get("lines", [])
        if record is None:
            assert not lines, case
            continue
        assert e["intent"] not in INTENTS_WITHOUT_RECORD, case
        assert rows(suite)[record["model"]][record["id"]]["name"] == record["name"], case
        model, order = order_of(suite, record)
        for stated in lines:
            line = rows(suite)[f"{model}.line"][stated["line_id"]]
            assert line["order_id"][0] == order, case
            assert line["product_id"][1].startswith(f"[{stated['product']}]"), case


@every_suite
def test_a_changed_value_differs_from_the_one_on_the_order(suite: Path) -> None:
    held = {"date": "date_planned", "qty": "product_qty", "price": "price_unit"}
    changes = {"delivery_date_change": "date", "quantity_change": "qty", "price_change": "price"}
    for case, e in exceptions(suite):
        if (key := changes.get(e["intent"])) and e["record"]:
            for stated in e["fields"]["lines"]:
                value = rows(suite)["purchase.order.line"][stated["line_id"]][held[key]]
                assert stated[key] != (value[:10] if key == "date" else value), case


@every_suite
def test_split_deliveries_come_to_what_is_still_open(suite: Path) -> None:
    for case, e in exceptions(suite):
        if e["intent"] == "partial_shipment":
            for stated in e["fields"]["lines"]:
                line = rows(suite)["purchase.order.line"][stated["line_id"]]
                parts = [split["qty"] for split in stated["splits"]]
                assert len(parts) > 1, case
                assert sum(parts) == line["product_qty"] - line["qty_received"], case


@every_suite
def test_customers_are_told_where_a_promise_breaks(suite: Path) -> None:
    """A new date later than a linked sales order's promise needs notify_customer, and no other does."""
    moves = rows(suite)["stock.move"]
    for case, e in exceptions(suite):
        if e["intent"] != "delivery_date_change" or e["record"] is None:
            continue
        late = False
        for stated in e["fields"]["lines"]:
            line = rows(suite)["purchase.order.line"][stated["line_id"]]
            for after in (a for m in line["move_ids"] for a in moves[m]["move_dest_ids"]):
                sale_line = rows(suite)["sale.order.line"][moves[after]["sale_line_id"][0]]
                promise = rows(suite)["sale.order"][sale_line["order_id"][0]]["commitment_date"]
                late = late or (stated["date"] or "") > promise[:10]
        assert late == ("notify_customer" in e["actions"]), case


@every_suite
def test_carriers_events_name_the_labelled_shipment(suite: Path) -> None:
    for case in cases(suite):
        if case["channel"] == "carrier" and not case["expected"]["manual"]:
            (e,) = case["expected"]["exceptions"]
            tracking = rows(suite)["stock.picking"][e["record"]["id"]]["carrier_tracking_ref"]
            assert e["fields"]["tracking"] == tracking, case["id"]
            assert tracking in (suite / case["raw"]).read_text("utf-8"), case["id"]


@every_suite
def test_portal_posts_stand_on_the_document_that_they_are_about(suite: Path) -> None:
    """A label names the document itself, a delivery of it, or none."""
    for case in cases(suite):
        if case["channel"] != "portal":
            continue
        post = json.loads((suite / case["raw"]).read_bytes())
        if post["model"] is None:
            continue
        assert post["res_id"] in rows(suite)[post["model"]], case["id"]
        for e in case["expected"]["exceptions"]:
            if e["record"]:
                assert (post["model"], post["res_id"]) == order_of(suite, e["record"]), case["id"]


@every_suite
def test_messages_come_in_the_time_of_the_records(suite: Path) -> None:
    exported = json.loads((suite / "records.json").read_text("utf-8"))["_meta"]["exported_at"]
    assert all(case["received_at"] >= exported for case in cases(suite))


@every_suite
def test_all_addresses_are_invented(suite: Path) -> None:
    texts = [suite / "company.yaml", *sorted((suite / "messages").glob("*.yaml"))]
    domains = re.findall(r"[\w.+-]+@([\w.-]+\w)", "".join(t.read_text("utf-8") for t in texts))
    assert domains
    assert all(domain.endswith(".example") for domain in domains)


@every_suite
def test_every_intent_occurs_and_later_dates_most_often(suite: Path) -> None:
    found = [e["intent"] for _, e in exceptions(suite)]
    assert set(found) == set(taxonomy().intents)
    assert max(found, key=found.count) == "delivery_date_change"


def test_suites_share_no_firm_product_user_or_order_number() -> None:
    """Each must be strange to the others, or it does not tell how the product does with a new company."""
    for one, other in combinations(ALL, 2):
        companies = [told(s) for s in (one, other)]
        for kind in ("suppliers", "customers"):
            names = [{about["name"] for about in t[kind].values()} for t in companies]
            assert not names[0] & names[1], (one.name, other.name)
        assert not set(companies[0]["products"]) & set(companies[1]["products"]), (one.name, other.name)
        users = [set(c["users"].values()) for c in companies]
        assert not users[0] & users[1], (one.name, other.name)
        for model in ("purchase.order", "sale.order"):
            numbers = [{row["name"] for row in rows(s)[model].values()} for s in (one, other)]
            assert not numbers[0] & numbers[1], (one.name, other.name)
