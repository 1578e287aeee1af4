"""The product index finds by words, by pieces of codes and by meaning, and rebuilds only when records changed."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from tools.index import Document, RecordIndex

DOCUMENTS = [
    Document("1", "Mooring rope 12 mm navy · Festmacher marine", ("ROP-12-NAV", "TT 1220-N")),
    Document("2", "Fender 20x60 cm white · Langfender weiß", ("FEN-20-WHT",)),
    Document("3", "Plough anchor 10 kg galvanised", ("ANC-10-GAL",)),
    Document("4", "LED navigation lamp, red and green · Fanale di via", ("LAM-LED-03", "VB.771")),
]


class WordVectors:
    """A stand-in for the model: a text is the sum of its words' directions."""

    def passages(self, texts):
        return np.stack([self.query(text) for text in texts])

    def query(self, text):
        total = np.zeros(384, dtype=np.float32)
        for word in text.lower().split():
            seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
            total += np.random.default_rng(seed).standard_normal(384).astype(np.float32)
        return total / (np.linalg.norm(total) or 1.0)


class BrokenVectors(WordVectors):
    def passages(self, texts):
        raise RuntimeError("no model")


@pytest.fixture(scope="module")
def index() -> RecordIndex:
    made = RecordIndex(WordVectors())  # type: ignore[arg-type]
    assert made.build(DOCUMENTS)
    return made


@pytest.mark.parametrize(
    ("text", "expected"),
    [("the white fender", "2"), ("Festmacher fehlen", "1"), ("ANC 10 GAL, anc-10", "3"), ("VB771 late", "4")],
)
def test_the_right_product_comes_first(index, text, expected):
    hits = index.search(text, 3)
    assert hits[0].id == expected
    assert 0 < hits[0].score <= 1


def test_accents_do_not_count(index):
    assert index.search("langfender WEISS weiß", 1)[0].id == "2"


def test_both_searches_leave_their_score(index):
    hit = index.search("Plough anchor", 1)[0]
    assert (hit.vector or 0) > 0.5
    assert (hit.lexical or 0) > 0


@pytest.mark.parametrize("text", ["", '"', "AND OR NOT", "x* NEAR(", "))((", "🙂 🙂", "a" * 5000])
def test_wild_queries_do_no_harm(index, text):
    assert isinstance(index.search(text, 3), list)


def test_what_is_on_disk_is_used_again_while_the_documents_are_the_same(tmp_path):
    first = RecordIndex(WordVectors(), tmp_path, company="Havnegaard ApS")  # type: ignore[arg-type]
    assert first.build(DOCUMENTS)
    assert not first.build(DOCUMENTS)
    again = RecordIndex(WordVectors(), tmp_path, company="Havnegaard ApS")  # type: ignore[arg-type]
    assert not again.build(DOCUMENTS)
    assert again.search("plough anchor", 1)[0].id == "3"
    assert again.build(DOCUMENTS[:2])
    assert {hit.id for hit in again.search("plough anchor rope fender", 5)} == {"1", "2"}


def test_two_indexes_in_memory_do_not_mix():
    one, other = RecordIndex(WordVectors()), RecordIndex(WordVectors())  # type: ignore[arg-type]
    one.build(DOCUMENTS[:1])
    other.build(DOCUMENTS[2:])
    assert {hit.id for hit in one.search("rope anchor", 5)} == {"1"}


def test_without_vectors_words_alone_answer_and_the_reason_is_kept():
    index = RecordIndex(BrokenVectors())  # type: ignore[arg-type]
    index.build(DOCUMENTS)
    assert index.problem is not None
    assert "no model" in index.problem
    assert index.search("plough anchor", 1)[0].id == "3"


def test_search_before_any_build_finds_nothing():
    assert RecordIndex(WordVectors()).search("rope", 3) == []  # type: ignore[arg-type]


class CountedVectors(WordVectors):
    """Counts what is embedded, and fails after so many texts."""

    def __init__(self, until: int = 1000) -> None:
        self.seen: list[str] = []
        self.until = until

    def passages(self, texts):
        if len(self.seen) + len(texts) > self.until:
            raise RuntimeError("no more")
        self.seen += texts
        return super().passages(texts)


def test_only_what_is_new_or_differs_is_embedded_again(tmp_path):
    embedder = CountedVectors()
    index = RecordIndex(embedder, tmp_path)  # type: ignore[arg-type]
    index.build(DOCUMENTS)
    changed = Document("3", "Folding anchor 10 kg", ("ANC-10-FLD",))
    assert index.build([*DOCUMENTS[:2], changed, Document("9", "Boat hook", ("HOK-1",))])
    assert embedder.seen == [*(d.text for d in DOCUMENTS), "Folding anchor 10 kg", "Boat hook"]
    assert {hit.id for hit in index.search("lamp plough anchor hook", 9)} == {"1", "2", "3", "9"}
    assert [index.search(code, 1)[0].id for code in ("ANC-10-FLD", "HOK-1x HOK1")] == ["3", "9"]
    assert "3" not in index._search_words("ANC-10-GAL", 9)


def test_embedding_that_was_interrupted_goes_on_where_it_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr("tools.index.BATCH", 1)
    stopped = RecordIndex(CountedVectors(until=2), tmp_path)  # type: ignore[arg-type]
    stopped.build(DOCUMENTS)
    assert stopped.problem is not None
    embedder = CountedVectors()
    again = RecordIndex(embedder, tmp_path)  # type: ignore[arg-type]
    assert again.build(DOCUMENTS)
    assert (again.problem, embedder.seen) == (None, [d.text for d in DOCUMENTS[2:]])


def test_vectors_that_were_lost_are_made_again(tmp_path):
    RecordIndex(WordVectors(), tmp_path, company="a b").build(DOCUMENTS)  # type: ignore[arg-type]
    index = RecordIndex(WordVectors(), tmp_path, company="a b")  # type: ignore[arg-type]
    index._open().delete(ids=["1", "2"])
    assert index.build(DOCUMENTS)
    assert (index.search("mooring rope", 1)[0].vector or 0) > 0.3
