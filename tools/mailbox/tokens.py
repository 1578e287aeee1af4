"""Access tokens for XOAUTH2: fetched from the provider, kept until shortly before they end, renewed when refused.

Two flows of RFC 6749: client credentials (4.4), for a mailbox that an application may open, and refresh token (6), for
one person's consent. Microsoft may answer with a new refresh token, which replaces the old one in its file.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from tools.mailbox.accounts import OAuth, secret
from tools.mailbox.errors import LoginRefused, Unreachable

logger = logging.getLogger(__name__)

EARLY_SECONDS = 120.0
LARGEST_ANSWER = 100_000
_TO_DO = {
    "invalid_grant": "The refresh token is no longer accepted: give consent again and put the new token into its file.",
    "invalid_client": "Check the client id and the client secret; secrets expire.",
    "unauthorized_client": "Allow the application this kind of access at the provider.",
    "invalid_scope": "Check `scope`, and the application's permissions.",
}


class TokenSource:
    """The access token of one account; safe to share between the threads of its folders."""

    def __init__(self, settings: OAuth, timeout: float = 30.0) -> None:
        self._settings, self._timeout = settings, timeout
        self._lock = threading.Lock()
        self._token, self._ends = "", 0.0
        self._refresh: str | None = None

    def token(self) -> str:
        """A token that is valid for two more minutes. Raises LoginRefused or Unreachable."""
        with self._lock:
            if time.monotonic() >= self._ends:
                self._renew()
            return self._token

    def refused(self, token: str) -> None:
        """The mail server did not take `token`: the next call fetches another."""
        with self._lock:
            if token == self._token:
                self._ends = 0.0

    def _renew(self) -> None:
        settings = self._settings
        form = {"client_id": settings.client_id}
        if settings.refresh_token_file is not None:
            held = self._refresh or secret(settings.refresh_token_file, None)
            form |= {"grant_type": "refresh_token", "refresh_token": held}
        else:
            form |= {"grant_type": "client_credentials"}
        if (client_secret := settings.client_secret()) is not None:
            form["client_secret"] = client_secret
        if settings.asked_scope:
            form["scope"] = settings.asked_scope
        try:
            answer = self._post(form)
        except LoginRefused:
            self._refresh = None  # the file may hold a newer one by now
            raise
        token = answer.get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
            raise LoginRefused(f"{settings.endpoint} answered without a usable access token.")
        try:
            lives = float(answer.get("expires_in", 300))
        except (TypeError, ValueError):
            lives = 300.0
        self._token, self._ends = token, time.monotonic() + max(0.0, lives - EARLY_SECONDS)
        new = answer.get("refresh_token")
        if settings.refresh_token_file is not None and isinstance(new, str) and new and new != form["refresh_token"]:
            self._keep(settings.refresh_token_file, new)

    def _keep(self, path: Path, new: str) -> None:
        self._refresh = new
        try:
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
            with os.fdopen(handle, "w") as file:
                file.write(new + "\n")
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except OSError as error:
            what = "The provider gave a new refresh token, which cannot be written to %s (%s): make it writable."
            logger.warning(what, path, error.strerror)

    def _post(self, form: dict[str, str]) -> dict[str, Any]:
        url = self._settings.endpoint
        request = urllib.request.Request(url, urllib.parse.urlencode(form).encode(), {"Accept": "application/json"})
        # A redirect would carry the secrets elsewhere.
        opener = urllib.request.build_opener(_NoRedirect)
        try:
            with opener.open(request, timeout=self._timeout) as response:
                answer = json.loads(response.read(LARGEST_ANSWER))
        except urllib.error.HTTPError as error:
            raise self._refusal(error) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise Unreachable(f"No token from {url}: {reason}. Check the network and `token_url`.") from error
        return answer if isinstance(answer, dict) else {}

    def _refusal(self, error: urllib.error.HTTPError) -> LoginRefused | Unreachable:
        url = self._settings.endpoint
        try:
            said = json.loads(error.read(LARGEST_ANSWER))
            code, text = str(said.get("error", "")), str(said.get("error_description", "")).split("\n")[0][:300]
        except (OSError, ValueError, AttributeError):
            code, text = "", ""
        if error.code >= 500 or error.code == 429:
            return Unreachable(f"{url} cannot give a token now (HTTP {error.code}). It is tried again.")
        next_step = _TO_DO.get(code, "Check `oauth` in the mailbox's settings.")
        return LoginRefused(f"{url} refuses a token: {code or f'HTTP {error.code}'} {text}".strip() + f" {next_step}")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None
