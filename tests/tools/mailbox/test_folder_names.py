"""Modified UTF-7, as RFC 3501 gives it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.mailbox.folder_names import decode, encode, listed, quoted

WELL_FORMED = st.text(st.characters(exclude_categories=["Cs"]))


def test_the_example_of_the_rfc():
    name = "~peter/mail/台北/日本語"
    assert encode(name) == "~peter/mail/&U,BTFw-/&ZeVnLIqe-"
    assert decode(encode(name)) == name


@given(WELL_FORMED)
def test_every_name_comes_back_and_travels_as_ascii(name):
    assert encode(name).isascii()
    assert decode(encode(name)) == name


@given(st.text(st.characters(max_codepoint=127)))
def test_nothing_that_a_server_sends_as_a_name_raises(name):
    assert isinstance(decode(name), str)


@given(st.binary())
def test_nothing_that_a_server_lists_raises(line):
    assert isinstance(listed([line, None, (line, line)]), list)


def test_names_are_listed_from_atoms_quotes_and_literals():
    answers = [
        b'(\\HasNoChildren) "/" INBOX',
        rb'(\Marked) "." "a \"b\" \\c"',
        (b'() "/" {8}', b"R&-D {3}"),
        b'(\\Noselect) "/" parent',
        b"() NIL flat",
    ]
    assert listed(answers) == ["INBOX", 'a "b" \\c', "R&D {3}", "flat"]


@pytest.mark.parametrize("hostile", ["a\r\nA1 DELETE INBOX", "a\nb", "a\0b"])
def test_a_name_cannot_carry_a_second_command(hostile):
    with pytest.raises(ValueError, match="line break"):
        quoted(hostile)
