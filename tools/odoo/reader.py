"""A live Odoo as a `RecordReader`, whichever version and protocol: fields that it lacks are left out, pages are cut."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from tools.odoo.access import ALLOWED
from tools.odoo.errors import BadQuery, ModelMissing, ServerFault
from tools.odoo.wire import Wire
from tools.records import Domain, Row
from tools.rows import RowReader

PAGE = 1_000
TRUE, FALSE = (1, "=", 1), (0, "=", 1)  # the only constants that Odoo takes for a term of a domain
WATCHED = (
    "res.partner",
    "product.product",
    "purchase.order",
    "purchase.order.line",
    "sale.order",
    "sale.order.line",
    "stock.picking",
    "stock.move",
    "account.move",
)


class OdooReader:
    """Reads through `wire`; archived rows are not hidden. Without `fields`, a row has what Odoo stores, but no
    files and no ids of models outside of the allow-list.

    Of a model that is not installed there are no rows, and an unknown field reads as empty in a domain, as in a
    snapshot. A model outside of the allow-list raises CallForbidden. Whatever else goes wrong is one of
    `tools.odoo.errors`. `companies` are the ids to read; none means all of the account's.
    """

    def __init__(self, wire: Wire, *, companies: Sequence[int] = ()) -> None:
        self._wire = wire
        self._companies = list(companies)
        self._fields: dict[str, dict[str, Row]] = {}
        self._asking = threading.Lock()

    def search_read(
        self,
        model: str,
        domain: Domain = (),
        fields: Sequence[str] | None = None,
        *,
        limit: int | None = None,
        order: str | None = None,
    ) -> list[Row]:
        if not self.fields_of(model) or limit == 0:  # Odoo takes a limit of 0 for none
            return []
        known, names = self._known(model, domain), self._names(model, fields)
        if limit is not None and limit <= PAGE:
            found: list[Row] = self._call(
                model, "search_read", domain=known, fields=names, limit=limit, order=order or "id"
            )
            return found
        if order is not None:
            ids = self._call(model, "search", domain=known, order=order, limit=limit)
            return self.read(model, ids, names)
        rows: list[Row] = []
        while limit is None or len(rows) < limit:
            beyond = [*known, ("id", ">", rows[-1]["id"])] if rows else known
            size = PAGE if limit is None else min(PAGE, limit - len(rows))
            page = self._call(model, "search_read", domain=beyond, fields=names, limit=size, order="id")
            rows += page
            if len(page) < size:
                break
        return rows

    def read(self, model: str, ids: Sequence[int], fields: Sequence[str] | None = None) -> list[Row]:
        """Missing ids are left out by Odoo. A record of another company raises AccessRefused."""
        if not ids or not self.fields_of(model):
            return []
        names = self._names(model, fields)
        rows: list[Row] = []
        for start in range(0, len(ids), PAGE):
            rows += self._call(model, "read", ids[start : start + PAGE], fields=names)
        return rows

    def search_count(self, model: str, domain: Domain = ()) -> int:
        if not self.fields_of(model):
            return 0
        return int(self._call(model, "search_count", domain=self._known(model, domain)))

    def version(self) -> str:
        """The newest write dates of what the agent looks at: one call a model, and blind to deletions."""
        newest = []
        for model in WATCHED:
            rows = self.search_read(model, fields=("write_date",), order="write_date desc, id desc", limit=1)
            newest += [f"{row['id']}@{row['write_date']}" for row in rows]
        return "odoo-" + "|".join(newest)

    def as_of(self) -> datetime | None:
        return None

    def fields_of(self, model: str) -> dict[str, Row]:
        """The fields that the account sees of a model, with `type`, `store` and `relation`; none when it is not installed."""
        if model not in self._fields:
            with self._asking:
                if model not in self._fields:
                    try:
                        self._fields[model] = self._call(model, "fields_get", attributes=["type", "store", "relation"])
                    except ModelMissing:
                        self._fields[model] = {}
        return self._fields[model]

    def may(self, model: str, operation: str) -> bool:
        """Whether the account may `read`, `write`, `create` or `unlink` rows of a model, as Odoo says."""
        try:
            return bool(self._call(model, "has_access", [], operation=operation))
        except ServerFault:  # Odoo 17 does not know it
            answer = self._call(model, "check_access_rights", operation=operation, raise_exception=False)
            return bool(answer)

    def in_group(self, group: str) -> bool:
        """Whether the account is in a group, by its external id."""
        try:
            return bool(self._call("res.users", "has_group", [self.user_id], group_ext_id=group))
        except BadQuery:  # Odoo 17 asks it of the model, and means whoever asks
            return bool(self._call("res.users", "has_group", group_ext_id=group))

    @property
    def user_id(self) -> int:
        return int(self._account["uid"])

    @cached_property
    def _account(self) -> dict[str, Any]:
        found: dict[str, Any] = self._wire.call("res.users", "context_get")
        return found

    @cached_property
    def _context(self) -> dict[str, Any]:
        companies = {"allowed_company_ids": self._companies} if self._companies else {}
        return {"lang": self._account.get("lang") or "en_US", "active_test": False, **companies}

    def _call(self, model: str, method: str, ids: Sequence[int] | None = None, **arguments: Any) -> Any:
        try:
            return self._wire.call(model, method, ids, context=self._context, **arguments)
        except BadQuery:
            self._fields.pop(model, None)  # an upgrade may have taken a field away
            raise

    def _names(self, model: str, fields: Sequence[str] | None) -> list[str]:
        """The fields to ask for: one that is unknown would fail the whole call."""
        known = self.fields_of(model)
        if fields is None:
            return [name for name, field in known.items() if field.get("store") and _readable(field)]
        return [name for name in dict.fromkeys(fields) if name in known] or ["id"]  # Odoo takes none for all

    def _known(self, model: str, domain: Domain) -> list[Any]:
        """The domain, with each term on an unknown field put as what it says of an empty value: true or false."""
        known = self.fields_of(model)
        nothing = RowReader({model: {1: {"id": 1}}})

        def term(leaf: Any) -> Any:
            if not isinstance(leaf, (list, tuple)) or len(leaf) != 3 or not isinstance(leaf[0], str):
                return leaf
            field, operator, value = leaf
            if field.split(".")[0] not in known:
                return TRUE if nothing.search_count(model, [leaf]) else FALSE
            return (field, operator, sorted(value) if isinstance(value, (set, frozenset)) else value)

        return [term(leaf) for leaf in domain]


def _readable(field: Row) -> bool:
    """Ids of records that the account may not see fail the whole call; a many2one is given with its name all the same."""
    kind = field.get("type")
    return kind != "binary" and (kind not in ("one2many", "many2many") or field.get("relation") in ALLOWED)
