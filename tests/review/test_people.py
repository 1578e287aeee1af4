"""People, their roles, passwords that are tried only so often, and sessions that can be ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from review import log, passwords
from review.passwords import FREE_TRIES, WrongPassword, set_password, sign_in
from review.people import (
    Person,
    PersonError,
    add_person,
    disable_person,
    find_person,
    list_people,
    new_sign_in_token,
    redeem_sign_in_token,
    reset_person,
)
from review.roles import Scope
from review.schema import LogEntry, SessionRow, UserRow
from review.sessions import SignedInBy, end_session_by_id, find_session, sessions_of, start_session
from tests.review.desk import Desk

GOOD = "seven brown parcels"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch):
    """Argon2 as it is, but with the memory of a toy: what is tested here does not hang on its price."""
    from pwdlib import PasswordHash
    from pwdlib.hashers.argon2 import Argon2Hasher

    hasher = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1),))
    monkeypatch.setattr(passwords, "_hasher", lambda: hasher)
    passwords._nobodys_hash.cache_clear()
    yield
    passwords._nobodys_hash.cache_clear()


@pytest.fixture
def ann(desk: Desk) -> Person:
    person = add_person(desk.database, "Ann", "reviewer")
    set_password(desk.database, "Ann", GOOD)
    return person


def events(desk: Desk, name: str = "Ann") -> list[str]:
    with desk.database.read() as session:
        return [e.kind for e in session.scalars(select(LogEntry).order_by(LogEntry.seq)) if e.subject == name]


@pytest.mark.parametrize(
    ("roles", "scopes"),
    [
        (["reviewer"], {"decide"}),
        (["approver"], {"decide", "approve"}),
        (["manager"], {"manage"}),
        (["engineer"], {"engineer"}),
        (["administrator"], {"administer"}),
        (["purchasing"], {"decide"}),
        (["supervisor"], set(Scope)),
        (["reviewer", "administrator"], {"decide", "administer"}),
        (["a department that the policy no longer names"], {"decide"}),
    ],
)
def test_a_role_is_a_set_of_scopes_and_several_add_up(roles, scopes):
    assert Person(name="Ann", role=roles[0], other_roles=roles[1:]).scopes == scopes


@pytest.mark.parametrize(
    ("roles", "may"),
    [
        (["reviewer"], {"reviewer"}),
        (["purchasing"], {"reviewer", "purchasing"}),
        (["purchasing", "sales"], {"reviewer", "purchasing", "sales"}),
        (["approver"], {"reviewer", "purchasing", "sales"}),
        (["supervisor"], {"reviewer", "purchasing", "sales"}),
        (["manager", "administrator"], set()),
    ],
)
def test_who_may_give_which_approval(roles, may):
    """An administrator makes people, and decides nothing."""
    person = Person(name="Ann", role=roles[0], other_roles=roles[1:])
    assert {role for role in ("reviewer", "purchasing", "sales") if person.may_approve(role)} == may


def test_a_password_signs_in_and_is_kept_as_argon2(desk, ann):
    assert sign_in(desk.database, "Ann", GOOD) == ann
    with desk.database.read() as session:
        assert session.get_one(UserRow, "Ann").password_hash.startswith("$argon2id$")
        assert GOOD not in " ".join(e.content for e in log.latest(session))


@pytest.mark.parametrize(("name", "password"), [("Ann", GOOD + "x"), ("Ann", ""), ("Eve", GOOD), ("ann", GOOD)])
def test_a_wrong_password_and_an_unknown_name_hear_the_same(desk, ann, name, password):
    with pytest.raises(WrongPassword, match=r"Name and password do not belong together\."):
        sign_in(desk.database, name, password)


def test_whoever_has_no_password_or_has_left_does_not_get_in(desk, ann):
    add_person(desk.database, "Bo", "reviewer")
    disable_person(desk.database, "Ann", "test")
    for name, password in (("Bo", ""), ("Ann", GOOD)):
        with pytest.raises(WrongPassword):
            sign_in(desk.database, name, password)


@pytest.mark.parametrize("poor", ["short", "a" * 201, "aaaaaaaaaaaaaaaa", "Ann and some parcels"])
def test_a_poor_password_is_refused_with_the_reason(desk, ann, poor):
    with pytest.raises(PersonError, match="Several words"):
        set_password(desk.database, "Ann", poor)
    assert sign_in(desk.database, "Ann", GOOD)


def test_after_too_many_tries_even_the_right_password_waits(desk, ann):
    """Each further wrong one doubles the wait; it ends by itself, and a right one forgets all."""
    for _ in range(FREE_TRIES):
        with pytest.raises(WrongPassword, match="together"):
            sign_in(desk.database, "Ann", "wrong")
    with pytest.raises(WrongPassword, match="has to wait"):
        sign_in(desk.database, "Ann", GOOD)
    waits = []
    for _ in range(2):
        with desk.database.write() as session:
            waits.append(session.get_one(UserRow, "Ann").locked_until - datetime.now(UTC))
            session.execute(update(UserRow).values(locked_until=datetime.now(UTC)))
        with pytest.raises(WrongPassword, match="together"):
            sign_in(desk.database, "Ann", "wrong")
    assert timedelta(seconds=50) < waits[0] < timedelta(minutes=1) < waits[1] < timedelta(minutes=2)
    with desk.database.write() as session:
        session.execute(update(UserRow).values(locked_until=datetime.now(UTC)))
    assert sign_in(desk.database, "Ann", GOOD)
    with desk.database.read() as session:
        assert (session.get_one(UserRow, "Ann").failures, events(desk).count("person.sign-in-failed")) == (0, 7)


def test_a_lock_is_on_the_password_alone(desk, ann):
    with desk.database.write() as session:
        session.execute(update(UserRow).values(locked_until=datetime.now(UTC) + timedelta(hours=1)))
    assert redeem_sign_in_token(desk.database, new_sign_in_token(desk.database, "Ann", 1)) == ann


def test_a_session_is_its_row(desk, ann):
    """It opens nothing once it has ended, its time is over or its person has left; its secret is kept nowhere."""
    secrets = [start_session(desk.database, ann, 1, SignedInBy.password, "Firefox") for _ in range(2)]
    assert [find_session(desk.database, secret) for secret in secrets] == [ann, ann]
    assert [(s.signed_in_by, s.client) for s in sessions_of(desk.database, ann)] == [("password", "Firefox")] * 2
    with desk.database.read() as session:
        assert secrets[0] not in {row.token_hash for row in session.scalars(select(SessionRow))}
    first = log.sha256(secrets[0])[:12]
    assert end_session_by_id(desk.database, ann, first)
    assert [find_session(desk.database, secret) for secret in secrets] == [None, ann]
    assert not end_session_by_id(desk.database, ann, "")
    with desk.database.write() as session:
        session.execute(update(SessionRow).values(expires_at=datetime.now(UTC)))
    assert find_session(desk.database, secrets[1]) is None
    assert events(desk)[-3:] == ["person.signed-in", "person.signed-in", "person.signed-out"]


def test_nobody_ends_the_session_of_another(desk, ann):
    secret = start_session(desk.database, ann, 1, SignedInBy.link)
    assert not end_session_by_id(desk.database, add_person(desk.database, "Bo", "reviewer"), log.sha256(secret)[:12])
    assert find_session(desk.database, secret) == ann


@pytest.mark.parametrize("shut_out", [disable_person, reset_person])
def test_whoever_is_disabled_or_reset_is_out_at_once(desk, ann, shut_out):
    """Sessions, links and, when reset, the password: nothing that they had lets them in."""
    secret = start_session(desk.database, ann, 1, SignedInBy.link)
    link = new_sign_in_token(desk.database, "Ann", 1)
    shut_out(desk.database, "Ann", "Robin")
    assert find_session(desk.database, secret) is None
    assert redeem_sign_in_token(desk.database, link) is None
    with pytest.raises(WrongPassword):
        sign_in(desk.database, "Ann", GOOD)
    add_person(desk.database, "Ann", "reviewer")
    assert find_session(desk.database, secret) is None


def test_the_last_who_may_administer_cannot_be_disabled(desk):
    add_person(desk.database, "Ann", "administrator")
    add_person(desk.database, "Bo", "reviewer", "administrator")
    disable_person(desk.database, "Ann", "test")
    with pytest.raises(PersonError, match="last"):
        disable_person(desk.database, "Bo", "test")


def test_what_an_administrator_sees_of_people(desk, ann):
    add_person(desk.database, "Bo", "reviewer", "manager", "manager")
    disable_person(desk.database, "Bo", "test")
    assert [(p.name, p.roles, p.active, p.signs_in_by) for p in list_people(desk.database)] == [
        ("Ann", ["reviewer"], True, ["password", "link"]),
        ("Bo", ["reviewer", "manager"], False, ["link"]),
    ]


@pytest.mark.parametrize(
    ("name", "role"), [("Ann", "king"), ("", "reviewer"), (" Ann", "reviewer"), ("A\nB", "reviewer")]
)
def test_what_cannot_be_added_is_said(desk, name, role):
    with pytest.raises(PersonError):
        add_person(desk.database, name, role)
    assert find_person(desk.database, name) is None
