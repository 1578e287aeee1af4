"""What a server says of itself to anybody: its version, and the time on its clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from tools.odoo import answers
from tools.odoo.settings import OdooSettings

VERSION_PATH = "/web/webclient/version_info"


@dataclass(frozen=True)
class Server:
    """`version` is as the server names it ("18.0"); `major` its number. `skew` is its clock minus ours, to the second."""

    version: str
    major: int
    skew: timedelta | None


def ask_server(settings: OdooSettings) -> Server:
    """Raises Unreachable or NotOdoo."""
    import httpx

    try:
        with httpx.Client(timeout=settings.timeout, verify=settings.tls) as client:
            response = client.post(
                settings.root + VERSION_PATH, json={"jsonrpc": "2.0", "method": "call", "params": {}}
            )
    except (httpx.TransportError, httpx.DecodingError) as error:
        raise answers.broken(settings, error) from error
    if not response.is_success:
        raise answers.status(settings, "the version", response.status_code, response.headers)
    try:
        version = str(response.json()["result"]["server_version"])
    except (ValueError, KeyError, TypeError):
        raise answers.not_odoo(settings, "with something else than a version") from None
    number = re.search(r"\d+", version)
    return Server(version, int(number[0]) if number else 0, _skew(response.headers.get("date")))


def _skew(date: str | None) -> timedelta | None:
    try:
        return parsedate_to_datetime(date) - datetime.now(UTC).replace(microsecond=0) if date else None
    except (ValueError, TypeError):
        return None
