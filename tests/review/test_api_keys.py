"""Keys of machines: shown once, kept as hashes, each for its doors and its time."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from review import log
from review.api_keys import InvalidKey, Scope, add_key, find_key, list_keys, revoke_key
from review.schema import ApiKeyRow


def test_a_key_is_found_by_its_text_and_kept_as_a_hash(desk):
    key, text = add_key(desk.database, "n8n", [Scope.email], days=1)
    assert find_key(desk.database, text) == key
    secret = text.split("_", 2)[2]
    with desk.database.read() as session:
        row = session.scalars(select(ApiKeyRow)).one()
        assert secret not in str(vars(row))
        assert secret not in " ".join(e.content for e in log.latest(session))


@pytest.mark.parametrize("change", [lambda t: t[:-1], lambda t: t + "x", lambda t: "x" + t, lambda t: "", lambda t: t.swapcase()])  # fmt: skip
def test_another_text_is_no_key(desk, change):
    _, text = add_key(desk.database, "n8n", [Scope.email], days=1)
    with pytest.raises(InvalidKey, match="not known"):
        find_key(desk.database, change(text))


def test_a_key_ends_by_its_day_or_at_once(desk):
    """Its holder is told why; a second revocation changes nothing."""
    old, old_text = add_key(desk.database, "old", [Scope.portal], days=-1)
    key, text = add_key(desk.database, "lost", [Scope.portal], days=1)
    with pytest.raises(InvalidKey, match="expired"):
        find_key(desk.database, old_text)
    assert [revoke_key(desk.database, key.id) for _ in range(2)] == [True, True]
    assert not revoke_key(desk.database, "none")
    with pytest.raises(InvalidKey, match="revoked"):
        find_key(desk.database, text)
    assert [(k.id, k.state) for k in list_keys(desk.database)] == [(old.id, "expired"), (key.id, "revoked")]
    with desk.database.read() as session:
        assert [e.kind for e in log.latest(session)] == ["key.revoked", "key.added", "key.added"]
