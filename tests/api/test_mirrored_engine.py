"""An engine over a mirror: filled at the first start, renewed when Odoo changed, at work while Odoo is away."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from agent.proposal import Proposal
from api.serving import mirrored_engine
from review.mirror import synced_at
from review.mirror_loop import MirrorLoop
from tests.agent.company import mail, snapshot
from tests.agent.live_odoo import LiveOdoo
from tools.records import RecordsError
from tools.snapshot import SnapshotReader


def proposed(engine: Any, order: str) -> Proposal:
    message = mail(f"Unfortunately {order} is delayed: ROP-12-NAV will arrive on 3 June 2026.")
    message.language = "en"
    return engine.triage(message).proposals[0]


def test_the_engine_follows_odoo_and_works_on_without_it(desk):
    """Orders and index of the next state are taken over as a whole."""
    odoo = LiveOdoo(snapshot())
    console = Console(file=StringIO())
    engine, follow = mirrored_engine(desk.settings, desk.database, odoo, console)
    assert isinstance(follow, MirrorLoop)
    assert synced_at(desk.database) is not None
    first = proposed(engine, "P00041")
    assert (first.record and first.record.name, first.held_from) == ("P00041", "odoo")

    renumbered = snapshot(purchase="Q{:05d}")
    for row in renumbered["purchase.order"]:
        row["write_date"] = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S}"
    odoo.records = SnapshotReader(renumbered)
    follow.step()
    renamed = proposed(engine, "Q00041")
    assert (renamed.record and renamed.record.name, renamed.held_from) == ("Q00041", "odoo")

    odoo.away_from = 0
    follow.step()
    away = proposed(engine, "Q00041")
    assert (away.record and away.record.name, away.held_from) == ("Q00041", "mirror")
    assert away.lane == "check"


def test_a_second_start_does_not_need_odoo(desk):
    odoo = LiveOdoo(snapshot())
    mirrored_engine(desk.settings, desk.database, odoo, Console(file=StringIO()))
    odoo.away_from = 0
    engine, _ = mirrored_engine(desk.settings, desk.database, odoo, Console(file=StringIO()))
    assert proposed(engine, "P00041").held_from == "mirror"


def test_a_first_start_without_odoo_says_so(desk):
    odoo = LiveOdoo(snapshot(), away_from=0)
    with pytest.raises(RecordsError, match="does not answer"):
        mirrored_engine(desk.settings, desk.database, odoo, Console(file=StringIO()))
