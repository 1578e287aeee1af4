"""What a connection to Odoo is good for: version, clock, companies, what can be read and that nothing can be written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from tools.odoo.access import MODELS
from tools.odoo.account import INTERNAL, writes
from tools.odoo.errors import AccessRefused
from tools.odoo.reader import OdooReader
from tools.odoo.server import ask_server
from tools.odoo.settings import OdooSettings

MOST_SKEW = timedelta(minutes=2)


@dataclass(frozen=True)
class ModelCheck:
    """One model: whether it is `installed` and `readable`, its number of `rows`, the wanted fields that it lacks, and
    what of write, create and unlink the account may do."""

    model: str
    installed: bool
    readable: bool = False
    rows: int | None = None
    lacking: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Check:
    """`skew` is Odoo's clock minus ours in seconds. `problems` are sentences; there are none when all is well."""

    url: str
    version: str
    skew: float | None
    login: str
    user_id: int
    internal: bool
    companies: list[str]
    models: list[ModelCheck]
    problems: list[str]

    @property
    def can_write(self) -> bool:
        return self.internal or any(model.writes for model in self.models)


def check(
    settings: OdooSettings,
    reader: OdooReader,
    wanted: Mapping[str, Sequence[str]],
    progress: Callable[[str], None] = lambda model: None,
) -> Check:
    """Asks for everything that is read: models of the allow-list, and of the `wanted` ones their fields.

    Raises the errors of `tools.odoo.errors` when there is no use in going on: no answer, no such database, no login."""
    server = ask_server(settings)
    user_id = reader.user_id
    internal = reader.in_group(INTERNAL)
    companies = [str(row["name"]) for row in reader.search_read("res.company", fields=("name",))]
    models = []
    for model in MODELS:
        progress(model)
        models.append(_check_model(reader, model, wanted.get(model, ())))
    found = Check(
        url=settings.root,
        version=server.version,
        skew=server.skew.total_seconds() if server.skew is not None else None,
        login=settings.login,
        user_id=user_id,
        internal=internal,
        companies=companies,
        models=models,
        problems=[],
    )
    found.problems.extend(_problems(found, wanted))
    return found


def _check_model(reader: OdooReader, model: str, wanted: Sequence[str]) -> ModelCheck:
    try:
        known = reader.fields_of(model)
    except AccessRefused:
        return ModelCheck(model, installed=True)
    if not known:
        return ModelCheck(model, installed=False)
    able = writes(reader, [model]).get(model, [])
    try:
        rows = reader.search_count(model)
        reader.search_read(model, fields=wanted, limit=1)
    except AccessRefused:
        return ModelCheck(model, installed=True, writes=able)
    return ModelCheck(
        model, installed=True, readable=True, rows=rows, lacking=[f for f in wanted if f not in known], writes=able
    )


def _problems(found: Check, wanted: Mapping[str, Sequence[str]]) -> list[str]:
    said = []
    if found.internal:
        said.append(
            f"The account {found.login!r} is an internal user: it can reserve stock, post messages and invoices and more. "
            "Take it out of Odoo's user types; `triage odoo setup-script` makes an account that can only read."
        )
    able = [f"{model.model} ({', '.join(model.writes)})" for model in found.models if model.writes]
    if able:
        said.append(
            f"The account {found.login!r} can write: {'; '.join(able)}. Take these rights away from its groups."
        )
    unreadable = [
        model.model for model in found.models if model.installed and not model.readable and model.model in wanted
    ]
    if unreadable:
        said.append(
            f"The account may not read {', '.join(unreadable)}. Give its group the right to read: run the setup script again."
        )
    by_name = {model.model: model for model in found.models}
    if not any(by_name[name].readable for name in ("purchase.order", "sale.order")):
        said.append(
            "There are neither purchase nor sales orders to read. Install one of these apps, or check the rights."
        )
    if not found.companies:
        said.append("The account sees no company. Add the companies to it in Odoo.")
    if found.skew is not None and abs(found.skew) > MOST_SKEW.total_seconds():
        said.append(f"Odoo's clock is {found.skew:+.0f} s away from this machine's. Set both by NTP.")
    return said
