"""Proof that the account which is read with cannot write, as Odoo itself says.

An internal user counts as one that writes, whatever its rights: it can reserve stock, post messages and invoices, and
create activities without a right to write in any of the models that are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tools.odoo.access import MODELS
from tools.odoo.errors import OdooError
from tools.odoo.reader import OdooReader

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


class AccountProof:
    """Whether an account is known to only read. `notice` is what every page shows; None when there is nothing to say."""

    def __init__(self, reader: OdooReader, *, allow_writing: bool, login: str) -> None:
        self._reader = reader
        self._allow_writing = allow_writing
        self._login = login
        self.proved = False
        self.notice: str | None = "Whether the Odoo account can only read is not checked yet."

    def prove(self, writing: Callable[[OdooReader], dict[str, list[str]]] = writes) -> None:
        """Asks Odoo. Raises WritingAccount for an account that can write, unless that is allowed."""
        if self._reader.in_group(INTERNAL):
            able = "is an internal user, which can write in many places"
        elif found := writing(self._reader):
            model, operations = next(iter(found.items()))
            able = f"may {', '.join(operations)} {model}" + (f" and {len(found) - 1} more" if len(found) > 1 else "")
        else:
            self.proved, self.notice = True, None
            return
        said = f"The Odoo account {self._login!r} {able}."
        if not self._allow_writing:
            raise WritingAccount(
                f"{said} Exception Desk only reads and wants an account that can do nothing else: "
                "`triage odoo setup-script` makes one. To use this account all the same, set "
                "TRIAGE_ODOO_ALLOW_WRITING_ACCOUNT=true; every page will say so."
            )
        self.proved, self.notice = True, f"{said} Give Exception Desk an account that can only read."
