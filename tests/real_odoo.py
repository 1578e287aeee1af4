"""A real Odoo server to test against, where `TRIAGE_TEST_ODOO_URL` and its siblings name one.

`…_DB`, `…_LOGIN` and `…_KEY` are of the account that only reads, made by `triage odoo setup-script`; the database holds
purchase and sales orders and is one that tests may change through `…_ADMIN_LOGIN` and `…_ADMIN_PASSWORD`."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tools.odoo.settings import OdooSettings

PREFIX = "TRIAGE_TEST_ODOO_"
WITHOUT = pytest.mark.skipif(f"{PREFIX}URL" not in os.environ, reason=f"{PREFIX}URL names no real Odoo")


def real_settings(folder: Path, **changes: Any) -> OdooSettings:
    """The account that only reads."""
    key = folder / "real-odoo.key"
    key.write_text(os.environ[f"{PREFIX}KEY"])
    named = {"url": os.environ[f"{PREFIX}URL"], "database": os.environ[f"{PREFIX}DB"]}
    return OdooSettings(**{**named, "login": os.environ[f"{PREFIX}LOGIN"], "key_file": key, **changes})


def as_admin(model: str, method: str, *args: Any, **named: Any) -> Any:
    """A call with the administrator's rights, past the port: what the world does to Odoo meanwhile."""
    database, password = os.environ[f"{PREFIX}DB"], os.environ[f"{PREFIX}ADMIN_PASSWORD"]
    answer = raw_call("object", "execute_kw", database, _admin(), password, model, method, list(args), named)
    assert "error" not in answer, answer["error"]["data"]["message"]
    return answer.get("result")


@cache
def _admin() -> int:
    """The administrator's id. Odoo makes each check of a password slow."""
    login, password = os.environ[f"{PREFIX}ADMIN_LOGIN"], os.environ[f"{PREFIX}ADMIN_PASSWORD"]
    return int(raw_call("common", "login", os.environ[f"{PREFIX}DB"], login, password)["result"])


def raw_call(service: str, method: str, *args: Any) -> Any:
    """A call by plain HTTP, with no list of what is allowed in between."""
    import httpx

    params = {"service": service, "method": method, "args": args}
    body = {"jsonrpc": "2.0", "method": "call", "id": 1, "params": params}
    return httpx.post(f"{os.environ[f'{PREFIX}URL']}/jsonrpc", json=body, timeout=60).json()
