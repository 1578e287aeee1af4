"""Cutting a text for display loses and invents nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agent.proposal import Evidence
from api.evidence import blocks
from api.wording import visible
from tools.message import Part, Passage, PassageKind

spans = st.tuples(st.integers(-3, 60), st.integers(-3, 60))


@given(
    text=st.text(max_size=50),
    passages=st.lists(st.tuples(st.sampled_from(PassageKind), spans), max_size=5),
    marks=st.lists(spans, max_size=5),
)
def test_the_pieces_are_the_text(text, passages, marks):
    """Whatever passages and evidence say: overlapping, empty, reversed or beyond the end."""
    part = Part(name="body", text=text, passages=[Passage(kind=k, start=a, end=b) for k, (a, b) in passages])
    evidence = [Evidence(field="date", part="body", start=a, end=b, text=text[max(a, 0) : b]) for a, b in marks]
    shown = blocks(part, evidence)
    assert "".join(piece.text for block in shown for piece in block.pieces) == text
    for i, (a, b) in enumerate(marks):
        marked = "".join(piece.text for block in shown for piece in block.pieces if i in piece.marks)
        assert marked == (text[a:b] if 0 <= a < b <= len(text) else "")


def test_evidence_of_another_part_marks_nothing():
    """Offsets count in the part that the evidence names."""
    part = Part(name="body", text="abc")
    [block] = blocks(part, [Evidence(field="x", part="subject", start=0, end=3, text="abc")])
    assert [piece.marks for piece in block.pieces] == [[]]


def test_long_quotes_fold_unless_something_was_read_there():
    """Evidence is never out of sight."""
    text = "line\n" * 30
    part = Part(name="body", text=text, passages=[Passage(kind=PassageKind.quoted, start=0, end=len(text))])
    assert blocks(part, [])[0].folded
    assert not blocks(part, [Evidence(field="x", part="body", start=0, end=4, text="line")])[0].folded


@given(st.text())
def test_nothing_that_turns_or_hides_text_reaches_the_page(text):
    """Controls and direction marks are named; letters of all scripts stay as they are."""
    shown = visible(text)
    assert not set(shown) & {"\u202e", "\u2066", "\u200b", "\x00", "\x1b", "\r"}
    assert visible("Größe 配送 שלום 👩‍👩‍👧") == "Größe 配送 שלום 👩‍👩‍👧"
