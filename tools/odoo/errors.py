"""What can go wrong when Odoo is read. Every message names the cause and the next step, and never a key."""

from __future__ import annotations

from tools.records import RecordsError


class OdooError(RecordsError):
    """Base of all of them."""


class CallForbidden(OdooError):
    """The call is not in the allow-list; it was not sent."""


class SettingUnusable(OdooError):
    """The address, the key file or the CA file cannot be used."""


class Unreachable(OdooError):
    """No whole answer came: server down, name unknown, TLS refused, time-out, cut off, overloaded. Worth a retry.

    `retry_after` is how many seconds the server asked to be left alone, where it said."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class NotOdoo(OdooError):
    """Something answered that does not speak the protocol: a login page, a proxy, another program."""


class LoginRefused(OdooError):
    """Odoo does not know the login and key."""


class UnknownDatabase(OdooError):
    """The server has no database of that name."""


class AccessRefused(OdooError):
    """The account may not read this."""


class BadQuery(OdooError):
    """Odoo does not understand the domain, the order or a field."""


class ModelMissing(OdooError):
    """This Odoo has no such model: an app is not installed."""


class ServerFault(OdooError):
    """Odoo failed while it answered."""
