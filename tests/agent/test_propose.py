"""The policy turns findings into actions of the closed catalogue; arguments come from fields and changes alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from agent.proposal import Change, Fields, LineFields
from agent.propose import POLICY_PATH, Facts, Policy, load_policy, propose
from agent.taxonomy import taxonomy

POLICY = load_policy()


def stored() -> dict:
    return yaml.safe_load(POLICY_PATH.read_text(encoding="utf-8"))


def names(intent: str, **facts: object) -> list[str]:
    return [a.name for a in propose(intent, Fields(), [], Facts(**facts), POLICY)]


@pytest.mark.parametrize("intent", sorted(taxonomy().intents))
def test_every_intent_leads_to_actions_of_the_catalogue(intent):
    found = names(intent)
    assert found
    assert set(found) <= set(taxonomy().actions)


@pytest.mark.parametrize(
    ("intent", "facts", "actions"),
    [
        ("order_confirmation", {}, ["confirm_order"]),
        ("delivery_date_change", {}, ["update_delivery_date"]),
        ("delivery_date_change", {"date_unknown": True, "customers_late": True}, ["reply_to_sender"]),
        ("delivery_date_change", {"customers_late": True}, ["update_delivery_date", "notify_customer"]),
        ("partial_shipment", {"customers_late": True}, ["split_delivery", "notify_customer"]),
        ("price_change", {"record_known": True}, ["update_price"]),
        ("price_change", {"record_known": False}, ["escalate"]),
        ("item_unavailable", {"substitute_offered": True, "other_supplier": True}, ["replace_product"]),
        ("item_unavailable", {"other_supplier": True}, ["find_alternative_supplier"]),
        ("item_unavailable", {}, ["cancel_purchase_lines"]),
        ("delivery_failed", {"reason": "wrong address"}, ["correct_address"]),
        ("delivery_failed", {"reason": "nobody there"}, ["reschedule_delivery"]),
        ("transit_delay", {"direction": "incoming"}, ["update_delivery_date"]),
        ("transit_delay", {"direction": "outgoing"}, ["notify_customer"]),
        ("goods_damaged", {"replacement_wanted": True}, ["reship"]),
        ("goods_damaged", {}, ["file_carrier_claim"]),
        ("unclear", {"suspected_fraud": True}, ["escalate"]),
        ("unclear", {}, ["manual_triage"]),
    ],
)
def test_what_follows_from_what(intent, facts, actions):
    assert names(intent, **facts) == actions


def test_an_action_names_its_rule_and_who_may_approve_it():
    [action] = propose("price_change", Fields(), [], Facts(record_known=True), POLICY)
    assert (action.rule, action.approval) == ("price", "purchasing")
    [action] = propose("order_confirmation", Fields(), [], Facts(), POLICY)
    assert action.approval == "reviewer"


def test_an_escalation_says_to_whom():
    [action] = propose("unclear", Fields(), [], Facts(suspected_fraud=True), POLICY)
    assert action.arguments == {"to": "security"}


def test_arguments_of_lines_are_the_changes_of_that_field_alone():
    changes = [
        Change(line_id=1, product="rope", field="date", held="2026-05-20", stated="2026-06-03"),
        Change(line_id=1, product="rope", field="qty", held=40.0, stated=30.0),
        Change(line_id=2, product="fender", field="date", held="2026-05-20", stated=None),
    ]
    [action] = propose("delivery_date_change", Fields(), changes, Facts(), POLICY)
    assert action.arguments == {"lines": [{"line_id": 1, "date": "2026-06-03"}, {"line_id": 2, "date": None}]}
    [action] = propose("quantity_change", Fields(), changes, Facts(), POLICY)
    assert action.arguments == {"lines": [{"line_id": 1, "qty": 30.0}]}
    [action] = propose("order_change", Fields(), changes, Facts(), POLICY)
    assert [set(line) for line in action.arguments["lines"]] == [
        {"line_id", "date"},
        {"line_id", "qty"},
        {"line_id", "date"},
    ]


@pytest.mark.parametrize(
    ("intent", "fields", "arguments"),
    [
        ("shipment_notice", Fields(tracking="GD1", carrier="GLS", invoice="R1"), {"tracking": "GD1", "carrier": "GLS"}),
        ("shipment_notice", Fields(carrier="GLS"), {"carrier": "GLS"}),
        (
            "address_change",
            Fields(address="Kaj 4, 7000 Fredericia", reason="moved"),
            {"address": "Kaj 4, 7000 Fredericia"},
        ),
        ("address_change", Fields(), {}),
        ("billing_query", Fields(invoice="INV/1", tracking="GD1"), {"invoice": "INV/1"}),
        ("order_confirmation", Fields(supplier_ref="AB 1", lines=[LineFields(line_id=1, qty=3)]), {}),
    ],
)
def test_arguments_of_the_message_are_the_fields_that_the_action_needs(intent, fields, arguments):
    [action] = propose(intent, fields, [], Facts(), POLICY)
    assert action.arguments == arguments


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"intent": "world_peace"}, "world_peace"),
        ({"actions": ["pay_invoice"]}, "pay_invoice"),
        ({"when": {"full_moon": True}}, "full_moon"),
    ],
)
def test_words_outside_of_the_catalogue_are_refused_by_name(change, named):
    content = stored()
    content["rules"].insert(0, {"id": "odd-rule", "intent": "unclear", "actions": ["escalate"]} | change)
    with pytest.raises(ValueError, match=f"odd-rule.*{named}"):
        Policy(**content)


def test_a_policy_must_answer_every_intent_without_a_condition():
    content = stored()
    content["rules"] = [r for r in content["rules"] if r["id"] != "complaint"]
    with pytest.raises(ValueError, match="complaint"):
        Policy(**content)


def test_a_file_is_loaded_with_a_digest_of_its_content(tmp_path: Path):
    path = tmp_path / "policy.yaml"
    path.write_bytes(POLICY_PATH.read_bytes())
    assert load_policy(path) == POLICY
    other = tmp_path / "other.yaml"
    other.write_bytes(POLICY_PATH.read_bytes() + b"\n# a word more\n")
    assert load_policy(other).digest != POLICY.digest


def test_rule_names_are_unique_and_no_rule_is_out_of_reach():
    ids = [rule.id for rule in POLICY.rules]
    assert len(ids) == len(set(ids))
    answered: set[str] = set()
    for rule in POLICY.rules:
        assert rule.intent not in answered, f"{rule.id} stands after an unconditional rule"
        if not rule.when:
            answered.add(rule.intent)


def test_only_actions_of_the_catalogue_are_given_an_approver():
    assert set(POLICY.approval) <= set(taxonomy().actions)
