"""Servers to read from, and settings that point to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.tools.odoo.odoo_server import DATABASE, KEY, LOGIN, OdooServer, running
from tests.tools.reading_records import DATA
from tools.odoo.settings import OdooSettings
from tools.snapshot import SnapshotReader

MAJOR = {"odoorpc": 18, "json2": 19}

SettingsOf = Callable[..., OdooSettings]


@pytest.fixture(params=list(MAJOR))
def protocol(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def odoo(protocol: str) -> Iterator[OdooServer]:
    with running(OdooServer(SnapshotReader(DATA), major=MAJOR[protocol])) as server:
        yield server


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "odoo.key"
    path.write_text(f"{KEY}\n")
    return path


@pytest.fixture
def settings(odoo: OdooServer, protocol: Any, key_file: Path) -> OdooSettings:
    return OdooSettings(odoo.url, DATABASE, LOGIN, key_file, protocol=protocol, timeout=0.4)


@pytest.fixture
def settings_of(key_file: Path) -> SettingsOf:
    base = OdooSettings("http://127.0.0.1:1", DATABASE, LOGIN, key_file, timeout=0.4)
    return lambda **changes: replace(base, **changes)
