"""What managers see: the briefing's page, the oversight page with its filters, definitions, rows and CSV, and `/metrics`."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from agent.proposal import Stakes
from api.app import create_app
from review.api_keys import Scope, add_key
from review.briefing.catalogue import METRICS
from review.decisions import approve
from review.people import add_person, place_person
from review.schema import ProposalRow
from tests.api.conftest import Browser
from tests.review.desk import OTHER, ROBIN, date_change


@pytest.fixture
def manager(app, desk) -> Browser:
    add_person(desk.database, "Mo", "manager")
    return Browser(app, "Mo")


@pytest.fixture
def worked(desk) -> str:
    """Two exceptions of one supplier, one approved; and one of a supplier whose name is markup."""
    first = desk.propose(date_change(stakes=Stakes(vendor="Acme Ltd")))
    approve(desk.database, first, version=1, who=ROBIN)
    desk.propose(date_change(stakes=Stakes(vendor="Acme Ltd")))
    desk.propose(date_change(OTHER, stakes=Stakes(vendor="<b>=SUM(1)</b>")))
    return first


def test_only_those_who_manage_see_how_the_desk_does(app, sam, manager):
    assert "/oversight" in manager.page("/desk/ready")
    assert "/oversight" not in sam.page("/desk/ready")
    for path in (
        "/briefing",
        "/briefing/now",
        "/briefing/2026-01-01",
        "/oversight",
        "/oversight.csv",
        "/oversight/definitions",
    ):
        assert sam.client.get(path).status_code == 403, path
        assert manager.client.get(path).status_code == 200, path


def test_the_briefing_says_what_is_at_risk_and_by_when(manager, worked):
    page = manager.page("/briefing/now")
    assert "Orders at risk" in page
    assert "Corner Shop" in page
    assert "1,200" in page
    assert "style=" not in page.split("<main")[1]  # the desk's content policy shows no inline style


def test_a_figure_leads_to_the_rows_that_it_counts(manager, worked):
    page = manager.page("/briefing/now")
    link = html.unescape(re.search(r'href="(/oversight/rows/new[^"]*)"', page)[1])
    rows = manager.page(link)
    assert len(set(re.findall(r'href="/proposal/([^"]+)"', rows))) == 3
    assert "<b>=SUM" not in rows


def test_the_rows_of_an_unknown_figure_or_of_no_stretch_are_refused(manager):
    assert (
        manager.client.get("/oversight/rows/nothing?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z").status_code
        == 404
    )
    assert (
        manager.client.get("/oversight/rows/new?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z").status_code == 422
    )


def test_filters_narrow_every_figure_of_items(manager, worked):
    def new(query: str) -> str:
        table = csv.DictReader(io.StringIO(manager.client.get(f"/oversight.csv?{query}").text))
        return [row["value"] for row in table if row["metric"] == "new"][-1]

    assert new("") == "3.0"
    assert new("supplier=Acme+Ltd") == "2.0"
    assert new("supplier=Acme+Ltd&lane=manual") == "0.0"


def test_a_name_in_the_csv_is_never_a_formula(manager, worked):
    text = manager.client.get("/oversight.csv", params={"supplier": "=HYPERLINK(1)"}).text
    assert "supplier='=HYPERLINK(1)" in text


def test_every_figure_of_the_page_has_its_definition_one_click_away(manager, worked):
    page, told = manager.page("/oversight?step=week"), manager.page("/oversight/definitions")
    named = set(re.findall(r'href="/oversight/definitions#(\w+)"', page))
    assert len(named) > 20
    for name in named:
        assert f'id="{name}"' in told
        assert html.escape(METRICS[name].definition) in told.replace("&#39;", "&#x27;")


def test_prometheus_reads_the_same_figures_with_a_key_for_them(app, desk, worked):
    _, wrong = add_key(desk.database, "portal", [Scope.portal], days=1)
    _, key = add_key(desk.database, "prometheus", [Scope.metrics], days=1)
    machine = Browser(app).client
    assert machine.get("/metrics").status_code == 401
    assert machine.get("/metrics", headers={"Authorization": f"Bearer {wrong}"}).status_code == 403
    answer = machine.get("/metrics", headers={"Authorization": f"Bearer {key}"})
    values = {s.name: s.value for family in text_string_to_metric_families(answer.text) for s in family.samples}
    assert (values["triage_new"], values["triage_open"], values["triage_decided"]) == (3, 2, 1)
    assert values["triage_acceptance_ratio"] == 1


def test_the_demo_shows_the_hours_up_to_now(desk):
    desk.settings.demo = True
    add_person(desk.database, "Mo", "manager")
    browser = Browser(create_app(desk.settings, database=desk.database), "Mo")
    assert browser.client.get("/briefing").url.path == "/briefing/now"


def test_a_day_to_come_has_no_briefing_yet(manager):
    answer = manager.client.get("/briefing/2126-01-01")
    assert answer.status_code == 404
    assert "is made at 07:00" in answer.text


def test_grafanas_dashboard_asks_only_for_figures_that_there_are(app):
    board = json.loads((Path(__file__).parents[2] / "docs" / "grafana" / "exception-desk.json").read_text())
    asked = {target["expr"] for panel in board["panels"] for target in panel["targets"]}
    there = {family.name for family in app.state.exposition.families()}
    assert len(asked) > 15
    assert asked <= there


def test_a_manager_of_one_team_reads_of_its_items_only(app, desk, worked):
    with desk.database.write() as session:
        session.execute(update(ProposalRow).values(team="Others", created_at=datetime.now(UTC) - timedelta(days=1)))
    add_person(desk.database, "Lee", "manager")
    place_person(desk.database, "Lee", "Robin", teams=[], owns=["Ours"], companies=[])
    desk.settings.briefing_at = time(0)
    all_, own = Browser(app, "Robin"), Browser(app, "Lee")
    assert "Corner Shop" in all_.page("/briefing")
    assert "Nothing new" not in all_.page("/briefing")
    for path in ("/briefing", "/briefing/now"):
        assert "Corner Shop" not in own.page(path)
        assert "Nothing new" in own.page(path)
    assert "Others" not in own.page("/oversight")
