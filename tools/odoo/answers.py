"""From what a server or the network answers to the port's errors. Both protocols name Odoo's exceptions alike.

Of a server's error only its name and message are looked at: `data.debug` is a traceback and is never shown or logged.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

from tools.odoo.errors import (
    AccessRefused,
    BadQuery,
    LoginRefused,
    ModelMissing,
    NotOdoo,
    OdooError,
    ServerFault,
    UnknownDatabase,
    Unreachable,
)
from tools.odoo.settings import OdooSettings

OVERLOADED = frozenset({429, 502, 503, 504})
LONGEST_SAID = 300


def login_refused(settings: OdooSettings) -> LoginRefused:
    return LoginRefused(
        f"Odoo does not accept the login {settings.login!r} with the key in {settings.key_file}. Make a new API key for "
        "the account and put it into that file; no restart is needed."
    )


def unknown_database(settings: OdooSettings) -> UnknownDatabase:
    return UnknownDatabase(
        f"{settings.root} has no database {settings.database!r}. Check its name, and the server's database filter."
    )


def not_odoo(settings: OdooSettings, what: str) -> NotOdoo:
    return NotOdoo(
        f"{settings.root} answered {what}, which is not an answer of Odoo's interface. Check the address, the protocol "
        "that is set, and any proxy or sign-in page in between."
    )


def named(settings: OdooSettings, call: str, name: str, message: str) -> OdooError:
    """The error for an exception of Odoo's, by its qualified name."""
    said = " ".join(message.split("\n")[0].split())[:LONGEST_SAID]
    if name.endswith((".AccessDenied", ".Unauthorized")):
        return login_refused(settings)
    if name.endswith(".AccessError"):
        return AccessRefused(
            f"Odoo refused {call}: {said} Give the account's group the right to read it, and the account the companies "
            "that are asked for."
        )
    if name in ("builtins.ValueError", "werkzeug.exceptions.UnprocessableEntity", "builtins.TypeError"):
        return BadQuery(f"Odoo does not understand {call}: {said}")
    if name in ("odoo.exceptions.UserError", "werkzeug.exceptions.NotFound"):
        return ModelMissing(
            f"This Odoo has not what {call} asks for: {said} Install the app that brings it, or do without."
        )
    if name == "psycopg2.OperationalError" and f'"{settings.database}"' in message:
        return unknown_database(settings)
    if name.startswith(("psycopg2.OperationalError", "psycopg2.pool.PoolError")):
        return Unreachable(f"Odoo at {settings.root} cannot reach its database. It is tried again.")
    return ServerFault(f"Odoo failed in {call} ({name or 'no reason given'}). Its own log says why.")


def status(settings: OdooSettings, call: str, code: int, headers: Mapping[str, Any]) -> OdooError:
    """The error for an HTTP status that does not come from Odoo's own code."""
    if code in OVERLOADED:
        return Unreachable(
            f"{settings.root} is overloaded or away (HTTP {code}). It is tried again.",
            retry_after=_seconds(headers.get("Retry-After")),
        )
    if code >= 500:
        return ServerFault(f"Odoo failed in {call} (HTTP {code}). Its own log says why.")
    if 300 <= code < 400:
        return not_odoo(settings, f"with a redirect (HTTP {code})")
    return not_odoo(settings, f"HTTP {code}")


def broken(settings: OdooSettings, error: BaseException) -> Unreachable:
    """The error for a failure of the network below HTTP."""
    cause = getattr(error, "reason", None) or error.__cause__ or error
    if isinstance(cause, ssl.SSLError) or "CERTIFICATE" in str(cause):
        return Unreachable(
            f"No encrypted connection to {settings.root} ({getattr(cause, 'reason', None) or 'TLS failed'}). Where it has "
            "a private certificate, name its authority with TRIAGE_ODOO_CA_FILE."
        )
    return Unreachable(
        f"{settings.root} gives no whole answer ({cause.__class__.__name__}). Check that Odoo runs and can be reached "
        f"from here, and that {settings.timeout:g} s are enough for it."
    )


def _seconds(value: Any) -> float | None:
    try:
        return max(0.0, float(value))
    except (TypeError, ValueError):
        return None
