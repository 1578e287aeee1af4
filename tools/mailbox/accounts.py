"""The mailboxes that an operator connects: one YAML file, checked before it is used, errors with line and field.

Secrets never stand in it. They are read from the file or environment variable that it names, each time anew, so that a
changed password needs no restart.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, model_validator

from tools import operator_file
from tools.mailbox.errors import LoginRefused

# A server may end an IDLE after 30 minutes (RFC 2177 advises to renew it before 29).
MOST_IDLE_SECONDS = 28 * 60


class AccountsError(Exception):
    """The file of mailboxes cannot be used; each line of the text names a line, a field and what is wrong."""


# What goes into a command to the server as a quoted string.
Quotable = Annotated[str, Field(min_length=1, pattern=r"^[^\x00-\x1f\x7f]+$")]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OAuth(Strict):
    """Signing in with a token (XOAUTH2). With a refresh token for one person's mailbox, else as an application.

    Microsoft rotates refresh tokens: `refresh_token_file` is rewritten when a new one comes.
    """

    provider: Literal["microsoft", "google", "other"]
    client_id: str
    client_secret_file: Path | None = None
    client_secret_env: str | None = None
    refresh_token_file: Path | None = None
    tenant: str | None = Field(None, pattern=r"^[\w.-]+$", description="Microsoft's directory: its id or domain.")
    token_url: str | None = Field(None, description="The token endpoint; known for Microsoft and Google.")
    scope: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> OAuth:
        if self.provider == "microsoft" and not (self.tenant or self.token_url):
            raise ValueError("`tenant` is missing: give the directory's id or domain")
        if self.provider == "other" and not self.token_url:
            raise ValueError("`token_url` is missing")
        secret = self.client_secret_file or self.client_secret_env
        if not secret and not self.refresh_token_file:
            raise ValueError("give `client_secret_file` or `client_secret_env`, `refresh_token_file`, or both")
        if self.provider == "google" and not self.refresh_token_file:
            raise ValueError("Google needs a `refresh_token_file`")
        url = self.endpoint
        if not url.startswith(("https://", "http://127.0.0.1:", "http://localhost:")):
            raise ValueError("`token_url` must be an https address: secrets are sent there")
        return self

    @property
    def endpoint(self) -> str:
        if self.token_url:
            return self.token_url
        if self.provider == "google":
            return "https://oauth2.googleapis.com/token"
        return f"https://login.microsoftonline.com/{self.tenant}/oauth2/v2.0/token"

    @property
    def asked_scope(self) -> str | None:
        if self.scope or self.provider != "microsoft":
            return self.scope
        if self.refresh_token_file:
            return "https://outlook.office.com/IMAP.AccessAsUser.All offline_access"
        return "https://outlook.office365.com/.default"

    def client_secret(self) -> str | None:
        if not self.client_secret_file and not self.client_secret_env:
            return None
        return secret(self.client_secret_file, self.client_secret_env)


class AfterTriage(Strict):
    """What is changed in the mailbox once a message was triaged; without it, nothing ever is."""

    seen: bool = False
    keyword: str | None = Field(None, pattern=r"^[A-Za-z0-9_.$-]+$")
    move_to: Quotable | None = None

    def __bool__(self) -> bool:
        return self.seen or bool(self.keyword or self.move_to)


class Mailbox(Strict):
    """What holds for each kind."""

    message_megabytes: PositiveFloat = Field(50, description="A larger message is held with its headers alone.")

    @property
    def message_bytes(self) -> int:
        return int(self.message_megabytes * 1_000_000)


class ImapAccount(Mailbox):
    """A mailbox on an IMAP server. `first_load_days` is how far back the first load reaches; null takes all."""

    kind: Literal["imap"] = "imap"
    host: str = Field(min_length=1)
    port: int = Field(0, ge=0, le=65535, description="0: 993 with TLS, else 143.")
    security: Literal["tls", "starttls", "none"] = "tls"
    ca_file: Path | None = Field(None, description="Certificates to trust instead of the system's.")
    user: Quotable
    password_file: Path | None = None
    password_env: str | None = None
    oauth: OAuth | None = None
    folders: list[Quotable] = Field(["INBOX"], min_length=1)
    after_triage: AfterTriage = AfterTriage()
    first_load_days: PositiveInt | None = 30
    poll_seconds: PositiveFloat = Field(120, le=MOST_IDLE_SECONDS, description="Looks this often, and renews IDLE.")
    timeout_seconds: PositiveFloat = Field(30, description="Silence of the server after which it is given up.")
    messages_per_minute: PositiveInt = 60_000
    megabytes_per_minute: PositiveInt = 3_000

    @model_validator(mode="after")
    def _consistent(self) -> ImapAccount:
        if sum(given is not None for given in (self.password_file, self.password_env, self.oauth)) != 1:
            raise ValueError("give exactly one of `password_file`, `password_env` and `oauth`")
        if self.security == "none" and self.host not in ("127.0.0.1", "::1", "localhost"):
            raise ValueError("`security: none` would send the password in the clear; use tls or starttls")
        if len(set(self.folders)) < len(self.folders):
            raise ValueError("`folders` names a folder twice")
        if self.after_triage.move_to in self.folders:
            raise ValueError("`after_triage.move_to` is one of `folders`: messages would come in again")
        return self

    @property
    def at_port(self) -> int:
        return self.port or (993 if self.security == "tls" else 143)

    def password(self) -> str:
        return secret(self.password_file, self.password_env)


class FolderDrop(Mailbox):
    """A folder into which other programs put messages as files."""

    kind: Literal["folder"]
    path: Path
    move_to: Path | None = Field(None, description="Where files go once they are kept; unset leaves them.")
    poll_seconds: PositiveFloat = 5
    quiet_seconds: PositiveFloat = Field(2, description="A file younger than this may still be being written.")


class Maildir(Mailbox):
    """A Maildir on this machine. It is only read; `move_to` is another Maildir for what is kept."""

    kind: Literal["maildir"]
    path: Path
    move_to: Path | None = None
    poll_seconds: PositiveFloat = 5


Account = Annotated[ImapAccount | FolderDrop | Maildir, Field(discriminator="kind")]
Accounts = dict[str, ImapAccount | FolderDrop | Maildir]


class _File(Strict):
    mailboxes: dict[Annotated[str, Field(pattern=r"^[\w.-]{1,60}$")], Account]


def secret(file: Path | None, variable: str | None) -> str:
    """A secret from a file (one line) or an environment variable. Raises LoginRefused with the next step."""
    if file is not None:
        try:
            found = file.read_text(encoding="utf-8").strip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise LoginRefused(f"The secret in {file} cannot be read ({why}). Check the path and its owner.") from error
        if not found:
            raise LoginRefused(f"{file} is empty. Put the secret there, on one line.")
        return found
    found = os.environ.get(variable or "", "")
    if not found:
        raise LoginRefused(f"The environment variable {variable} is not set. Give it the secret.")
    return found


def load_accounts(path: Path) -> Accounts:
    """The mailboxes of a file, by name. Raises AccountsError, FileNotFoundError and PermissionError."""
    hints = {"password": "a secret goes into a file, named by `password_file`"}
    try:
        text = operator_file.read_text(path)
        found = operator_file.parse(text, path, _File, docs="docs/mailbox.md", prepare=_with_kinds, hints=hints)
    except operator_file.OperatorFileError as error:
        raise AccountsError(str(error)) from error
    return found.mailboxes


def _with_kinds(given: Any) -> Any:
    """Mailboxes without a `kind` are IMAP accounts."""
    boxes = given.get("mailboxes") if isinstance(given, dict) else None
    if not isinstance(boxes, dict):
        return given
    named = {name: {"kind": "imap", **box} if isinstance(box, dict) else box for name, box in boxes.items()}
    return {**given, "mailboxes": named}
