"""One signed-in connection to an IMAP server: what a mailbox is to the rest of the product.

Folders are opened with EXAMINE and read with BODY.PEEK[], so that the server itself keeps us from changing anything. The
one exception is `change`, for what the operator asked to be marked or moved after triage.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from tools.mailbox import connection, folder_names
from tools.mailbox.accounts import AfterTriage, ImapAccount
from tools.mailbox.errors import CommandRefused, FolderRefused, LoginRefused, MailboxError, Unreachable
from tools.mailbox.tokens import TokenSource

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MOST_HEADER_BYTES = 256_000
_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")
_ARRIVED = re.compile(rb'INTERNALDATE "([ \d]\d)-(\w{3})-(\d{4}) (\d\d:\d\d:\d\d) ([+-]\d{4})"')
_TIMING = re.compile(r" \([\d. +]+ secs\)")
_PASSING = re.compile(rb"\[(?:UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]", re.IGNORECASE)


class FolderState(NamedTuple):
    """What opening a folder told. UIDs hold as long as `uidvalidity` stays the same (RFC 3501, 2.3.1.1)."""

    uidvalidity: int
    messages: int


class Listed(NamedTuple):
    """A message as the server lists it: `size` in bytes, `arrived` when the server received it."""

    uid: int
    size: int
    arrived: datetime


class ImapSession:
    """Signed in. For one thread; only `cut` may be called from another. Its methods raise MailboxError.

    `capabilities` are the server's words in upper case.
    """

    def __init__(self, account: ImapAccount, client: Any) -> None:
        self.account, self._client = account, client
        self.capabilities: frozenset[str] = frozenset()

    def __enter__(self) -> ImapSession:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Signs off; a broken connection is only dropped."""
        with suppress(MailboxError), self._command("LOGOUT"):
            self._client.logout()
        with suppress(OSError):
            self._client.shutdown()

    def cut(self) -> None:
        if isinstance(self._client, connection.WatchingClient):
            self._client.cut()

    def sign_in(self, tokens: TokenSource | None) -> None:
        """By token (XOAUTH2) or password. Raises LoginRefused with what the server says."""
        with self._command("CAPABILITY"):
            offered = {word.upper() for word in self._client.capabilities}
        try:
            if tokens is not None:
                self._by_token(tokens)
            else:
                self._by_password(self.account.password(), offered)
        except CommandRefused as error:
            if _PASSING.search(str(error).encode()):
                raise Unreachable(f"{self.account.host} cannot sign anybody in now: {error}") from error
            step = "Check `user` and the secret; some providers want an app password or XOAUTH2."
            raise LoginRefused(f"{self.account.host} refuses {self.account.user}: {error} {step}") from error
        with self._command("CAPABILITY"):
            _, answers = self._client.capability()
        self.capabilities = frozenset(b" ".join(a for a in answers if a).decode("ascii", "replace").upper().split())

    def _by_token(self, tokens: TokenSource) -> None:
        token = tokens.token()
        words = iter([f"user={self.account.user}\x01auth=Bearer {token}\x01\x01"])
        try:
            with self._command("AUTHENTICATE XOAUTH2"):
                # An error comes as a challenge, which is answered with nothing before the server says NO.
                self._client.authenticate("XOAUTH2", lambda _challenge: next(words, "").encode())
        except CommandRefused:
            tokens.refused(token)
            raise

    def _by_password(self, password: str, offered: set[str]) -> None:
        user = self.account.user
        if "AUTH=PLAIN" in offered:
            with self._command("AUTHENTICATE PLAIN"):
                self._client.authenticate("PLAIN", lambda _challenge: f"\0{user}\0{password}".encode())
            return
        if "LOGINDISABLED" in offered:
            raise LoginRefused(f"{self.account.host} takes no passwords. Use `oauth`.")
        if not (user + password).isascii():
            raise LoginRefused(f"{self.account.host} can only take passwords of ASCII letters and signs.")
        with self._command("LOGIN"):
            # Only the password is quoted by the library.
            self._client.login(folder_names.quoted(user), password)

    def folders(self) -> list[str]:
        """Names of the folders that can be opened."""
        with self._command("LIST"):
            _, answers = self._client.list('""', '"*"')
        return folder_names.listed(answers)

    def examine(self, folder: str) -> FolderState:
        """Opens a folder for reading only. Raises FolderRefused when it is gone or closed to the account."""
        return self._open(folder, readonly=True)

    def select(self, folder: str) -> FolderState:
        """Opens a folder so that messages can be marked. Raises FolderRefused also when it can only be read."""
        return self._open(folder, readonly=False)

    def rights(self, folder: str) -> str | None:
        """The account's rights on a folder, as letters of RFC 4314; None where the server does not tell."""
        if "ACL" not in self.capabilities:
            return None
        with self._command("MYRIGHTS"):
            kind, answers = self._client.myrights(folder_names.quoted(folder_names.encode(folder)))
        said = answers[0].decode("ascii", "replace") if kind == "OK" and answers and answers[0] else ""
        return said.rpartition(" ")[2] if said else None

    def uids_after(self, uid: int, since: date | None = None) -> list[int]:
        """UIDs above `uid` in the open folder, ascending; with `since`, of messages that arrived on that day or later."""
        criteria = ["UID", f"{uid + 1}:*"]
        if since is not None:
            criteria += ["SINCE", f"{since.day}-{MONTHS[since.month - 1]}-{since.year}"]
        self._news()
        answers = self._uid("SEARCH", *criteria)
        found = {int(word) for line in answers if isinstance(line, bytes) for word in line.split() if word.isdigit()}
        return sorted(n for n in found if n > uid)  # `9:*` gives the last message even when it is the eighth

    def listed(self, uids: Sequence[int]) -> list[Listed]:
        """Sizes and arrival of messages, by UID; those that are gone are left out."""
        found = []
        for line in self._uid("FETCH", _sequence(uids), "(UID RFC822.SIZE INTERNALDATE)"):
            if isinstance(line, bytes) and (uid := _UID.search(line)) and (size := _SIZE.search(line)):
                found.append(Listed(int(uid[1]), int(size[1]), _arrived(line)))
        return sorted(found)

    def bodies(self, uids: Sequence[int]) -> dict[int, bytes]:
        """Whole messages by UID, byte for byte; those that are gone are left out. Marks nothing as seen."""
        return self._literals(uids, "(UID BODY.PEEK[])")

    def headers(self, uids: Sequence[int]) -> dict[int, bytes]:
        """Headers by UID with the empty line that ends them, at most `MOST_HEADER_BYTES` of each; without what is gone."""
        return self._literals(uids, f"(UID BODY.PEEK[HEADER]<0.{MOST_HEADER_BYTES}>)")

    def wait(self, seconds: float, wake: threading.Event) -> None:
        """Waits until the server tells of something new, `wake` is set, or the time is over.

        Only on a watching connection is there IDLE; elsewhere this is a pause. Either way the server is heard at the end.
        """
        if self._news():
            return
        idle = "IDLE" in self.capabilities and isinstance(self._client, connection.WatchingClient)
        if idle:
            with self._command("IDLE"):
                self._client.idle(timeout=seconds + self.account.timeout_seconds, callback=lambda _: wake.set())
        wake.wait(seconds)
        with self._command("NOOP"):
            self._client.noop()  # ends IDLE, and shows whether anybody is there

    def _news(self) -> bool:
        """Whether the server has told of messages since this was asked last.

        It may do so in the answer to any command, and does not repeat it when IDLE begins.
        """
        return self._client.response("EXISTS")[1] != [None]  # type: ignore[no-any-return]

    def change(self, folder: str, uidvalidity: int, uids: Sequence[int], asked: AfterTriage) -> None:
        """Marks or moves messages as the operator asked. Does nothing when the folder's UIDs are no longer the same.

        May be repeated: a mark is set twice without harm, and what was moved is no longer there.
        """
        if self.select(folder).uidvalidity != uidvalidity:
            return
        wanted = _sequence(uids)
        flags = ["\\Seen"] * asked.seen + ([asked.keyword] if asked.keyword else [])
        if flags:
            self._uid("STORE", wanted, "+FLAGS.SILENT", f"({' '.join(flags)})")
        if asked.move_to is not None:
            target = folder_names.quoted(folder_names.encode(asked.move_to))
            if "MOVE" in self.capabilities:
                self._uid("MOVE", wanted, target)
            elif "UIDPLUS" in self.capabilities:
                self._uid("COPY", wanted, target)
                self._uid("STORE", wanted, "+FLAGS.SILENT", "(\\Deleted)")
                self._uid("EXPUNGE", wanted)
            else:
                # A plain EXPUNGE would also remove what other people have marked as deleted.
                raise CommandRefused(f"{self.account.host} has neither MOVE nor UIDPLUS: remove `move_to`.")

    def _open(self, folder: str, readonly: bool) -> FolderState:
        name = folder_names.quoted(folder_names.encode(folder))
        try:
            with self._command("EXAMINE" if readonly else "SELECT"):
                kind, answers = self._client.select(name, readonly=readonly)
                if kind != "OK":
                    raise CommandRefused(_words(answers[-1]))
                _, validity = self._client.response("UIDVALIDITY")
        except CommandRefused as error:
            if _PASSING.search(str(error).encode()):
                raise Unreachable(f"{self.account.host} cannot open {folder} now: {error}") from error
            step = "`triage mailbox check` lists the folders that there are."
            raise FolderRefused(f"The folder {folder} cannot be opened: {error} {step}") from error
        if not validity or not validity[-1]:
            raise FolderRefused(f"The folder {folder} has no UIDVALIDITY: the server cannot tell messages apart.")
        return FolderState(int(validity[-1]), int(answers[-1] or 0))

    def _uid(self, command: str, *arguments: str) -> list[Any]:
        with self._command(f"UID {command}"):
            kind, answers = self._client.uid(command, *arguments)
        if kind != "OK":
            raise CommandRefused(f"The server refuses UID {command}: {_words(answers[-1])}")
        return [a for a in answers if a is not None]

    def _literals(self, uids: Sequence[int], items: str) -> dict[int, bytes]:
        answers = self._uid("FETCH", _sequence(uids), items)
        found = {}
        for number, answer in enumerate(answers):
            if not isinstance(answer, tuple):
                continue
            # The UID stands before the text or after it, as the server likes.
            tail = answers[number + 1] if number + 1 < len(answers) and isinstance(answers[number + 1], bytes) else b""
            if uid := _UID.search(answer[0]) or _UID.search(tail):
                found[int(uid[1])] = answer[1]
        return found

    @contextmanager
    def _command(self, name: str) -> Iterator[None]:
        """Turns what the libraries raise into MailboxError, and lets the watchdog watch meanwhile."""
        client = self._client
        watched = client if isinstance(client, connection.WatchingClient) else None
        if watched is not None:
            watched.asked()
        try:
            yield
        except connection.READ_ONLY as error:
            raise CommandRefused("The account may only read it.") from error
        except connection.BROKEN as error:
            raise Unreachable(f"The connection to {self.account.host} broke during {name}: {_words(error)}") from error
        except connection.REFUSED as error:
            raise CommandRefused(_words(error)) from error
        except ValueError as error:
            raise Unreachable(f"{self.account.host} gave a strange answer to {name}: {error}") from error
        finally:
            if watched is not None:
                watched.answered()


def connect(account: ImapAccount, tokens: TokenSource | None, *, for_loading: bool = False) -> ImapSession:
    """Connects and signs in. `for_loading` gives a connection that reads bodies fast but cannot IDLE."""
    open_client: Callable[[ImapAccount], Any] = connection.loading if for_loading else connection.watching
    session = ImapSession(account, open_client(account))
    try:
        session.sign_in(tokens)
    except BaseException:
        session.close()
        raise
    return session


def token_source(account: ImapAccount) -> TokenSource | None:
    return TokenSource(account.oauth, account.timeout_seconds) if account.oauth else None


def _sequence(uids: Sequence[int]) -> str:
    """`[1, 2, 3, 7]` → `1:3,7`."""
    runs: list[list[int]] = []
    for uid in sorted(set(uids)):
        if runs and runs[-1][1] == uid - 1:
            runs[-1][1] = uid
        else:
            runs.append([uid, uid])
    return ",".join(str(a) if a == b else f"{a}:{b}" for a, b in runs)


def _arrived(line: bytes) -> datetime:
    """INTERNALDATE, or now where it cannot be read or lies ahead."""
    now = datetime.now(UTC)
    if not (found := _ARRIVED.search(line)):
        return now
    day, month, year, clock, zone = (part.decode() for part in found.groups())
    try:
        number = MONTHS.index(month.title()) + 1
        return min(now, datetime.strptime(f"{year}-{number}-{day.strip()} {clock} {zone}", "%Y-%m-%d %H:%M:%S %z"))
    except ValueError:
        return now


def _words(said: object) -> str:
    """What the server said, on one short line, and never what we sent: that may hold a password."""
    if isinstance(said, Exception) and said.args:
        said = said.args[0]
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    # Dovecot adds how long it took, which would make each occurrence a new problem.
    return " ".join(_TIMING.sub("", text.split(" Data: ")[0]).split())[:300]
