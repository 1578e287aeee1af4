"""Keeping on with one engine while another follows the records: what is triaged meanwhile is triaged by the one that
stands."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from agent.proposal import Triage
from agent.taught import NOTHING, Taught
from review.intake import Engine
from tools.message import Message
from tools.records import RecordReader


class Follower(Engine, Protocol):
    """An engine that can be brought to other records; what did not change is not read again."""

    def follow(self, reader: RecordReader) -> None: ...


class RenewedEngine:
    """Two engines in turn, so that the one in use is never the one that is written: the newest that is ready triages.

    `read` opens the records as they are now; `build` makes an engine over them whose index lies in the folder given.
    Raises what these raise."""

    def __init__(
        self, read: Callable[[], RecordReader], build: Callable[[RecordReader, Path], Follower], folder: Path
    ) -> None:
        self._read, self._build = read, build
        self._folders = (folder / "even", folder / "odd")
        self._number = 0
        self._users = [0, 0]
        self._changed = threading.Condition()
        self._renewing = threading.Lock()
        self._engines: list[Follower | None] = [build(read(), self._folders[0]), None]

    def triage(self, message: Message, taught: Taught = NOTHING) -> Triage:
        with self._newest() as engine:
            return engine.triage(message, taught)

    def rehearse(self, message: Message, taught: Taught) -> Triage:
        with self._newest() as engine:
            return engine.rehearse(message, taught)

    @contextmanager
    def _newest(self) -> Iterator[Follower]:
        """The engine that is ready, which is not written while the block runs."""
        with self._changed:
            side = self._number % 2
            engine = self._engines[side]
            self._users[side] += 1
        assert engine is not None
        try:
            yield engine
        finally:
            with self._changed:
                self._users[side] -= 1
                self._changed.notify_all()

    def renew(self) -> None:
        """Brings the idle engine to the present records, then puts it in the place of the other; when that fails, the
        other stays, and the next renewal builds anew."""
        with self._renewing:
            side = (self._number + 1) % 2
            with self._changed:
                self._changed.wait_for(lambda: self._users[side] == 0)
            idle, self._engines[side] = self._engines[side], None
            reader = self._read()
            if idle is None:
                idle = self._build(reader, self._folders[side])
            else:
                idle.follow(reader)
            with self._changed:
                self._engines[side], self._number = idle, self._number + 1
