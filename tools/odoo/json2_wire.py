"""The JSON-2 protocol: `POST /json/2/<model>/<method>` with an API key, from Odoo 19 on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tools.odoo import answers
from tools.odoo.access import require_allowed
from tools.odoo.settings import OdooSettings

if TYPE_CHECKING:
    import httpx


class Json2Wire:
    def __init__(self, settings: OdooSettings) -> None:
        self._settings = settings

    @cached_property
    def _client(self) -> httpx.Client:
        import httpx

        return httpx.Client(
            base_url=self._settings.root,
            headers={"X-Odoo-Database": self._settings.database},
            timeout=self._settings.timeout,
            verify=self._settings.tls,
        )

    def call(self, model: str, method: str, ids: Sequence[int] | None = None, **arguments: Any) -> Any:
        require_allowed(model, method)
        import httpx

        body = arguments if ids is None else {"ids": list(ids), **arguments}
        signed = {"Authorization": f"bearer {self._settings.key()}"}
        try:
            response = self._client.post(f"/json/2/{model}/{method}", json=body, headers=signed)
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise answers.broken(self._settings, error) from error
        return self._content(response, f"{model}.{method}")

    def _content(self, response: httpx.Response, call: str) -> Any:
        """The JSON of an answer. Odoo 18 answers with its login page, so that the status alone says nothing."""
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            content = response.json() if kind == "application/json" else None
        except ValueError:
            raise answers.not_odoo(self._settings, "with something else than JSON") from None
        if response.is_success and kind == "application/json":
            return content
        if isinstance(content, dict) and "name" in content:
            raise answers.named(self._settings, call, str(content["name"]), str(content.get("message", "")))
        if response.status_code == 404 and "X-Odoo-Database" in response.text:
            raise answers.unknown_database(self._settings)
        if response.is_success:
            raise answers.not_odoo(self._settings, f"with {kind or 'no content type'}")
        raise answers.status(self._settings, call, response.status_code, response.headers)
