"""Views under a name."""

from __future__ import annotations

import pytest

from review.queue import Filters, View
from review.saved_views import TooManyViews, remove, save, saved
from tests.review.desk import ROBIN, SAM


def names(desk, who) -> list[str]:
    with desk.database.read() as session:
        return [row.name for row in saved(session, who)]


def test_views_are_ones_own_unless_they_are_shared(desk):
    """A second one of the same name takes the first one's place; only the owner removes it."""
    mine = {"who": ROBIN, "view": View.check, "filters": Filters(intent="price_change")}
    kept = save(desk.database, name="prices", shared=False, **mine)
    shared = save(desk.database, name="late", shared=True, **mine | {"filters": Filters(overdue=True)})
    assert (names(desk, ROBIN), names(desk, SAM)) == (["late", "prices"], ["late"])
    assert shared.filters == {"overdue": True}
    again = save(desk.database, name="prices", shared=False, **mine | {"view": View.ready})
    assert (again.id, again.view) == (kept.id, "ready")
    remove(desk.database, shared.id, who=SAM)
    assert names(desk, SAM) == ["late"]
    remove(desk.database, shared.id, who=ROBIN)
    assert names(desk, SAM) == []


def test_a_person_keeps_so_many(desk, monkeypatch):
    """One of a known name still takes its own place."""
    monkeypatch.setattr("review.saved_views.MOST", 2)
    for name in ("a", "b", "a"):
        save(desk.database, who=ROBIN, name=name, view=View.ready, filters=Filters(), shared=False)
    with pytest.raises(TooManyViews):
        save(desk.database, who=ROBIN, name="c", view=View.ready, filters=Filters(), shared=False)
