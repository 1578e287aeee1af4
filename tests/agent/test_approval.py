"""Who has to approve: limits over what is at stake, in the order that the policy writes them."""

from __future__ import annotations

import pytest
import yaml

from agent.approval import Bound, Conditions, Matter, matter_of
from agent.policy_cases import SHIPPED_CASES, differences, load_cases
from agent.proposal import Action, Change, Impact, ImpactItem, LineHeld, Proposal, RecordRef, Stakes
from agent.propose import POLICY_PATH, Policy, load_policy
from tools.operator_file import OperatorFileError


def proposal(**given: object) -> Proposal:
    values = {
        "intent": "price_change",
        "actions": [Action(name="update_price")],
        "changes": [
            Change(line_id=1, product="Rope", field="price", held=10.0, stated=11.0),
            Change(line_id=2, product="Fender", field="price", held=20.0, stated=30.0),
        ],
        "stakes": Stakes(
            currency="EUR",
            value=700.0,
            lines={1: LineHeld(qty=30, price=10), 2: LineHeld(qty=20, price=20)},
            selling_prices={1: 20.0, 2: 32.0},
            company="North",
            vendor="Tar & Sons",
            categories=["All / Deck"],
        ),
    } | given
    return Proposal(**values)


def policy(*limits: dict, groups: dict | None = None) -> Policy:
    content = yaml.safe_load(POLICY_PATH.read_text(encoding="utf-8"))
    return Policy(**content | {"limits": list(limits), "groups": groups or {}})


def test_what_is_at_stake_is_reckoned_from_the_lines_that_change():
    found = matter_of(proposal())
    assert found.value_change == pytest.approx(30 * 1 + 20 * 10)
    assert found.price_rise_percent == pytest.approx(50)
    assert found.margin_percent == pytest.approx(100 * (1 - 30 / 32))
    assert (found.value, found.company, found.vendor) == (700, "North", "Tar & Sons")
    assert found.delay_days is None


def test_an_edit_moves_what_is_at_stake():
    """The limits look at what would be approved, not at what was proposed."""
    changed = proposal()
    changed.changes[1].stated = 20.5
    assert matter_of(changed).price_rise_percent == pytest.approx(10)


def test_delays_and_customers_come_from_changes_and_impact():
    waiting = ImpactItem(
        record=RecordRef(model="sale.order", id=7, name="S7"), customer="Corner Shop", late=True, value=90
    )
    late = Change(line_id=1, product="Rope", field="date", held="2026-12-01", stated="2026-12-14")
    found = matter_of(proposal(changes=[late], impact=Impact(items=[waiting])))
    assert (found.delay_days, found.value_at_risk, found.customers) == (13, 90, {"Corner Shop"})
    assert (found.price_rise_percent, found.value_change) == (None, None)


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({"action": ["update_price", "replace_product"]}, True),
        ({"action": ["replace_product"]}, False),
        ({"price_rise_percent": {"over": 40, "under": 60}}, True),
        ({"price_rise_percent": {"over": 50.1}}, False),
        ({"delay_days": {"over": -99}}, False),  # not known
        ({"company": ["North"], "currency": ["EUR"]}, True),
        ({"company": ["South"]}, False),
        ({"vendor_in": ["risky"]}, True),
        ({"customer_in": ["risky"]}, False),
        ({"category": ["All / Deck"]}, True),
        ({"intent": ["quantity_change"]}, False),
        ({}, True),
    ],
)
def test_all_conditions_have_to_hold_and_what_is_not_known_meets_none(when, holds):
    groups = {"risky": frozenset({"Tar & Sons"})}
    assert Conditions(**when).hold(matter_of(proposal()), groups) is holds


def test_the_first_limit_that_holds_decides_beside_the_roles_of_the_actions():
    made = policy(
        {"id": "never", "when": {"value": {"over": 1e9}}, "people": 3},
        {"id": "dear", "when": {"price_rise_percent": {"over": 20}}, "roles": ["board"], "people": 2},
        {"id": "all", "when": {}},
    )
    dear = made.route(matter_of(proposal()))
    assert (dear.rule, dear.roles, dear.people) == ("dear", ("board", "purchasing"), 2)
    assert made.route(Matter()).rule == "all"
    assert policy().route(Matter(actions={"confirm_order"})) == ("by action", (), 1, None)
    assert "board" in made.roles()


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ({"id": "x", "when": {"action": ["pay_invoice"]}}, "unknown action 'pay_invoice'"),
        ({"id": "x", "when": {"intent": ["peace"]}}, "unknown intent 'peace'"),
        ({"id": "x", "when": {"vendor_in": ["friends"]}}, "no group 'friends'"),
        ({"id": "x", "when": {"full_moon": True}}, "full_moon"),
        ({"id": "x", "when": {"value": {}}}, "`over`, `under` or both"),
        ({"id": "price"}, "'price' stands there twice"),
        ({"id": "x", "people": 0}, "people"),
    ],
)
def test_a_limit_that_cannot_be_meant_is_refused_by_name(limit, said):
    with pytest.raises(ValueError, match=said.replace("|", r"\|")):
        policy(limit)


def test_an_error_in_the_file_names_its_line(tmp_path):
    path = tmp_path / "policy.yaml"
    text = POLICY_PATH.read_text(encoding="utf-8").replace("people: 2", "peopel: 2", 1)
    path.write_text(text)
    line = next(n for n, row in enumerate(text.splitlines(), start=1) if "peopel" in row)
    with pytest.raises(OperatorFileError, match=f"line {line}: limits.0.peopel: no such field"):
        load_policy(path)


def test_the_policy_that_ships_answers_its_cases_and_another_does_not():
    cases = load_cases(SHIPPED_CASES)
    assert differences(load_policy(), cases) == []
    wrong = differences(policy(), cases)
    assert {d.field for d in wrong} == {"rule", "people", "escalates_to"}


def test_a_bound_excludes_its_own_value():
    assert not Bound(over=10).holds(10)
    assert not Bound(under=10).holds(10)
    assert Bound(over=9, under=11).holds(10)
