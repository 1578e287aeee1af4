"""Finding items by words of their message and by references, through the index that each engine has.

Both engines index the same plain words (letters and digits, folded, without accents), so that they find the same. All
words of a query must occur; the last one may be the beginning of a word. Of what a very common word finds, only the
newest `MOST` messages are looked through.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from sqlalchemy import ColumnElement, Select, column, func, literal_column, select, table, text
from sqlalchemy.orm import Session

from review.schema import SearchText

MOST = 2_000
LONGEST_WORD = 60
MOST_WORDS = 4_000
ASKED_WORDS = 8
SHORTEST_BEGINNING = 3
_WORD = re.compile(r"[^\W_]+")


def words_of(written: str) -> list[str]:
    """The words of a text as they are indexed and looked for."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", written) if not unicodedata.combining(c))
    return [word[:LONGEST_WORD] for word in _WORD.findall(plain.casefold())]


def index(session: Session, message_id: str, texts: Iterable[str]) -> None:
    """Makes a message found by the words of these texts, and by no others."""
    words = " ".join(words_of(" ".join(texts))[:MOST_WORDS])
    row = session.scalars(select(SearchText).where(SearchText.message_id == message_id)).first()
    if row is None:
        session.add(SearchText(message_id=message_id, words=words))
    else:
        row.words = words
    session.flush()


def add(session: Session, message_id: str, written: str) -> None:
    """Makes a message found by these words too."""
    row = session.scalars(select(SearchText).where(SearchText.message_id == message_id)).first()
    held = row.words.split() if row else []
    if row is not None and (new := [word for word in words_of(written) if word not in held]):
        row.words = " ".join([*held, *new])


def matching(session: Session, asked: str) -> Select[str] | None:
    """The ids of messages that hold all words of `asked`, the newest ones; None when it holds no word."""
    words = words_of(asked[:200])[:ASKED_WORDS]
    if not words:
        return None
    found = select(SearchText.message_id).order_by(SearchText.number.desc()).limit(MOST)
    begun = len(words[-1]) >= SHORTEST_BEGINNING
    if session.get_bind().dialect.name == "postgresql":
        query = " & ".join(words) + (":*" if begun else "")
        vector: ColumnElement[object] = literal_column("search_texts.vector")
        return found.where(vector.op("@@")(func.to_tsquery(literal_column("'simple'"), query)))
    query = " ".join(f'"{word}"' for word in words) + ("*" if begun else "")
    index = table("search_index", column("rowid"))
    rows = select(index.c.rowid).where(text("search_index MATCH :asked")).order_by(index.c.rowid.desc()).limit(MOST)
    return found.where(SearchText.number.in_(rows.params(asked=query)))
