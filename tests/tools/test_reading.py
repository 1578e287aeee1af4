"""The reading step as a whole: whatever arrives becomes a complete message whose offsets hold."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.shared_data import SHARED
from tools.message import Channel, Message
from tools.reading import ReadingLimits, read_message

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FIXTURES = SHARED / "data" / "public" / "mime"


def read(raw: bytes, channel: Channel = Channel.email, **limits: int) -> Message:
    return read_message(raw, channel=channel, received_at=NOW, settings=ReadingLimits(**limits))


def check_offsets(message: Message) -> None:
    """Passages cover each part without gaps; cells stand where they say."""
    for part in message.parts:
        position = 0
        for passage in part.passages:
            assert passage.start == position < passage.end
            position = passage.end
        assert position == len(part.text)
        for cell in (cell for table in part.tables for row in table.rows for cell in row):
            assert part.text[cell.start : cell.end] == cell.text


def test_a_plain_mail_is_read_without_problems():
    message = read(
        b"From: Ana Ruiz <ana@supplier.example>\r\nTo: buyer@our.example\r\nSubject: Order 77\r\n"
        b"Message-ID: <1@supplier.example>\r\n\r\nWe will deliver your order on Friday.\r\n"
    )
    assert message.sender.email == "ana@supplier.example"
    assert message.new_text == "We will deliver your order on Friday."
    assert (message.language, message.problems) == ("en", [])
    assert [part.name for part in message.parts] == ["subject", "body"]


def test_the_id_is_the_hash_of_the_raw_bytes():
    assert read(b"").id == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="timezone"):
        read_message(b"", channel=Channel.email, received_at=datetime(2026, 1, 1))


@pytest.mark.parametrize("channel", list(Channel))
def test_nothing_at_all_still_makes_a_message_with_a_body(channel):
    message = read(b"", channel)
    assert message.part("body") is not None
    check_offsets(message)


@settings(max_examples=150, deadline=None)
@given(raw=st.binary(max_size=2_000), channel=st.sampled_from(list(Channel)))
def test_random_bytes_never_raise(raw, channel):
    check_offsets(read(raw, channel))


HEADER = st.sampled_from(
    [
        "Content-Type: text/html; charset=x-none",
        "Content-Type: multipart/mixed; boundary=b",
        "Subject: =?utf-8?b?/w==?=",
        "Content-Transfer-Encoding: base64",
        "From: =?x?q?=0A?= <a@b>",
        "Content-Type: message/rfc822",
        "To: a,b <;:",
    ]
)
PIECE = st.sampled_from(
    [
        "--b\n",
        "--b--\n",
        "<table><tr><td>1",
        "</table>",
        "> quoted\n",
        "On 1 May 2026 X wrote:\n",
        "a  b  c\n",
        "-- \n",
        "<div style='display:none'>",
        "\u200b",
        "From: a@b.c\nSent: 1\nTo: b\nSubject: c\n",
        "=ZZ",
        "Regards\n",
        "\ud7ff",
    ]
)


@settings(max_examples=150, deadline=None)
@given(head=st.lists(HEADER, max_size=5), body=st.lists(PIECE | st.text(max_size=40), max_size=30))
def test_pieces_of_mail_in_any_order_never_raise(head, body):
    raw = ("\n".join(head) + "\n\n" + "".join(body)).encode("utf-8", "replace")
    message = read(raw)
    check_offsets(message)
    assert not any("could not be read (" in problem for problem in message.problems)


@settings(max_examples=100, deadline=None)
@given(
    provider=st.sampled_from(["easypost", "aftership", "karrio", "shipengine", "edi214", "generic", "new"]),
    payload=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["result", "msg", "data", "events", "status", "tracking_details", "x"]), inner
            )
        ),
        max_leaves=15,
    ),
)
def test_any_json_from_a_carrier_is_read(provider, payload):
    message = read(json.dumps({"provider": provider, "payload": payload}).encode(), Channel.carrier)
    check_offsets(message)
    assert message.event is not None


def test_deeply_nested_multiparts_become_one_text():
    depth = 1_500
    raw = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(depth))
    message = read(b"Subject: deep\n" + raw + b"\nhello")
    assert message.subject == "deep"
    assert message.problems
    check_offsets(message)


def test_a_mail_beyond_the_limit_is_read_up_to_it():
    message = read(b"Subject: long\n\n" + b"word " * 10_000, message_bytes=1_000)
    assert len(message.body) < 1_000
    assert "read up to 1,000" in message.problems[0]


@pytest.mark.skipif(not FIXTURES.exists(), reason="the shared data (mime) is not here")
def test_other_libraries_fixtures_pass_through():
    paths = [path for path in FIXTURES.rglob("*.eml") if path.is_file()]
    assert len(paths) > 400
    for path in paths:
        message = read(path.read_bytes())
        check_offsets(message)
        assert not any("message could not be read" in problem for problem in message.problems), path.name
