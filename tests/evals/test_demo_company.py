"""The demo company keeps its promises: enough orders, every intent and language, labels that name real records."""

from __future__ import annotations

import email.policy
import json
import re
from collections import Counter
from datetime import UTC
from email.parser import BytesParser
from functools import cache
from typing import Any

import pytest
import yaml

from agent.taxonomy import INTENTS_WITHOUT_RECORD, taxonomy
from evals.demo_company import SUITE, snapshot
from evals.demo_messages import wrapped

LANGUAGES = {"en", "de", "fr", "es", "it", "nl", "pl"}
PROVIDERS = {"easypost", "aftership", "karrio", "shipengine", "edi214", "generic"}


@cache
def records() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SUITE / "records.json").read_text("utf-8"))
    return loaded


@cache
def cases() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SUITE / "cases.jsonl").read_text("utf-8").splitlines()]


def exceptions() -> list[dict[str, Any]]:
    return [e for case in cases() for e in case["expected"]["exceptions"]]


def row(model: str, record_id: int) -> dict[str, Any]:
    return next(r for r in records()[model] if r["id"] == record_id)


def mails() -> list[tuple[dict[str, Any], Any]]:
    parser = BytesParser(policy=email.policy.default)
    return [(c, parser.parsebytes((SUITE / c["raw"]).read_bytes())) for c in cases() if c["channel"] == "email"]


# -- the company ------------------------------------------------------------------------------------------------------


def test_the_script_reproduces_the_records_byte_for_byte() -> None:
    """A clone rebuilds exactly what is committed."""
    assert (SUITE / "records.json").read_text("utf-8") == snapshot()


def test_the_company_is_large_enough() -> None:
    """Sixty purchase orders, eighty sales orders, twenty suppliers and twenty-five customers, with contacts."""
    partners = [p for p in records()["res.partner"] if p["is_company"]]
    assert len(records()["purchase.order"]) >= 60
    assert len(records()["sale.order"]) >= 80
    assert sum(p["supplier_rank"] > 0 for p in partners) >= 20
    assert sum(p["customer_rank"] > 0 for p in partners) >= 25
    assert len({p["country_id"][0] for p in partners}) >= 10
    people = {p["parent_id"][0] for p in records()["res.partner"] if p["parent_id"]}
    assert {p["id"] for p in partners if p["id"] != 1} <= people


def test_goods_are_on_their_way_in_every_stage() -> None:
    """Partial receipts, backorders, tracking numbers, packs and made-to-order links are all there."""
    pickings, lines = records()["stock.picking"], records()["purchase.order.line"]
    assert {"pending", "partial", "full"} <= {o["receipt_status"] for o in records()["purchase.order"]}
    assert {"pending", "partial", "full"} <= {o["delivery_status"] for o in records()["sale.order"]}
    assert {"incoming", "outgoing"} == {p["picking_type_code"] for p in pickings if p["backorder_id"]}
    assert {"incoming", "outgoing"} == {p["picking_type_code"] for p in pickings if p["carrier_tracking_ref"]}
    assert len({line["product_uom"][1] for line in lines}) >= 6
    assert any(len(order["order_line"]) > 2 for order in records()["purchase.order"])
    assert sum(bool(m["move_dest_ids"]) for m in records()["stock.move"]) >= 10
    assert {"in_invoice", "out_invoice"} == {m["move_type"] for m in records()["account.move"]}


def test_links_between_rows_lead_somewhere() -> None:
    """Every many2one and x2many of the order documents points to a row of the snapshot, and moves are linked both ways."""
    ids = {model: {r["id"] for r in rows} for model, rows in records().items() if model != "_meta"}
    for order in records()["purchase.order"]:
        assert set(order["order_line"]) <= ids["purchase.order.line"]
        assert set(order["picking_ids"]) <= ids["stock.picking"]
    for move in records()["stock.move"]:
        for before in move["move_orig_ids"]:
            assert move["id"] in row("stock.move", before)["move_dest_ids"]
        for after in move["move_dest_ids"]:
            assert move["id"] in row("stock.move", after)["move_orig_ids"]
        if move["picking_id"]:
            assert move["id"] in row("stock.picking", move["picking_id"][0])["move_ids"]
    for product in records()["product.product"]:
        assert product["qty_available"] >= 0
        assert product["virtual_available"] == pytest.approx(
            product["qty_available"] + product["incoming_qty"] - product["outgoing_qty"]
        )


def test_people_and_firms_are_invented() -> None:
    """Every address ends in .example, so that no mail can ever reach a real person."""
    text = "".join(f.read_text("utf-8") for f in [SUITE / "company.yaml", *sorted((SUITE / "messages").glob("*.yaml"))])
    domains = re.findall(r"[\w.+-]+@([\w.-]+\w)", text)
    assert domains
    assert all(d.endswith(".example") for d in domains)


# -- the messages -----------------------------------------------------------------------------------------------------


def test_wrapping_the_texts_reproduces_raw_files_and_labels() -> None:
    """Mail and portal files do not depend on the moment or machine; attachments are compared by being there."""
    raw, labels = wrapped()
    assert labels == (SUITE / "cases.jsonl").read_text("utf-8")
    assert {f"raw/{p.name}" for p in (SUITE / "raw").iterdir()} == set(raw)
    plain = {name: data for name, data in raw.items() if b"Content-Disposition: attachment" not in data}
    assert {name: (SUITE / name).read_bytes() for name in plain} == plain


def test_every_case_has_its_raw_file_and_a_new_id() -> None:
    """No case is missing, and none is told twice."""
    assert len(cases()) >= 70
    assert len({c["id"] for c in cases()}) == len(cases())
    assert {c["raw"] for c in cases()} == {f"raw/{p.name}" for p in (SUITE / "raw").iterdir()}
    assert {c["channel"] for c in cases()} == {"email", "portal", "carrier"}


def test_every_intent_comes_at_least_twice() -> None:
    """The taxonomy is covered, and nothing outside of it is labelled."""
    counts = Counter(e["intent"] for e in exceptions())
    assert set(counts) == set(taxonomy().intents)
    assert min(counts.values()) >= 2


def test_seven_languages_and_more_than_half_not_english() -> None:
    counts = Counter(c["tags"]["language"] for c in cases())
    assert set(counts) == LANGUAGES
    assert min(counts.values()) >= 5
    assert counts["en"] <= len(cases()) / 2


def test_every_provider_and_kind_of_attachment_is_there() -> None:
    """Carrier events in each provider's own shape; PDF, XLSX and DOCX that hold tables."""
    carriers = [json.loads((SUITE / c["raw"]).read_bytes()) for c in cases() if c["channel"] == "carrier"]
    assert {c["provider"] for c in carriers} == PROVIDERS
    names = {
        p.get_filename().rpartition(".")[2] for _, mail in mails() for p in mail.iter_attachments() if p.get_filename()
    }
    assert {"pdf", "xlsx", "docx"} <= names


def test_mails_are_well_formed() -> None:
    """Message-ID and Date on each, replies refer to a mail of the set, dates agree with the case."""
    ids = {mail["Message-ID"] for _, mail in mails()}
    assert len(ids) == len(mails())
    for case, mail in mails():
        sent = mail["Date"].datetime.astimezone(UTC)
        assert f"{sent:%Y-%m-%dT%H:%M:%SZ}" == case["received_at"]
        if mail["References"]:
            assert mail["References"] in ids
            assert mail["In-Reply-To"] == mail["References"]


def test_hard_mail_is_in_the_set() -> None:
    """A correction in its thread, auto-replies, a bounce, a newsletter, phishing and injections in several places."""
    attacks = {c["tags"]["attack"] for c in cases()}
    noise = {n for c in cases() for n in c["tags"]["noise"]}
    assert {"phishing_bank_change", "injection_hidden_html", "injection_attachment", "injection_quoted"} <= attacks
    assert sum(a is not None and a.startswith("injection") for a in attacks) >= 6
    assert {
        "supersedes",
        "ambiguous_orders",
        "mistyped_order_number",
        "date_unknown",
        "week_date",
        "percentage",
    } <= noise
    assert {"quoted_old_order", "rest_as_agreed", "forwarded", "dsn", "newsletter_from_supplier"} <= noise
    spoofed = [m for c, m in mails() if "dmarc=fail" in (m["Authentication-Results"] or "")]
    assert len(spoofed) >= 2
    assert sum(len(c["expected"]["exceptions"]) > 1 for c in cases()) >= 5


# -- the labels -------------------------------------------------------------------------------------------------------


def test_labels_name_records_and_lines_that_exist() -> None:
    """Ids, names and line products agree with records.json."""
    for e in exceptions():
        record = e["record"]
        if record is None:
            assert not e["fields"].get("lines")
            continue
        found = row(record["model"], record["id"])
        assert found["name"] == record["name"]
        model, order = record["model"], record["id"]
        if model == "stock.picking":
            model = "purchase.order" if found["purchase_id"] else "sale.order"
            order = (found["purchase_id"] or found["sale_id"])[0]
        for stated in e["fields"].get("lines", []):
            line = row(f"{model}.line", stated["line_id"])
            assert line["order_id"][0] == order
            assert line["product_id"][1].startswith(f"[{stated['product']}]")


def test_labels_carry_only_what_the_taxonomy_lists() -> None:
    """Fields per intent, actions from the catalogue, and no record for talk without business content."""
    for e in exceptions():
        allowed = taxonomy().intents[e["intent"]].fields
        assert {key for key in e["fields"] if key != "lines"} <= set(allowed)
        for stated in e["fields"].get("lines", []):
            kinds = set(stated) - {"line_id", "product", "date_unknown"}
            assert {f"lines.{kind}" for kind in kinds} <= set(allowed)
        sets = [e["actions"], e["acceptable_actions"], *e.get("alternatives", [])]
        assert {a for s in sets for a in s} <= set(taxonomy().actions)
        assert e["actions"]
        assert e["intent"] not in INTENTS_WITHOUT_RECORD or e["record"] is None


def test_customers_are_told_exactly_where_a_promise_breaks() -> None:
    """A new date later than the promise of a linked sales order calls for notify_customer; otherwise it is optional."""
    for e in exceptions():
        if e["intent"] != "delivery_date_change":
            continue
        broken = False
        for stated in e["fields"]["lines"]:
            line = row("purchase.order.line", stated["line_id"])
            assert stated["date"] != line["date_planned"][:10], "a label states a change"
            for move_id in line["move_ids"]:
                for after in row("stock.move", move_id)["move_dest_ids"]:
                    sale_line = row("sale.order.line", row("stock.move", after)["sale_line_id"][0])
                    promise = row("sale.order", sale_line["order_id"][0])["commitment_date"][:10]
                    broken = broken or (stated["date"] or "") > promise
        assert broken == ("notify_customer" in e["actions"]), e["record"]


def test_numbers_in_carrier_events_belong_to_the_labelled_delivery() -> None:
    """A tracking number or delivery number that the payload names is that of the record."""
    for case in cases():
        if case["channel"] != "carrier" or case["expected"]["manual"]:
            continue
        (e,) = case["expected"]["exceptions"]
        text = (SUITE / case["raw"]).read_text("utf-8")
        picking = row("stock.picking", e["record"]["id"])
        assert e["fields"]["tracking"] == picking["carrier_tracking_ref"]
        assert e["fields"]["tracking"] in text
        assert set(re.findall(r"KWK/(?:IN|OUT)/\d{5}", text)) <= {picking["name"]}


def test_the_manifest_describes_the_set() -> None:
    manifest = yaml.safe_load((SUITE / "manifest.yaml").read_text("utf-8"))
    assert manifest["name"] == "demo"
    assert (SUITE / manifest["records"]).exists()
    assert (SUITE / manifest["cases"]).exists()
