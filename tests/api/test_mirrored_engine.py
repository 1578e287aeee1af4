"""An engine over a mirror: filled at the first start, renewed when Odoo changed, at work while Odoo is away."""

from __future__ import annotations

from collections.abc import Sequence
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
from tools.records import Domain, RecordsError, Row
from tools.snapshot import SnapshotReader


class Odoo:
    """A company's records, which can be put into another state or be out of reach."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.records: SnapshotReader | None = SnapshotReader(data)

    def _here(self) -> SnapshotReader:
        if self.records is None:
            raise RecordsError("Odoo does not answer. Check the address.")
        return self.records

    def search_read(
        self,
        model: str,
        domain: Domain = (),
        fields: Sequence[str] | None = None,
        *,
        limit: int | None = None,
        order: str | None = None,
    ) -> list[Row]:
        return self._here().search_read(model, domain, fields, limit=limit, order=order)

    def read(self, model: str, ids: Sequence[int], fields: Sequence[str] | None = None) -> list[Row]:
        return self._here().read(model, ids, fields)

    def search_count(self, model: str, domain: Domain = ()) -> int:
        return self._here().search_count(model, domain)

    def version(self) -> str:
        return self._here().version()

    def as_of(self) -> datetime | None:
        return None


def proposed(engine: Any, order: str) -> Proposal:
    message = mail(f"Unfortunately {order} is delayed: ROP-12-NAV will arrive on 3 June 2026.")
    message.language = "en"
    return engine.triage(message).proposals[0]


def test_the_engine_follows_odoo_and_works_on_without_it(desk):
    """Orders and index of the next state are taken over as a whole."""
    odoo = Odoo(snapshot())
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

    odoo.records = None
    follow.step()
    away = proposed(engine, "Q00041")
    assert (away.record and away.record.name, away.held_from) == ("Q00041", "mirror")
    assert away.lane == "check"


def test_a_second_start_does_not_need_odoo(desk):
    odoo = Odoo(snapshot())
    mirrored_engine(desk.settings, desk.database, odoo, Console(file=StringIO()))
    odoo.records = None
    engine, _ = mirrored_engine(desk.settings, desk.database, odoo, Console(file=StringIO()))
    assert proposed(engine, "P00041").held_from == "mirror"


def test_a_first_start_without_odoo_says_so(desk):
    odoo = Odoo(snapshot())
    odoo.records = None
    with pytest.raises(RecordsError, match="does not answer"):
        mirrored_engine(desk.settings, desk.database, odoo, Console(file=StringIO()))
