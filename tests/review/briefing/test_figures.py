"""Each figure of three days, computed again from the raw rows by other code."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from review.briefing.catalogue import METRICS
from review.briefing.facts import facts
from review.briefing.making import make
from review.briefing.metric import Narrowing, figure, narrowed
from review.briefing.window import DAY, Window
from review.settings import Settings
from tests.review.briefing.conftest import END
from tests.review.briefing.raw_rows import RawRows

SAMPLE_DAYS = (
    0,
    4,
    7,
)  # before the last: what came on a Monday after a quiet weekend, a Thursday, and the Monday before


@pytest.fixture(scope="module")
def raw(filled) -> RawRows:
    return RawRows(filled.settings.data_dir / "triage.db")


@pytest.mark.parametrize("back", SAMPLE_DAYS)
def test_every_figure_of_a_day_is_what_the_raw_rows_come_to(filled, raw, back):
    window = Window(END - (back + 1) * DAY, END - back * DAY)
    with filled.database.read() as session:
        told = {
            fact.name: fact
            for fact in make(session, window.end.date(), window, Settings().time_zone).facts
            if not fact.key
        }
    expected = raw.figures(window.start, window.end)
    before = raw.figures(window.start - DAY, window.start)
    assert set(METRICS) <= set(expected)
    for name, value in expected.items():
        assert told[name].value == pytest.approx(value, abs=1e-4), name
        assert told[name].previous == pytest.approx(before[name], abs=1e-4), name
    assert told["new"].value > 5
    assert told["decided"].value > 5


def test_what_a_figure_links_to_are_as_many_rows_as_it_counts(filled):
    window = Window(END - DAY, END)
    with filled.database.read() as session:
        for fact in facts(session, window):
            rows = narrowed(METRICS[fact.name], window)
            assert session.scalar(select(func.count()).select_from(rows.subquery())) == fact.rows, fact.name


def test_the_figures_of_the_days_of_a_week_add_up(filled):
    week = Window(END - 7 * DAY, END)
    with filled.database.read() as session:
        days = [figure(session, METRICS["new"], day).value for day in week.steps(DAY)]
        assert sum(days) == figure(session, METRICS["new"], week).value


def test_narrowed_to_each_team_the_open_items_add_up(filled):
    window = Window(END - DAY, END)
    with filled.database.read() as session:
        everybody = figure(session, METRICS["open"], window).value
        teams = [
            figure(session, METRICS["open"], window, Narrowing(team=team)).value for team in ("Purchasing", "Logistics")
        ]
    assert 0 < sum(teams) < everybody


def test_no_metric_is_of_a_person():
    columns = {"who", "assignee", "claimed_by", "edited_by"}
    window = Window(END - timedelta(days=1), END)
    for metric in METRICS.values():
        assert not columns & {column.name for column in metric.rows(window).selected_columns}
    assert not columns & set(Narrowing.model_fields)
