"""Goods are known by their names in seven languages, however inflected or compounded; ordinary words are not goods."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.glossary import FILE, glossary, is_quality, trade_terms
from agent.lexicon import LANGUAGES

ROWS = [row for row in FILE.read_text(encoding="utf-8").splitlines() if not row.startswith("#")]


def named(text: str, language: str = "und") -> set[str]:
    """English names of what a text names."""
    terms = trade_terms(re.findall(r"[^\W\d_]+", text), language)
    return {ROWS[term.concept].split("\t")[0].split("/")[0] for term in terms}


def test_each_row_has_a_name_in_every_language():
    for row in ROWS:
        assert len(row.split("\t")) == len(LANGUAGES), row
        assert all(name.strip() for cell in row.split("\t") for name in cell.split("/")), row


@pytest.mark.parametrize(
    ("text", "language", "goods"),
    [
        ("the office chairs", "en", "office chair"),
        ("drei Bürostühle", "de", "office chair"),
        ("des chaises de bureau", "fr", "office chair"),
        ("las sillas de oficina", "es", "office chair"),
        ("le sedie da ufficio", "it", "office chair"),
        ("twee bureaustoelen", "nl", "office chair"),
        ("krzesła biurowe", "pl", "office chair"),
    ],
)
def test_inflected_names_in_seven_languages_are_one_thing(text, language, goods):
    assert goods in named(text, language)


def test_a_compound_is_its_last_part_and_has_its_first_as_a_quality():
    terms = trade_terms(["Edelstahlschüsseln"], "de")
    shares = {ROWS[t.concept].split("\t")[0].split("/")[0]: t.share for t in terms}
    assert shares["bowl"] > shares["stainless steel"] > 0


def test_a_long_name_does_not_hide_its_parts():
    assert {"steak knife", "knife"} <= named("couteaux à steak", "fr")


def test_words_are_those_of_the_texts_language_and_english():
    assert named("the line is late", "en") == set()
    assert "rope" in named("lina", "pl")


def test_colours_and_materials_are_qualities():
    assert {is_quality(t.concept) for t in trade_terms(["oak"], "en")} == {True}
    assert {is_quality(t.concept) for t in trade_terms(["table"], "en")} == {False}
    assert 0 < glossary().qualities < len(ROWS)


@given(st.lists(st.text(max_size=40), max_size=8), st.sampled_from([*LANGUAGES, "und"]))
def test_any_words_are_read_and_terms_lie_within_them(words, language):
    for term in trade_terms(words, language):
        assert 0 <= term.first < term.last <= len(words)
        assert 0 < term.share <= 1
