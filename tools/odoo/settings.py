"""Where a live Odoo is and as whom to read it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from tools.odoo.errors import SettingUnusable

Protocol = Literal["auto", "odoorpc", "json2"]


@dataclass(frozen=True)
class OdooSettings:
    """One Odoo server, database and account.

    `key_file` holds an API key (or, for odoorpc, a password) and is read anew for each call, so that the key can be
    changed without a restart. `ca_file` is a PEM file of authorities to trust in place of the system's. `timeout` is in
    seconds and bounds each wait for the server; a call is tried `attempts` times in all. `companies` are ids; none
    means all companies of the account. Raises SettingUnusable for an address that is not one of an Odoo server.
    """

    url: str
    database: str
    login: str
    key_file: Path
    ca_file: Path | None = None
    protocol: Protocol = "auto"
    timeout: float = 30.0
    attempts: int = 3
    companies: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            usable = False
        if not usable or parts.path.strip("/") or parts.query or parts.fragment or parts.username:
            raise SettingUnusable(
                f"{self.url!r} is not the address of an Odoo server. Give scheme, host and port alone, such as "
                "https://odoo.example.com or http://odoo:8069, and the database as its own setting."
            )

    @property
    def host(self) -> str:
        host = urlsplit(self.url).hostname or ""
        return f"[{host}]" if ":" in host else host

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or (443 if self.encrypted else 80)

    @property
    def encrypted(self) -> bool:
        return urlsplit(self.url).scheme == "https"

    @property
    def root(self) -> str:
        """The address without a slash at the end."""
        return f"{'https' if self.encrypted else 'http'}://{self.host}:{self.port}"

    def key(self) -> str:
        """The key as the file holds it now. Raises SettingUnusable when there is none."""
        try:
            key = self.key_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingUnusable(
                f"The key file {self.key_file} cannot be read ({error.__class__.__name__}). Put Odoo's API key there, "
                "readable by the service alone."
            ) from error
        if not key or not key.isascii() or not key.isprintable():
            raise SettingUnusable(f"The key file {self.key_file} does not hold one line with an API key.")
        return key

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """Certificates and host names are always checked. Raises SettingUnusable for a CA file without authorities."""
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise SettingUnusable(
                f"The CA file {self.ca_file} cannot be used ({error.strerror or error.__class__.__name__}). It must hold "
                "certificates in PEM form."
            ) from error
