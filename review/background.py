"""A thread that works while a `with` block runs and is told to end with it."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Background(ABC):
    """Work in a thread of its own. Whoever has several starts all, stops all, and only then waits for each.

    `stopping` is set when the work has to end; `join_seconds` is how long it is given for that."""

    join_seconds = 30.0

    def __init__(self, name: str) -> None:
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @abstractmethod
    def _run(self) -> None:
        """Works until `stopping` is set."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.stopping.set()

    def join(self) -> bool:
        """Waits for the thread to end; False when it is still at work after `join_seconds`."""
        self._thread.join(self.join_seconds)
        return not self._thread.is_alive()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.join()
