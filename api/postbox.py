"""What many requests bring at once is kept in one transaction: while one is being written, the next ones gather.

Syncing to disk costs much the same for one message as for fifty, so this is what lets a burst of webhooks through. Each
request still waits until its own message is on disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from fastapi.concurrency import run_in_threadpool

from review.database import Database
from review.intake import Delivery, KeyReused, receive_all
from review.raw_store import RawStore

MOST_AT_ONCE = 100


class Postbox:
    """For one event loop."""

    def __init__(self, database: Database, store: RawStore) -> None:
        self._database, self._store = database, store
        self._waiting: list[tuple[Delivery, asyncio.Future[str | KeyReused]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def take(self, delivery: Delivery) -> str | KeyReused:
        """The id of a message once it is on disk, or why its key was refused. Raises what keeping it raised."""
        outcome: asyncio.Future[str | KeyReused] = asyncio.get_running_loop().create_future()
        self._waiting.append((delivery, outcome))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())
        return await outcome

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            try:
                await self._write(batch)
            except Exception:
                # One that cannot be kept must not take the others with it.
                for single in batch:
                    await self._write_alone(single)

    async def _write(self, batch: Sequence[tuple[Delivery, asyncio.Future[str | KeyReused]]]) -> None:
        deliveries = [delivery for delivery, _ in batch]
        results = await run_in_threadpool(receive_all, self._database, self._store, deliveries)
        for (_, outcome), result in zip(batch, results, strict=True):
            if not outcome.done():  # its client may have gone
                outcome.set_result(result)

    async def _write_alone(self, single: tuple[Delivery, asyncio.Future[str | KeyReused]]) -> None:
        try:
            await self._write([single])
        except Exception as error:
            if not single[1].done():
                single[1].set_exception(error)
