"""Two services over one database: each event is under way once at a time, and a record's events keep their order."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from agent.proposal import RecordRef
from review import log, outbox
from review.database import Database
from review.decisions import approve
from review.schema import DeliveryRow, DeliveryState
from tests.postgres_server import Postgres, binary
from tests.review.desk import ROBIN, Desk, date_change
from tests.review.receiver import Receiver
from tests.review.test_outbox import target

RECORDS, EACH = 3, 3
DELIVER = """
import sys, time
from pathlib import Path
from review.database import Database
from review.delivery_loop import DeliveryLoop
from review.targets import Target
loop = DeliveryLoop(Database(sys.argv[1], Path(sys.argv[2])), "erp", Target.model_validate_json(sys.argv[3]))
print("ready", flush=True)
while True:
    if not loop.step():
        time.sleep(0.01)
"""


class Watching(Receiver):
    """Takes its time, and notes what is there twice at once: an event, or a record."""

    def __init__(self) -> None:
        super().__init__()
        self.met: list[str] = []
        self._under_way = Counter[str]()
        self._watch = threading.Lock()

    def _accept(self, headers: dict[str, str], body: bytes) -> bool:
        event = json.loads(body)
        keys = (event["id"], event["partitionkey"])
        with self._watch:
            self.met += [key for key in keys if self._under_way[key]]
            self._under_way.update(keys)
        time.sleep(0.05)
        accepted = super()._accept(headers, body)
        with self._watch:
            self._under_way.subtract(keys)
        return accepted


@pytest.fixture(params=["sqlite", "postgresql"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Desk]]:
    """The address of a database that processes share, and a desk over it."""
    desk = Desk(tmp_path / "data")
    if request.param == "sqlite":
        yield desk.settings.url, desk
        desk.database.close()
        return
    if binary("initdb") is None:
        pytest.skip("PostgreSQL is not installed (postgresql)")
    desk.database.close()
    server = Postgres()
    url = server.database()
    desk.database = Database(url, desk.database.head.path)
    yield url, desk
    desk.database.close()
    server.close()


def approve_all(desk: Desk) -> None:
    """Several decisions on each of some records; none of them may leave yet."""
    for _ in range(EACH):
        records = [RecordRef(model="purchase.order", id=n, name=f"P{n}") for n in range(RECORDS)]
        first = desk.propose(*[date_change(record) for record in records])
        for number in range(RECORDS):
            approve(desk.database, f"{first[:-2]}-{number}", version=1, who=ROBIN, undo=timedelta(hours=1))


def all_delivered(desk: Desk) -> bool:
    with desk.database.read() as session:
        left = select(DeliveryRow.handoff_id).where(DeliveryRow.state != DeliveryState.delivered)
        return session.scalars(left.limit(1)).first() is None


def test_no_event_and_no_record_is_ever_under_way_twice(shared, tmp_path):
    url, desk = shared
    with Watching() as receiver:
        erp = target(tmp_path, url=receiver.url, allow_private=True, timeout_seconds=60)
        outbox.register(desk.database, {"erp": erp})
        approve_all(desk)
        command = [sys.executable, "-c", DELIVER, url, str(desk.database.head.path), erp.model_dump_json()]
        services = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
        try:
            assert [service.stdout.readline() for service in services if service.stdout] == ["ready\n", "ready\n"]
            with desk.database.write() as session:
                session.execute(update(DeliveryRow).values(next_at=datetime.now(UTC)))
            end = time.monotonic() + 120
            while not all_delivered(desk) and time.monotonic() < end:
                time.sleep(0.05)
        finally:
            for service in services:
                service.kill()
                service.wait()
    assert receiver.met == []
    assert len(receiver.accepted) == len(receiver.first_seen()) == RECORDS * EACH
    for record in {r.event["partitionkey"] for r in receiver.accepted}:
        numbers = [r.event["sequence"] for r in receiver.accepted if r.event["partitionkey"] == record]
        assert numbers == sorted(numbers)
    with desk.database.read() as session:
        assert log.verify(session, desk.database.head).ok
