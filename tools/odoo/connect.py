"""From settings to a reader: which protocol, with which patience. Nothing is sent before the first question."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from tools.odoo.json2_wire import Json2Wire
from tools.odoo.odoorpc_wire import OdoorpcWire
from tools.odoo.reader import OdooReader
from tools.odoo.resilience import ResilientWire
from tools.odoo.server import ask_server
from tools.odoo.settings import OdooSettings
from tools.odoo.wire import Wire

FIRST_WITH_JSON2 = 19


def connect(settings: OdooSettings) -> OdooReader:
    """A reader of the server. It may be away meanwhile: each question raises its own error."""
    wire = ResilientWire(ChosenWire(settings), settings.key, attempts=settings.attempts)
    return OdooReader(wire, companies=settings.companies)


class ChosenWire:
    """The protocol that is set, or that the server's version offers: JSON-2 from Odoo 19 on, odoorpc before."""

    def __init__(self, settings: OdooSettings) -> None:
        self._settings = settings
        self._choosing = threading.Lock()
        self._wire: Wire | None = None

    def call(self, model: str, method: str, ids: Sequence[int] | None = None, **arguments: Any) -> Any:
        return self._chosen().call(model, method, ids, **arguments)

    def _chosen(self) -> Wire:
        with self._choosing:
            if self._wire is None:
                protocol = self._settings.protocol
                if protocol == "auto":
                    offers = ask_server(self._settings).major >= FIRST_WITH_JSON2
                    protocol = "json2" if offers else "odoorpc"
                self._wire = Json2Wire(self._settings) if protocol == "json2" else OdoorpcWire(self._settings)
            return self._wire
