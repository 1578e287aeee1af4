"""What SQLite and PostgreSQL spell differently: hours between two moments, names in a JSON text, and a median."""

from __future__ import annotations

import math
from typing import Any

from sqlalchemy import ColumnElement, Double, Select, SQLColumnExpression, TableValuedAlias, Text, cast, func, select
from sqlalchemy.dialects.postgresql import JSON as POSTGRESQL_JSON
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement


class hours_between(FunctionElement[float]):
    """Hours from the first moment to the second."""

    type = Double()
    inherit_cache = True


@compiles(hours_between, "sqlite")
def _sqlite_hours(element: Any, compiler: Any, **options: Any) -> str:
    first, second = (compiler.process(clause, **options) for clause in element.clauses)
    return f"((julianday({second}) - julianday({first})) * 24.0)"


@compiles(hours_between, "postgresql")
def _postgresql_hours(element: Any, compiler: Any, **options: Any) -> str:
    first, second = (compiler.process(clause, **options) for clause in element.clauses)
    return f"(EXTRACT(EPOCH FROM ({second} - {first})) / 3600.0)"


def names_in(session: Session, column: SQLColumnExpression[Any]) -> tuple[TableValuedAlias, ColumnElement[str]]:
    """The texts of a column that holds a JSON list of them: what to join with, and the text."""
    if session.get_bind().dialect.name == "postgresql":
        rows = func.json_array_elements_text(cast(column, POSTGRESQL_JSON)).table_valued("value").render_derived()
    else:
        rows = func.json_each(column).table_valued("value")
    return rows, cast(rows.c.value, Text)


def quantile(session: Session, rows: Select[*tuple[Any, ...]], share: float = 0.5) -> float | None:
    """The value below or at which this share of the rows' `value`s lie (nearest rank), None without any."""
    values = rows.subquery()
    known = select(values.c.value).where(values.c.value.is_not(None))
    count = session.scalar(select(func.count()).select_from(known.subquery())) or 0
    if not count:
        return None
    rank = max(math.ceil(share * count), 1)
    found = session.scalar(known.order_by(values.c.value).offset(rank - 1).limit(1))
    return None if found is None else float(found)
