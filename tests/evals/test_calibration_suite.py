"""The calibration company: rebuilt from its sources, near to daily work, with labels that name real records."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from typing import Any

import yaml

from agent.taxonomy import INTENTS_WITHOUT_RECORD, taxonomy
from evals.demo_company import SUITES, snapshot
from evals.demo_messages import wrapped
from evals.labelled import load_labelled

SUITE = SUITES / "calibration"
DEMO = SUITES / "demo"
LANGUAGES = {"en", "de", "fr", "es", "it", "nl", "pl"}


@cache
def rows() -> dict[str, dict[int, dict[str, Any]]]:
    records = json.loads((SUITE / "records.json").read_text("utf-8"))
    return {model: {r["id"]: r for r in found} for model, found in records.items() if model != "_meta"}


@cache
def cases() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SUITE / "cases.jsonl").read_text("utf-8").splitlines()]


def exceptions() -> list[dict[str, Any]]:
    return [e for case in cases() for e in case["expected"]["exceptions"]]


def test_the_set_is_rebuilt_from_its_sources() -> None:
    """Records byte for byte; labels too; every raw file that cases name is there, and no other."""
    assert snapshot(SUITE) == (SUITE / "records.json").read_text("utf-8")
    raw, labels = wrapped(SUITE)
    assert labels == (SUITE / "cases.jsonl").read_text("utf-8")
    assert {f"raw/{p.name}" for p in (SUITE / "raw").iterdir()} == set(raw) == {c["raw"] for c in cases()}


def test_the_product_reads_it_as_a_labelled_set() -> None:
    assert len(load_labelled(SUITE).cases) == len(cases()) >= 90


def test_ids_are_new() -> None:
    ids = [case["id"] for case in cases()]
    assert len(set(ids)) == len(ids)


def test_intents_come_as_often_as_in_daily_work() -> None:
    """Every intent twice at least; later dates are the most frequent matter, about one in four or five."""
    counts = Counter(e["intent"] for e in exceptions())
    assert set(counts) == set(taxonomy().intents)
    assert min(counts.values()) >= 2
    assert counts.most_common(1)[0][0] == "delivery_date_change"
    assert 0.15 < counts["delivery_date_change"] / len(exceptions()) < 0.3


def test_languages_and_channels_are_mixed() -> None:
    """A third or so English, the other six evenly; mail above all."""
    languages = Counter(c["tags"]["language"] for c in cases())
    assert set(languages) == LANGUAGES
    assert 0.3 < languages["en"] / len(cases()) < 0.4
    assert min(languages.values()) >= 9
    channels = Counter(c["channel"] for c in cases())
    assert channels["email"] >= 70
    assert min(channels["portal"], channels["carrier"]) >= 10


def test_labels_name_records_and_lines_that_exist() -> None:
    for e in exceptions():
        record, lines = e["record"], e["fields"].get("lines", [])
        assert e["actions"]
        if record is None:
            assert not lines
            continue
        assert e["intent"] not in INTENTS_WITHOUT_RECORD
        found = rows()[record["model"]][record["id"]]
        assert found["name"] == record["name"]
        model, order = record["model"], record["id"]
        if model == "stock.picking":
            model = "purchase.order" if found["purchase_id"] else "sale.order"
            order = (found["purchase_id"] or found["sale_id"])[0]
        for stated in lines:
            line = rows()[f"{model}.line"][stated["line_id"]]
            assert line["order_id"][0] == order
            assert line["product_id"][1].startswith(f"[{stated['product']}]")


def test_customers_are_told_exactly_where_a_promise_breaks() -> None:
    """A stated date differs from the held one; one later than a linked sales order's promise needs notify_customer."""
    moves = rows()["stock.move"]
    for e in exceptions():
        if e["intent"] != "delivery_date_change":
            continue
        late = False
        for stated in e["fields"]["lines"]:
            line = rows()["purchase.order.line"][stated["line_id"]]
            assert stated["date"] != line["date_planned"][:10]
            for after in (a for m in line["move_ids"] for a in moves[m]["move_dest_ids"]):
                sale_line = rows()["sale.order.line"][moves[after]["sale_line_id"][0]]
                promise = rows()["sale.order"][sale_line["order_id"][0]]["commitment_date"][:10]
                late = late or (stated["date"] or "") > promise
        assert late == ("notify_customer" in e["actions"]), e["record"]


def test_tracking_numbers_are_those_of_the_labelled_shipment() -> None:
    for case in cases():
        if case["channel"] == "carrier" and not case["expected"]["manual"]:
            (e,) = case["expected"]["exceptions"]
            assert e["fields"]["tracking"] == rows()["stock.picking"][e["record"]["id"]]["carrier_tracking_ref"]
            assert e["fields"]["tracking"] in (SUITE / case["raw"]).read_text("utf-8")


def test_portal_posts_stand_on_the_labelled_document() -> None:
    for case in cases():
        if case["channel"] == "portal":
            post = json.loads((SUITE / case["raw"]).read_bytes())
            assert post["res_id"] in rows()[post["model"]]
            for e in case["expected"]["exceptions"]:
                assert e["record"] in (None, {**(e["record"] or {}), "model": post["model"], "id": post["res_id"]})


def test_it_shares_no_firm_product_or_number_with_the_demo_company() -> None:
    """What calibrates must be strange to what everything else was made with; and all addresses are invented."""
    own, demo = (yaml.safe_load((s / "company.yaml").read_text("utf-8")) for s in (SUITE, DEMO))
    for kind in ("suppliers", "customers", "products", "users"):
        assert not set(own[kind]) & set(demo[kind])
    names = [
        {o["name"] for o in json.loads((s / "records.json").read_text("utf-8"))["sale.order"]} for s in (SUITE, DEMO)
    ]
    assert not names[0] & names[1]
    texts = [SUITE / "company.yaml", *sorted((SUITE / "messages").glob("*.yaml"))]
    domains = re.findall(r"[\w.+-]+@([\w.-]+\w)", "".join(t.read_text("utf-8") for t in texts))
    assert domains
    assert all(domain.endswith(".example") for domain in domains)
