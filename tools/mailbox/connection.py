"""Connections to an IMAP server, verified by TLS and given up when the server falls silent.

imaplib2 pushes news while a folder is watched, but reads bodies slowly (a tenth of the standard library's rate for many
messages, a fiftieth for a large one: benchmarks/mailbox_faults.py). So there are two kinds of connection with the same
commands: `watching` by imaplib2, `loading` by imaplib.
"""

from __future__ import annotations

import imaplib
import logging
import selectors
import socket
import ssl
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any, TypeVar

from tools.mailbox.accounts import ImapAccount
from tools.mailbox.errors import CertificateRefused, Unreachable

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its docstrings hold invalid escapes
    import imaplib2

logger = logging.getLogger(__name__)

WATCH_EVERY = 1.0
# What the two libraries raise: when the connection is lost, and when the server answers NO or BAD.
BROKEN = (imaplib.IMAP4.abort, imaplib2.IMAP4.abort, OSError)
REFUSED = (imaplib.IMAP4.error, imaplib2.IMAP4.error)
READ_ONLY = (imaplib.IMAP4.readonly, imaplib2.IMAP4.readonly)
Opened = TypeVar("Opened")
Passed = TypeVar("Passed")


class WatchingClient(imaplib2.IMAP4):  # type: ignore[misc]
    """imaplib2 with our TLS context and a watchdog.

    Its own time-out counts lines, not bytes, and does not hold in every wait. The watchdog closes the socket when,
    during a command, no byte has come for the account's `timeout_seconds`; whoever waits then gets an error.
    """

    sock: socket.socket

    def __init__(self, account: ImapAccount) -> None:
        self._account = account
        self._context = tls_context(account)
        self._asked_at: float | None = time.monotonic()
        self._last_byte = time.monotonic()
        self._closed = threading.Event()
        self._tls_turn = threading.Lock()
        try:
            super().__init__(account.host, account.at_port)
        except BaseException:
            self._closed.set()
            raise

    def asked(self) -> None:
        """A command begins: from now on the server is expected to speak."""
        self._asked_at = time.monotonic()

    def answered(self) -> None:
        """No command is under way: silence is no fault."""
        self._asked_at = None

    def cut(self) -> None:
        """Ends the connection at once, from any thread."""
        self._closed.set()
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def open_socket(self) -> socket.socket:
        account = self._account
        sock = socket.create_connection((account.host, account.at_port), timeout=account.timeout_seconds)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if account.security == "tls":
            sock = wrapped(sock, self._context, account.host)
        threading.Thread(target=self._watch, name=f"{account.host} watchdog", daemon=True).start()
        return sock

    def ssl_wrap_socket(self) -> None:
        """Called by `starttls`."""
        self.sock = wrapped(self.sock, self._context, self._account.host)
        self.read_fd = self.sock.fileno()

    def read(self, size: int) -> bytes:
        data = self._in_turn(lambda: self.sock.recv(size))
        if data:
            self._last_byte = time.monotonic()
        return data

    def send(self, data: bytes) -> None:
        sent = 0
        while sent < len(data):
            sent += self._in_turn(partial(self.sock.send, data[sent:]))

    def _in_turn(self, step: Callable[[], Passed]) -> Passed:
        """imaplib2 reads and writes in two threads, and a TLS connection of OpenSSL bears one at a time: about one
        command in a hundred was lost that was sent while a session ticket came in. The wait is outside the turn, for
        what makes a TLS socket readable may be such a ticket with no data behind it. Plain sockets wait in `step`.
        """
        while True:
            try:
                with self._tls_turn if isinstance(self.sock, ssl.SSLSocket) else nullcontext():
                    return step()
            except ssl.SSLWantReadError:
                wait_for = selectors.EVENT_READ
            except ssl.SSLWantWriteError:
                wait_for = selectors.EVENT_WRITE
            with selectors.DefaultSelector() as selector:
                selector.register(self.sock, wait_for)
                selector.select()

    def shutdown(self) -> None:
        self._closed.set()
        with suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def _watch(self) -> None:
        while not self._closed.wait(WATCH_EVERY):
            asked = self._asked_at
            if asked is not None and time.monotonic() - max(asked, self._last_byte) > self._account.timeout_seconds:
                logger.info("%s has been silent for too long; the connection is cut.", self._account.host)
                self.cut()

    def _mesg(self, s: str, tn: str | None = None, secs: float | None = None) -> None:
        logger.debug("%s", s)  # else to standard error


def watching(account: ImapAccount) -> WatchingClient:
    """A connection that can IDLE. Raises Unreachable and CertificateRefused."""
    client = _reached(account, lambda: WatchingClient(account))
    if account.security == "starttls":
        _reached(account, client.starttls, client)
    return client


def loading(account: ImapAccount) -> imaplib.IMAP4:
    """A connection for many or large messages. Raises Unreachable and CertificateRefused."""
    host, port, timeout = account.host, account.at_port, account.timeout_seconds
    context = tls_context(account)
    if account.security == "tls":
        return _reached(account, lambda: imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=timeout))
    client = _reached(account, lambda: imaplib.IMAP4(host, port, timeout))
    if account.security == "starttls":
        _reached(account, lambda: client.starttls(context), client)
    return client


def tls_context(account: ImapAccount) -> ssl.SSLContext:
    """Certificates and host names are always checked, by the system's authorities or the account's `ca_file`."""
    try:
        return ssl.create_default_context(cafile=account.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise CertificateRefused(
            f"`ca_file` {account.ca_file} cannot be read as certificates (PEM): {error}"
        ) from error


def wrapped(sock: socket.socket, context: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    try:
        secured = context.wrap_socket(sock, server_hostname=host)
        secured.setblocking(False)
        return secured
    except BaseException:
        sock.close()
        raise


def _reached(account: ImapAccount, step: Callable[[], Opened], opened: Any = None) -> Opened:
    where = f"{account.host}:{account.at_port}"
    try:
        return step()
    except BaseException as error:
        if opened is not None:
            with suppress(OSError):
                opened.shutdown()
        if isinstance(error, ssl.SSLCertVerificationError):
            what = f"{where} does not prove who it is: {error.verify_message}"
            to_do = "Use the name in the server's certificate as `host`, or give its authority as `ca_file`."
            raise CertificateRefused(f"{what}. {to_do}") from error
        if isinstance(error, ssl.SSLError):
            to_do = "Check `port` and `security`: 993 with tls, 143 with starttls."
            raise Unreachable(f"{where} does not speak TLS as expected ({error.reason}). {to_do}") from error
        if isinstance(error, socket.gaierror):
            raise Unreachable(f"There is no host {account.host} ({error.strerror}). Check `host` and DNS.") from error
        if isinstance(error, OSError):
            why = error.strerror or str(error) or type(error).__name__
            raise Unreachable(f"{where} cannot be reached ({why}). Check `host`, `port` and firewalls.") from error
        if isinstance(error, REFUSED):
            raise Unreachable(f"{where} does not speak IMAP as expected: {error}") from error
        raise
