"""Keeping on with one engine while the next is built: what is triaged meanwhile is triaged by the one that stands."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from agent.proposal import Triage
from review.intake import Triager
from tools.message import Message


class RenewedEngine:
    """The newest engine that is ready. `build` makes one whose index lies in the folder that it is given; there are two
    folders in turn, so that the index in use is never the one that is written. Raises what `build` raises."""

    def __init__(self, build: Callable[[Path], Triager], folder: Path) -> None:
        self._build = build
        self._folders = (folder / "even", folder / "odd")
        self._number = 0
        self._users = [0, 0]
        self._changed = threading.Condition()
        self._renewing = threading.Lock()
        self._engine = build(self._folders[0])

    def triage(self, message: Message) -> Triage:
        with self._changed:
            engine, side = self._engine, self._number % 2
            self._users[side] += 1
        try:
            return engine.triage(message)
        finally:
            with self._changed:
                self._users[side] -= 1
                self._changed.notify_all()

    def renew(self) -> None:
        """Builds the next engine and then puts it in the place of the present one; when it fails, that one stays."""
        with self._renewing:
            side = (self._number + 1) % 2
            with self._changed:
                self._changed.wait_for(lambda: self._users[side] == 0)
            engine = self._build(self._folders[side])
            with self._changed:
                self._engine, self._number = engine, self._number + 1
