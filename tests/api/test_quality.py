"""The page on how surely the desk decides."""

from __future__ import annotations

from agent.proposal import Lane
from review.decisions import approve
from tests.review.desk import ROBIN, SAM, date_change


def test_managers_see_it_and_nobody_is_named(desk, robin, sam):
    """Others do not; with too few, it says so."""
    assert sam.client.get("/quality").status_code == 403
    assert "Nothing yet" in robin.page("/quality")
    for who in (ROBIN, SAM):
        for n in range(2):
            mine = date_change(record=None, lane=Lane.check, intent="complaint")
            approve(desk.database, desk.propose(mine, sender=f"{who.name}{n}@x.example"), version=1, who=who)
    page = robin.page("/quality")
    main = page[page.index("<main") :].partition("</main>")[0]
    assert "2 of 2 came within 2 s" in " ".join(main.split())
    assert "too few to tell" in main
    assert "Sam" not in main
    assert robin.client.get("/api/quality", params={"days": 7}).json()["together"]["quick"] == 2
