"""One way of calling a method of a model on a server; there are two, by protocol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class Wire(Protocol):
    def call(self, model: str, method: str, ids: Sequence[int] | None = None, **arguments: Any) -> Any:
        """What the method returns. `ids` are the records it is called on; None for a method of the model itself.

        The allow-list is looked up before anything is sent. Raises the errors of `tools.odoo.errors`."""
        ...
