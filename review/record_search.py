"""Finding a record by its name in Odoo, for a proposal that is about another one than was thought."""

from __future__ import annotations

from agent.proposal import RecordRef
from agent.taxonomy import taxonomy
from review.edits import InvalidEdit
from review.refusals import DecisionError, RecordUnreadable
from tools.records import RecordReader, RecordsError

MOST = 20


class UnknownModel(DecisionError):
    """Proposals are not about records of this kind."""

    status = 422


def models() -> list[str]:
    """The models that proposals are about."""
    return sorted({intent.record for intent in taxonomy().intents.values() if intent.record})


def find_records(records: RecordReader | None, model: str, words: str) -> list[RecordRef]:
    """Records of a model whose name holds `words`. Raises UnknownModel or RecordUnreadable."""
    return _read(records, model, [("name", "ilike", words)])


def find_record(records: RecordReader | None, model: str, record_id: int) -> RecordRef | None:
    """The record of that id, or None. Raises UnknownModel or RecordUnreadable."""
    return next(iter(_read(records, model, [("id", "=", record_id)])), None)


def record_named(records: RecordReader | None, name: str) -> RecordRef:
    """The record of that name, whatever the case, of any model. Raises InvalidEdit when there is none or more than one,
    with those that are alike, or RecordUnreadable."""
    found = [ref for model in models() for ref in _read(records, model, [("name", "ilike", name)])]
    same = [ref for ref in found if ref.name.casefold() == name.casefold()]
    if len(same) == 1:
        return same[0]
    if same:
        raise InvalidEdit(f"More than one record is called {name!r}.")
    alike = ", ".join(ref.name for ref in found[:5])
    raise InvalidEdit(f"Odoo has no record {name!r}." + (f" It has {alike}." if alike else ""))


def _read(records: RecordReader | None, model: str, domain: list[tuple[str, str, object]]) -> list[RecordRef]:
    if model not in models():
        raise UnknownModel(f"A proposal is about one of {', '.join(models())}.")
    if records is None:
        raise RecordUnreadable("No Odoo is connected here, so only the candidates can be chosen.")
    try:
        rows = records.search_read(model, domain, ["name"], limit=MOST, order="name")
    except RecordsError as error:
        raise RecordUnreadable(f"Odoo could not be searched. {error}") from error
    return [RecordRef(model=model, id=row["id"], name=row["name"]) for row in rows]
