"""What works and what does not for one account, step by step, each failure with its next step. Changes nothing."""

from __future__ import annotations

import os
import socket
import ssl
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel

from tools.mailbox import connection
from tools.mailbox.accounts import FolderDrop, ImapAccount, Maildir
from tools.mailbox.errors import FolderRefused, MailboxError
from tools.mailbox.files import file_source
from tools.mailbox.imap import ImapSession, connect, token_source
from tools.mailbox.tokens import TokenSource

CERTIFICATE_DAYS = 14


class Level(StrEnum):
    ok = "ok"
    warning = "warning"
    failed = "failed"


class Finding(BaseModel):
    """One step of the check: what was looked at, how it went, and a sentence."""

    step: str
    level: Level
    said: str


def check_account(account: ImapAccount | FolderDrop | Maildir) -> Iterator[Finding]:
    """Findings in order. A failure that makes the later steps pointless is the last one."""
    if isinstance(account, ImapAccount):
        yield from _check_imap(account)
    else:
        yield from _check_files(account)


def _check_imap(account: ImapAccount) -> Iterator[Finding]:
    yield from _secret_files(account)
    try:
        addresses = {str(found[4][0]) for found in socket.getaddrinfo(account.host, account.at_port)}
        yield _ok("address", f"{account.host} is {', '.join(sorted(addresses))}.")
    except OSError as error:
        yield _failed("address", f"There is no host {account.host} ({error.strerror}). Check `host` and DNS.")
        return
    try:
        tokens = token_source(account)
        if tokens is not None:
            tokens.token()
            yield _ok("token", f"{account.oauth.endpoint if account.oauth else ''} gives a token.")
        client = connection.watching(account)
        yield _tls(account, client.sock)
        session = ImapSession(account, client)
        with session:
            session.sign_in(tokens)
            yield _ok("sign-in", f"{account.user} is signed in.")
            yield from _abilities(account, session.capabilities)
            yield from _folders(account, session)
        if account.after_triage:
            yield from _changes(account, tokens)
    except MailboxError as error:
        yield _failed("connection", str(error))


def _tls(account: ImapAccount, sock: socket.socket) -> Finding:
    if not isinstance(sock, ssl.SSLSocket):
        return Finding(step="tls", level=Level.warning, said="The connection is not encrypted.")
    certificate = sock.getpeercert() or {}
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate.get("notAfter"))), UTC)
    days = (ends - datetime.now(UTC)).days
    said = f"{sock.version()}; the certificate holds until {ends:%Y-%m-%d}."
    level = Level.warning if days < CERTIFICATE_DAYS else Level.ok
    return Finding(step="tls", level=level, said=said)


def _abilities(account: ImapAccount, capabilities: frozenset[str]) -> Iterator[Finding]:
    if "IDLE" in capabilities:
        yield _ok("IDLE", "The server pushes new mail.")
    else:
        said = f"The server cannot push (no IDLE): mail is looked for every {account.poll_seconds:g} s."
        yield Finding(step="IDLE", level=Level.warning, said=said)
    has = [name for name in ("MOVE", "UIDPLUS", "CONDSTORE") if name in capabilities]
    lacks = [name for name in ("MOVE", "UIDPLUS", "CONDSTORE") if name not in capabilities]
    said = f"Has {', '.join(has) or 'none of these'}; lacks {', '.join(lacks) or 'nothing'}."
    if account.after_triage.move_to and not {"MOVE", "UIDPLUS"} & capabilities:
        yield _failed("extensions", f"{said} Without MOVE or UIDPLUS nothing can be moved safely: remove `move_to`.")
    else:
        yield _ok("extensions", said)


def _folders(account: ImapAccount, session: ImapSession) -> Iterator[Finding]:
    there = session.folders()
    for folder in account.folders:
        try:
            state = session.examine(folder)
        except FolderRefused as error:
            near = get_close_matches(folder, there, n=1, cutoff=0.5)
            hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(sorted(there)[:30])}."
            yield _failed(f"folder {folder}", f"{str(error).split(' `triage')[0]} {hint}")
            continue
        said = f"{state.messages} messages, UIDVALIDITY {state.uidvalidity}."
        rights = session.rights(folder)
        if rights is not None and not {"r", "l"} <= set(rights):
            yield _failed(f"folder {folder}", f"{said} The account's rights are {rights}: it needs l and r.")
        else:
            yield _ok(f"folder {folder}", said)
        yield from _rights_to_change(account, folder, rights)
    target = account.after_triage.move_to
    if target is not None and target not in there:
        yield _failed(f"folder {target}", "It is named by `after_triage.move_to` and does not exist: create it.")


def _rights_to_change(account: ImapAccount, folder: str, rights: str | None) -> Iterator[Finding]:
    asked = account.after_triage
    needed = {right for right, wanted in (("s", asked.seen), ("w", asked.keyword), ("t", asked.move_to)) if wanted}
    if rights is not None and (lacking := sorted(needed - set(rights))):
        said = f"`after_triage` needs the rights {', '.join(lacking)} (RFC 4314), which the account lacks here."
        yield _failed(f"folder {folder}", said)


def _changes(account: ImapAccount, tokens: TokenSource | None) -> Iterator[Finding]:
    """A folder may be open for reading only, whatever its rights say."""
    with connect(account, tokens, for_loading=True) as session:
        for folder in account.folders:
            try:
                session.select(folder)
                yield _ok(f"folder {folder}", "Triaged messages are changed here, as `after_triage` says.")
            except FolderRefused as error:
                yield _failed(f"folder {folder}", f"`after_triage` cannot work. {error}")


def _secret_files(account: ImapAccount) -> Iterator[Finding]:
    oauth = account.oauth
    for path in (account.password_file, oauth and oauth.client_secret_file, oauth and oauth.refresh_token_file):
        if path and path.exists() and path.stat().st_mode & (stat.S_IRWXO):
            yield Finding(step="secret", level=Level.warning, said=f"Everybody on this machine may read {path}.")
    if oauth and oauth.refresh_token_file and not os.access(oauth.refresh_token_file.parent, os.W_OK):
        said = f"{oauth.refresh_token_file} cannot be replaced when the provider gives a new token."
        yield Finding(step="secret", level=Level.warning, said=said)


def _check_files(account: FolderDrop | Maildir) -> Iterator[Finding]:
    try:
        source = file_source(account)
        yield _ok("folder", f"{len(source.waiting())} messages in {account.path}.")
        if strangers := source.strangers():
            said = f"{len(strangers)} files are of no known kind and stay, such as {strangers[0].name}."
            yield Finding(step="folder", level=Level.warning, said=said)
    except MailboxError as error:
        yield _failed("folder", str(error))
        return
    if account.move_to is not None:
        nearest = next((p for p in (account.move_to, *account.move_to.parents) if p.exists()), Path("/"))
        if os.access(nearest, os.W_OK) and os.access(account.path, os.W_OK):
            yield _ok("move_to", f"Files are moved to {account.move_to} once they are kept.")
        else:
            yield _failed("move_to", f"Files cannot be moved to {account.move_to}: check the owners of both folders.")


def _ok(step: str, said: str) -> Finding:
    return Finding(step=step, level=Level.ok, said=said)


def _failed(step: str, said: str) -> Finding:
    return Finding(step=step, level=Level.failed, said=said)
