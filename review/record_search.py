"""Finding a record in Odoo by what a person types: for a proposal that is about another one than was thought, and for what
is taught of a product or a partner."""

from __future__ import annotations

from agent.proposal import RecordRef
from agent.taxonomy import taxonomy
from review.edits import InvalidEdit
from review.refusals import DecisionError, RecordUnreadable
from tools.records import Domain, RecordReader, RecordsError

MOST = 20
SHOWN = 6


class NotOneRecord(DecisionError):
    """What was typed names nothing, or several things."""

    status = 422


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


def find_product(records: RecordReader | None, words: str) -> RecordRef:
    """The one product with this code or barcode, else with `words` in its name. Raises NotOneRecord, RecordUnreadable."""
    return _the_one(records, "product.product", ("default_code", "barcode"), words)


def find_partner(records: RecordReader | None, words: str) -> RecordRef:
    """The one company with this reference, else with `words` in its name. Raises NotOneRecord or RecordUnreadable."""
    return _the_one(records, "res.partner", ("ref",), words)


def _the_one(records: RecordReader | None, model: str, codes: tuple[str, ...], words: str) -> RecordRef:
    if not words:
        raise NotOneRecord("Say which one: by its code or name.")
    companies: Domain = [("parent_id", "=", False)] if model == "res.partner" else []
    for field, operator in (*((code, "=ilike") for code in codes), ("name", "=ilike"), ("name", "ilike")):
        found = _search(records, model, [*companies, (field, operator, words)])
        if len(found) == 1:
            return found[0]
        if found:
            named = "; ".join(ref.name for ref in found[:SHOWN])
            raise NotOneRecord(
                f"Several fit {words}: {named}{' …' if len(found) > SHOWN else ''}. Say it more exactly."
            )
    raise NotOneRecord(f"Nothing in Odoo has the code or name {words}.")


def _read(records: RecordReader | None, model: str, domain: Domain) -> list[RecordRef]:
    if model not in models():
        raise UnknownModel(f"A proposal is about one of {', '.join(models())}.")
    return _search(records, model, domain)


def _search(records: RecordReader | None, model: str, domain: Domain) -> list[RecordRef]:
    if records is None:
        raise RecordUnreadable("No Odoo is connected here, so nothing can be looked up.")
    try:
        rows = records.search_read(model, domain, ["name", "display_name"], limit=MOST, order="name")
    except RecordsError as error:
        raise RecordUnreadable(f"Odoo could not be searched. {error}") from error
    shown = "display_name" if model not in models() else "name"
    return [RecordRef(model=model, id=row["id"], name=str(row.get(shown) or row["name"])) for row in rows]
