"""A shelf reads together what it does not hold, once, and never grows without end."""

from __future__ import annotations

import pytest

from agent.shelf import Shelf


def test_what_is_missing_is_read_in_one_go_and_kept():
    asked: list[list[int]] = []

    def load(keys: list[int]) -> dict[int, str]:
        asked.append(keys)
        return {key: str(key) for key in keys if key < 10}

    shelf = Shelf(load)
    assert shelf.many([3, 1, 99, 3]) == {3: "3", 1: "1"}
    assert (shelf[1], shelf.get(99), 99 in shelf, shelf.many([1, 2])) == ("1", None, False, {1: "1", 2: "2"})
    assert asked == [[3, 1, 99], [2]]
    with pytest.raises(KeyError):
        shelf[99]
    shelf.clear()
    assert shelf[3] == "3"
    assert asked[2:] == [[3]]


def test_it_is_emptied_when_it_is_full(monkeypatch):
    monkeypatch.setattr("agent.shelf.MOST_KEPT", 4)
    shelf = Shelf(lambda keys: {key: key for key in keys})
    for key in range(1, 20):
        assert shelf[key] == key
        assert len(shelf._kept) <= 4
    assert shelf.many(range(30)) == {key: key for key in range(30)}
