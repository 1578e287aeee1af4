"""The JSON-RPC protocol, as `odoorpc` speaks it: Odoo 17 to 21, with an API key or a password.

Of odoorpc only `login` and `execute_kw` are used: its record objects write to Odoo when they are assigned to.
"""

from __future__ import annotations

import http.client
import json
import logging
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from tools.odoo import answers
from tools.odoo.access import require_allowed
from tools.odoo.errors import LoginRefused
from tools.odoo.settings import OdooSettings

LOGGERS = ("odoorpc", "odoorpc.odoo", "odoorpc.rpc", "odoorpc.rpc.jsonrpclib")


class OdoorpcWire:
    def __init__(self, settings: OdooSettings) -> None:
        for name in LOGGERS:  # at DEBUG they write the key of each call
            logging.getLogger(name).setLevel(logging.WARNING)
        self._settings = settings
        self._signing_in = threading.Lock()
        self._session: Any = None
        self._key = ""

    def call(self, model: str, method: str, ids: Sequence[int] | None = None, **arguments: Any) -> Any:
        require_allowed(model, method)
        with self._translated(f"{model}.{method}"):
            return self._signed_in().execute_kw(model, method, [] if ids is None else [list(ids)], arguments)

    def _signed_in(self) -> Any:
        """A session with the key that the file holds now."""
        key = self._settings.key()
        with self._signing_in:
            if self._session is None or key != self._key:
                import odoorpc

                session = odoorpc.ODOO(
                    self._settings.host,
                    protocol="jsonrpc+ssl" if self._settings.encrypted else "jsonrpc",
                    port=self._settings.port,
                    timeout=self._settings.timeout,
                    opener=_opener(self._settings),
                )
                session.login(self._settings.database, self._settings.login, key)
                self._session, self._key = session, key
            return self._session

    @contextmanager
    def _translated(self, call: str) -> Iterator[None]:
        from odoorpc.error import RPCError

        try:
            yield
        except RPCError as error:
            if not error.info:  # odoorpc's own word for a login that gave no user
                raise answers.login_refused(self._settings) from None
            data = error.info.get("data") or {}
            translated = answers.named(self._settings, call, str(data.get("name", "")), str(data.get("message", "")))
            if isinstance(translated, LoginRefused):
                self._session = None
            # The cause is cut off: its `info` holds the server's traceback.
            raise translated from None
        except urllib.error.HTTPError as error:
            raise answers.status(self._settings, call, error.code, dict(error.headers)) from None
        except (json.JSONDecodeError, UnicodeDecodeError):
            raise answers.not_odoo(self._settings, "with something else than JSON") from None
        except (KeyError, TypeError, AttributeError):  # odoorpc takes a JSON answer apart without looking at it
            raise answers.not_odoo(self._settings, "with unknown JSON") from None
        except (OSError, http.client.HTTPException) as error:
            raise answers.broken(self._settings, error) from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an error: the key must not follow it to another place."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def _opener(settings: OdooSettings) -> urllib.request.OpenerDirector:
    secure = [urllib.request.HTTPSHandler(context=settings.tls)] if settings.encrypted else []
    return urllib.request.build_opener(_NoRedirect(), *secure)
