"""Records that are read when they are first asked for, many at a time, and kept while they are of use."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
MOST_KEPT = 5_000


class Shelf(Generic[K, V]):
    """`load` gives those of the keys' records that exist. What it gave is kept until `clear`, or until there are more
    than `MOST_KEPT`."""

    def __init__(self, load: Callable[[list[K]], dict[K, V]]) -> None:
        self._load = load
        self._kept: dict[K, V | None] = {}

    def get(self, key: K) -> V | None:
        kept = self._kept
        return kept[key] if key in kept else self.many([key]).get(key)

    def __getitem__(self, key: K) -> V:
        value = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        return self.get(key) is not None  # type: ignore[arg-type]

    def many(self, keys: Iterable[K]) -> dict[K, V]:
        """Those of the records that exist, in the order asked; what is not kept yet is read in one go."""
        wanted = list(dict.fromkeys(keys))
        if len(self._kept) + len(wanted) > MOST_KEPT:
            self.clear()
        kept = self._kept
        missing = [key for key in wanted if key not in kept]
        if missing:
            loaded = self._load(missing)
            kept.update((key, loaded.get(key)) for key in missing)
        return {key: value for key in wanted if (value := kept[key]) is not None}

    def clear(self) -> None:
        self._kept = {}
