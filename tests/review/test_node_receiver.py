"""A receiver in another language: Node with the package `standardwebhooks` verifies what the desk signs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from review import outbox
from review.delivery_loop import DeliveryLoop
from review.targets import Target, rotate
from review.webhook import deliver
from tests.review.receiver import SECRET
from tests.review.test_outbox import approved, handoffs, target

HERE = Path(__file__).parents[1] / "node_receiver"
OTHERS = "whsec_" + "c29tZWJvZHkgZWxzZSdzIHNlY3JldCwgbm90IG91cnM="
pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not (HERE / "node_modules" / "standardwebhooks").is_dir(),
    reason="Node or its package is missing: `npm ci --prefix tests/node_receiver`",
)


class Node:
    """The receiver, which knows some secrets."""

    def __init__(self, *secrets: str) -> None:
        self._process = subprocess.Popen(
            ["node", str(HERE / "receiver.mjs")],
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "SECRETS": "\n".join(secrets)},
        )
        self.url = f"http://127.0.0.1:{int(self.line())}/hook"

    def line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def said(self) -> dict[str, object]:
        """What it printed of the next request."""
        return dict(json.loads(self.line()))

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def node() -> Iterator[Node]:
    running = Node(SECRET)
    yield running
    running.close()


@pytest.fixture
def erp(desk, node, tmp_path) -> Target:
    made = target(tmp_path, url=node.url, allow_private=True, timeout_seconds=60, first_pause_seconds=1e-6)
    outbox.register(desk.database, {"erp": made})
    return made


def test_it_verifies_an_event_and_knows_it_when_it_comes_again(desk, node, erp):
    approved(desk)
    [row] = handoffs(desk)
    attempt = outbox.take(desk.database, "erp", erp)
    assert attempt is not None
    assert [deliver(attempt, erp).status for _ in range(2)] == [202, 202]
    said = [node.said(), node.said()]
    assert [(s["id"], s["new"]) for s in said] == [(row.id, True), (row.id, False)]
    assert said[0]["event"] == json.loads(row.body)


def test_what_another_signed_or_somebody_changed_is_refused(desk, node, erp, tmp_path):
    (tmp_path / "others").write_text(OTHERS)
    approved(desk)
    attempt = outbox.take(desk.database, "erp", erp)
    assert attempt is not None
    assert deliver(attempt, erp.model_copy(update={"secret_file": tmp_path / "others"})).status == 401
    assert node.said() == {"id": attempt.id, "refused": "No matching signature found"}


def test_a_receiver_may_still_know_the_former_secret_or_already_the_new_one(desk, erp, tmp_path):
    new = rotate(erp.secret_file, datetime.now(UTC), timedelta(hours=1))
    for secret in (SECRET, new):
        other = Node(secret)
        approved(desk)
        assert DeliveryLoop(desk.database, "erp", erp.model_copy(update={"url": other.url})).step()
        assert other.said()["new"]
        other.close()
    assert [h.state for h in handoffs(desk)] == ["delivered", "delivered"]
