"""Settings of the service: from the environment (`TRIAGE_…`), else defaults that work on one machine."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import replace
from datetime import time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from tools.mailbox.accounts import Accounts
from tools.odoo.errors import SettingUnusable
from tools.odoo.settings import OdooSettings
from tools.operator_file import OperatorFileError

if TYPE_CHECKING:
    from review.targets import Endpoints


class SettingsError(Exception):
    """A setting cannot be used. The message names it and the next step."""


class Settings(BaseSettings):
    """What an operator may set. Paths are taken relative to the working directory.

    `records` is a records snapshot (JSON) that stands in for a live Odoo; `mailboxes` the file of docs/mailbox.md,
    `handoff` that of docs/handoff.md, `policy` that of docs/policy.md. What was approved and is not in Odoo `receipt_hours`
    after it was handed on counts as overdue. Messages that are finished are erased after `retention_days`; without it,
    never. Items past their deadline by `overdue_hours` raise an alert, and so does a mailbox without a new message for
    `mailbox_silent_hours`.
    `demo` lets a visitor change between the demo's people; it belongs on a loopback address only. Hours are
    wall-clock hours. `webhook_secrets` is a folder with one file a carrier service, which holds the secret that it
    signs with. `intake_bytes` is the size up to which a post or mail is taken over HTTP. `authserv_id` names the
    receiving mail server, whose Authentication-Results are believed. Within `undo_seconds` a decision can be taken back;
    nothing of it leaves before. A claim lasts `claim_minutes` unless it is renewed. An approval within
    `quick_seconds` of the same person's decision before counts as one that left no time to read. The `oidc_…` name an identity
    provider, see docs/people.md. `labels_from_decisions` is the operator's consent that messages decided on become
    labelled cases, redacted, here. The briefing of a day is made at `briefing_at` in `briefing_zone`, see
    docs/briefing.md.
    """

    model_config = SettingsConfigDict(env_prefix="TRIAGE_", extra="ignore")

    data_dir: Path = Path("data")
    database_url: str | None = None
    records: Path | None = None
    mailboxes: Path | None = None
    handoff: Path | None = None
    receipt_hours: float = Field(24.0, gt=0)
    policy: Path | None = None
    retention_days: float | None = Field(None, gt=0)
    overdue_hours: float = Field(4.0, ge=0)
    mailbox_silent_hours: float = Field(72.0, gt=0)
    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)
    base_url: str | None = None
    session_secret_file: Path | None = None
    session_hours: int = 12
    sign_in_hours: int = 24
    secure_cookies: bool = False
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret_file: Path | None = None
    oidc_scope: str = "openid email profile"
    oidc_name_claim: str = "email"
    oidc_roles_claim: str | None = None
    oidc_name: str = "your organisation"
    demo: bool = False
    odoo_url: str | None = None
    odoo_database: str | None = None
    odoo_login: str | None = None
    odoo_key_file: Path | None = None
    odoo_ca_file: Path | None = None
    odoo_protocol: Literal["auto", "odoorpc", "json2"] = "auto"
    odoo_timeout: float = Field(30.0, gt=0)
    odoo_companies: tuple[int, ...] = ()
    odoo_allow_writing_account: bool = False
    odoo_sync_seconds: float = Field(60.0, gt=0)
    odoo_reconcile_minutes: float = Field(60.0, gt=0)
    odoo_portal_login: str | None = None
    odoo_portal_key_file: Path | None = None
    webhook_secrets: Path | None = None
    intake_bytes: int = Field(40_000_000, ge=1_000)
    authserv_id: str | None = None
    labels_from_decisions: bool = False
    undo_seconds: float = Field(30.0, ge=0)
    claim_minutes: float = Field(10.0, gt=0)
    quick_seconds: float = Field(2.0, ge=0)
    briefing_at: time = time(7)
    briefing_zone: str = "UTC"
    briefing_readers: tuple[str, ...] = ()
    smtp_host: str | None = None
    smtp_port: int = Field(587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_login: str | None = None
    smtp_password_file: Path | None = None
    smtp_from: str = ""

    @property
    def time_zone(self) -> ZoneInfo:
        """Where the briefing's local time is told. Raises SettingsError."""
        try:
            return ZoneInfo(self.briefing_zone)
        except (KeyError, ValueError, OSError) as error:
            said = f"TRIAGE_BRIEFING_ZONE names no time zone: {self.briefing_zone!r}. Use one such as Europe/Berlin."
            raise SettingsError(said) from error

    def check_mail(self) -> None:
        """Raises SettingsError where the briefing has readers and cannot be sent."""
        if not self.briefing_readers:
            return
        needed = {"SMTP_HOST": self.smtp_host, "SMTP_FROM": self.smtp_from}
        if missing := [f"TRIAGE_{name}" for name, value in needed.items() if not value]:
            raise SettingsError(f"TRIAGE_BRIEFING_READERS is set, so {' and '.join(missing)} must be too.")
        if odd := [reader for reader in self.briefing_readers if not re.fullmatch(r"[^\s@<>,]+@[^\s@<>,]+", reader)]:
            raise SettingsError(f"TRIAGE_BRIEFING_READERS holds what is no mail address: {', '.join(odd)}.")
        if self.smtp_login is not None:
            self.smtp_password()

    def smtp_password(self) -> str:
        """The password of `smtp_login`. Raises SettingsError."""
        try:
            if self.smtp_password_file is None:
                raise SettingsError("TRIAGE_SMTP_LOGIN is set, so TRIAGE_SMTP_PASSWORD_FILE must be too.")
            return self.smtp_password_file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise SettingsError(f"TRIAGE_SMTP_PASSWORD_FILE cannot be read: {error}") from error

    @property
    def url(self) -> str:
        """The database's URL: the given one, or SQLite in the data directory."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'triage.db').resolve()}"

    @property
    def undo_window(self) -> timedelta:
        """How long a decision can be taken back."""
        return timedelta(seconds=self.undo_seconds)

    @property
    def claim_lease(self) -> timedelta:
        """How long a claim lasts unless it is renewed."""
        return timedelta(minutes=self.claim_minutes)

    @property
    def raw_dir(self) -> Path:
        """Where messages are kept as they came."""
        return self.data_dir / "raw"

    @property
    def runs_dir(self) -> Path:
        """Where the runs of `triage eval run` are looked for that engineers see at the desk."""
        return self.data_dir / "runs"

    @property
    def index_dir(self) -> Path:
        """Where the index of the records is kept, which can be built anew."""
        return self.data_dir / "index"

    @property
    def public_url(self) -> str:
        """Where people reach the pages, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.base_url or f"http://{host}:{self.port}").rstrip("/")

    @property
    def odoo(self) -> OdooSettings | None:
        """The live Odoo to read, when one is set. Raises SettingsError when a part of it is missing."""
        if self.odoo_url is None:
            return None
        needed = {"DATABASE": self.odoo_database, "LOGIN": self.odoo_login, "KEY_FILE": self.odoo_key_file}
        if missing := [f"TRIAGE_ODOO_{name}" for name, value in needed.items() if not value]:
            raise SettingsError(f"TRIAGE_ODOO_URL is set, so {' and '.join(missing)} must be too.")
        try:
            return OdooSettings(
                url=self.odoo_url,
                database=str(self.odoo_database),
                login=str(self.odoo_login),
                key_file=Path(str(self.odoo_key_file)),
                ca_file=self.odoo_ca_file,
                protocol=self.odoo_protocol,
                timeout=self.odoo_timeout,
                companies=self.odoo_companies,
            )
        except SettingUnusable as error:
            raise SettingsError(f"TRIAGE_ODOO_URL: {error}") from error

    @property
    def odoo_portal(self) -> OdooSettings | None:
        """The account that portal messages are read with, when one is set. Raises SettingsError when a part is missing."""
        login, key_file = self.odoo_portal_login, self.odoo_portal_key_file
        if login is None and key_file is None:
            return None
        if self.odoo is None or not login or key_file is None:
            needed = "TRIAGE_ODOO_URL, TRIAGE_ODOO_PORTAL_LOGIN and TRIAGE_ODOO_PORTAL_KEY_FILE"
            raise SettingsError(f"Portal messages need {needed} together.")
        return replace(self.odoo, login=login, key_file=key_file)

    @property
    def odoo_stale_after(self) -> timedelta:
        """The age from which the mirror is older than it should ever be while Odoo answers."""
        return max(timedelta(minutes=10), 3 * timedelta(seconds=self.odoo_sync_seconds))

    def mailbox_accounts(self) -> Accounts:
        """The mailboxes that are connected, by name; none without `mailboxes`. Raises SettingsError."""
        from tools.mailbox.accounts import AccountsError, load_accounts

        try:
            return load_accounts(self.mailboxes) if self.mailboxes is not None else {}
        except AccountsError as error:
            raise SettingsError(str(error)) from error

    def endpoints(self) -> Endpoints:
        """Where approved decisions and alerts go; nowhere without `handoff`. Raises SettingsError."""
        from review.targets import Endpoints, load_targets

        try:
            return load_targets(self.handoff) if self.handoff is not None else Endpoints()
        except OperatorFileError as error:
            raise SettingsError(str(error)) from error

    def oidc_secret(self) -> str | None:
        """The identity provider's secret for this client; none for a public client. Raises SettingsError."""
        if self.oidc_client_id is None:
            raise SettingsError("TRIAGE_OIDC_ISSUER is set, so TRIAGE_OIDC_CLIENT_ID must be too.")
        issuer = urlsplit(self.oidc_issuer or "")
        if issuer.scheme != "https" and issuer.hostname not in ("127.0.0.1", "::1", "localhost"):
            raise SettingsError(f"TRIAGE_OIDC_ISSUER must begin with https://, not with {self.oidc_issuer}.")
        if self.oidc_client_secret_file is None:
            return None
        try:
            return self.oidc_client_secret_file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError) as error:
            raise SettingsError(f"TRIAGE_OIDC_CLIENT_SECRET_FILE cannot be read: {error}") from error

    def session_secret(self) -> str:
        """The key that signs sessions: from `session_secret_file`, or made once in the data directory (mode 0600)."""
        if self.session_secret_file is not None:
            secret = self.session_secret_file.read_text().strip()
            if len(secret) < 32:
                what = f"{self.session_secret_file} holds fewer than 32 characters: put a longer one there."
                raise SettingsError(what)
            return secret
        path = self.data_dir / "session.secret"
        self.data_dir.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return path.read_text().strip()
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
        return path.read_text().strip()
