"""Proof that the account which is read with cannot write, as Odoo itself says; without it nothing is read.

An internal user counts as one that writes, whatever its rights: it can reserve stock, post messages and invoices, and
create activities without a right to write in any of the models that are read.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from datetime import datetime

from tools.odoo.access import MODELS
from tools.odoo.errors import OdooError
from tools.odoo.reader import OdooReader
from tools.records import Domain, Row

WRITING = ("write", "create", "unlink")
INTERNAL = "base.group_user"


class WritingAccount(OdooError):
    """The account could change something in Odoo."""


def writes(reader: OdooReader, models: Iterable[str] = MODELS) -> dict[str, list[str]]:
    """What the account could do, by model: any of `write`, `create` and `unlink`. Empty for one that only reads."""
    found = {}
    for model in models:
        if reader.fields_of(model) and (able := [operation for operation in WRITING if reader.may(model, operation)]):
            found[model] = able
    return found


class ProvedReader:
    """Reads through `reader` once Odoo has said that the account can only read, or where one that writes is allowed.

    `notice` is what every page shows; None when there is nothing to say."""

    def __init__(self, reader: OdooReader, *, allow_writing: bool, login: str) -> None:
        self._reader = reader
        self._allow_writing = allow_writing
        self._login = login
        self._proving = threading.Lock()
        self._proved = False
        self.notice: str | None = "Whether the Odoo account can only read is not known yet: Odoo has not answered."

    def prove(self) -> None:
        """Asks Odoo, until it has once answered. Raises WritingAccount for an account that can write, unless that is
        allowed, and the errors of `tools.odoo.errors`."""
        with self._proving:
            if not self._proved:
                self.notice = self._ask()
                self._proved = True

    def _ask(self) -> str | None:
        if self._reader.in_group(INTERNAL):
            able = "is an internal user, which can write in many places"
        elif found := writes(self._reader):
            model, operations = next(iter(found.items()))
            able = f"may {', '.join(operations)} {model}" + (f" and {len(found) - 1} more" if len(found) > 1 else "")
        else:
            return None
        said = f"The Odoo account {self._login!r} {able}."
        if self._allow_writing:
            return f"{said} Give Exception Desk an account that can only read."
        raise WritingAccount(
            f"{said} Exception Desk only reads and wants an account that can do nothing else: `triage odoo setup-script` "
            "tells how to make one. To use this account all the same, set TRIAGE_ODOO_ALLOW_WRITING_ACCOUNT=true; every "
            "page will say so."
        )

    def search_read(
        self,
        model: str,
        domain: Domain = (),
        fields: Sequence[str] | None = None,
        *,
        limit: int | None = None,
        order: str | None = None,
    ) -> list[Row]:
        self.prove()
        return self._reader.search_read(model, domain, fields, limit=limit, order=order)

    def read(self, model: str, ids: Sequence[int], fields: Sequence[str] | None = None) -> list[Row]:
        self.prove()
        return self._reader.read(model, ids, fields)

    def search_count(self, model: str, domain: Domain = ()) -> int:
        self.prove()
        return self._reader.search_count(model, domain)

    def version(self) -> str:
        self.prove()
        return self._reader.version()

    def as_of(self) -> datetime | None:
        return None
