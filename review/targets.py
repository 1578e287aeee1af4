"""The endpoints that approved decisions go to: one YAML file of the operator's, secrets in files of their own.

A secret's file holds one `whsec_…` a line, the newest first. A line may end in `until <ISO 8601>`: every secret that has
not ended signs, so that a receiver can change over at its own time. The files are read at each attempt.
"""

from __future__ import annotations

import base64
import secrets as random_secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, NamedTuple
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, field_validator, model_validator

from agent.taxonomy import taxonomy
from tools import operator_file

SECRET_BYTES = 32


class TargetError(Exception):
    """A target cannot be used as it is configured. The sentence names the file and the next step."""


class Target(BaseModel):
    """One endpoint. `actions` narrows what is sent to decisions that hold one of them; none sends all.

    `allow_private` allows http and addresses of private networks and of this machine. An event is given up after
    `attempts`; a pause doubles as long as it takes from `first_pause_seconds` to `longest_pause_seconds`.
    `alert_after` failures in a row of the endpoint raise an alert."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["generic", "n8n", "odoo"] = "generic"
    url: str
    secret_file: Path
    token_file: Path | None = Field(None, description="For odoo: the token that its rule checks, sent in the body.")
    allow_private: bool = False
    actions: frozenset[str] = frozenset()
    timeout_seconds: PositiveFloat = Field(10, le=120)
    attempts: PositiveInt = 15
    first_pause_seconds: PositiveFloat = 5
    longest_pause_seconds: PositiveFloat = 6 * 3600
    alert_after: PositiveInt = 5

    @field_validator("url")
    @classmethod
    def _plain(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise ValueError("give an address that begins with https://")
        if parts.username or parts.password or parts.fragment:
            raise ValueError("leave user, password and # out of the address; the signature says who sends")
        return url

    @field_validator("actions")
    @classmethod
    def _known(cls, actions: frozenset[str]) -> frozenset[str]:
        if unknown := sorted(actions - set(taxonomy().actions)):
            raise ValueError(f"the catalogue has no action {unknown[0]!r}")
        return actions

    @model_validator(mode="after")
    def _consistent(self) -> Target:
        if urlsplit(self.url).scheme == "http" and not self.allow_private:
            raise ValueError("http is for private networks alone: use https, or set `allow_private: true`")
        if (self.kind == "odoo") != (self.token_file is not None):
            raise ValueError("`token_file` and `kind: odoo` belong together")
        return self

    def same_origin(self, url: str) -> bool:
        """Whether an address has this endpoint's scheme, host and port, and names no user."""
        try:
            one, own = urlsplit(url), urlsplit(self.url)
            ports = [part.port or {"https": 443, "http": 80}.get(part.scheme) for part in (one, own)]
        except ValueError:
            return False
        named = one.username is not None or one.password is not None
        return not named and (one.scheme, one.hostname, ports[0]) == (own.scheme, own.hostname, ports[1])

    @property
    def content_type(self) -> str:
        """CloudEvents' own type, but for receivers that read nothing but application/json."""
        return "application/cloudevents+json" if self.kind == "generic" else "application/json"


class Endpoints(BaseModel):
    """Where approved decisions go, by name, and where alerts go."""

    model_config = ConfigDict(extra="forbid")

    targets: dict[Annotated[str, Field(pattern=r"^[\w.-]{1,60}$")], Target] = Field(default_factory=dict)
    alerts: Target | None = None


def load_targets(path: Path) -> Endpoints:
    """The endpoints of a file. Raises OperatorFileError, FileNotFoundError and PermissionError."""
    text = operator_file.read_text(path)
    hints = dict.fromkeys(("secret", "token"), "a secret goes into a file, named by `secret_file`")
    return operator_file.parse(text, path, Endpoints, docs="docs/handoff.md", hints=hints)


class Secret(NamedTuple):
    text: str
    until: datetime | None


def signing_secrets(path: Path, now: datetime) -> list[str]:
    """The secrets that sign at `now`, newest first. Raises TargetError when there is none that can."""
    found = [s.text for s in _read(path) if s.until is None or now < s.until]
    if not found:
        raise TargetError(f"{path} holds no secret that has not ended: `triage handoff rotate` makes one.")
    return found


def rotate(path: Path, now: datetime, overlap: timedelta) -> str:
    """Makes a new secret, which signs from now on; those before it sign beside it until the overlap ends."""
    new = "whsec_" + base64.b64encode(random_secrets.token_bytes(SECRET_BYTES)).decode()
    ends = now + overlap
    held = [s for s in _read(path) if s.until is None or now < s.until] if path.exists() else []
    lines = [new, *(f"{s.text} until {min(s.until or ends, ends).isoformat(timespec='seconds')}" for s in held)]
    temporary = path.with_name(path.name + ".new")
    temporary.touch(mode=0o600)
    temporary.write_text("\n".join(lines) + "\n")
    temporary.replace(path)
    return new


def token(target: Target) -> str | None:
    """The token of an Odoo target, None for others. Raises TargetError."""
    if target.token_file is None:
        return None
    found = _text(target.token_file).strip()
    if not found:
        raise TargetError(f"{target.token_file} is empty. Put the token of Odoo's rule there.")
    return found


def _read(path: Path) -> list[Secret]:
    found = []
    for number, line in enumerate(_text(path).splitlines(), start=1):
        text, _, end = line.strip().partition(" until ")
        if not text or text.startswith("#"):
            continue
        try:
            if not base64.b64decode(text.removeprefix("whsec_"), validate=True):
                raise ValueError
            until = datetime.fromisoformat(end) if end else None
        except ValueError as error:
            what = "is not `whsec_` and Base64, with `until <time>` after it at most"
            raise TargetError(f"{path}, line {number} {what}: `triage handoff rotate` makes one.") from error
        found.append(Secret(text, until.replace(tzinfo=until.tzinfo or UTC) if until else None))
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise TargetError(f"The secret in {path} cannot be read ({why}). Check the path and its owner.") from error
