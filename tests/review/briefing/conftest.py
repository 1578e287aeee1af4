"""A desk with seven weeks of made-up rows, shared by the tests that only read it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from benchmarks.briefing_rows import fill
from review.briefing.content import Briefing
from review.briefing.making import make
from review.briefing.window import DAY, Window
from review.settings import Settings
from tests.review.desk import Desk

END = datetime(2026, 11, 24, 6, tzinfo=UTC)  # a Tuesday


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    desk = Desk(tmp_path_factory.mktemp("briefing") / "data")
    fill(desk.database, END, days=50, a_day=60)
    yield desk
    desk.database.close()


@pytest.fixture(scope="session")
def of_today(filled: Desk) -> Briefing:
    with filled.database.read() as session:
        return make(session, END.date(), Window(END - DAY, END), Settings().time_zone)
