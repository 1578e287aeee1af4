"""A real Dovecot on free loopback ports, run by an ordinary user, and a proxy that can cut and swallow connections."""

from __future__ import annotations

import contextlib
import imaplib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

CONFIG = """
protocols = imap
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
default_process_limit = 200
first_valid_uid = 1
auth_mechanisms = plain login xoauth2
disable_plaintext_auth = no
ssl = yes
ssl_cert = <{root}/server.crt
ssl_key = <{root}/server.key
mail_location = maildir:~/mail
mail_max_userip_connections = 200
mail_plugins = acl
protocol imap {{
  mail_plugins = acl imap_acl
}}
plugin {{
  acl = vfile
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {root}/oauth2.conf.ext
}}
passdb {{
  driver = passwd-file
  args = scheme=plain username_format=%u {root}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={root}/home/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
auth_failure_delay = 0
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
"""
OAUTH = """
tokeninfo_url = {tokeninfo}
username_attribute = email
active_attribute = active
active_value = true
"""


def installed() -> bool:
    """Whether Dovecot's IMAP server is on this machine (Debian: `apt-get install dovecot-imapd`)."""
    return shutil.which("dovecot", path="/usr/sbin:/usr/bin:/usr/local/sbin") is not None


def free_port() -> int:
    with socket.socket() as claimed:
        claimed.bind(("127.0.0.1", 0))
        return int(claimed.getsockname()[1])


class Dovecot:
    """One server with any users; a user's password is `secret`. Everything lives in a folder that `close` removes.

    Root may not read mail through Dovecot, so root starts it as the package's own user.
    """

    password = "secret"

    def __init__(self, users: tuple[str, ...] = ("ann",), tokeninfo: str = "http://127.0.0.1:9/") -> None:
        self.root = Path(tempfile.mkdtemp(prefix="dovecot-"))
        self._account = pwd.getpwnam("dovecot") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        self.port, self.tls_port = free_port(), free_port()
        group = subprocess.run(["id", "-gn", self._account.pw_name], capture_output=True, text=True, check=True)
        names = {"user": self._account.pw_name, "group": group.stdout.strip()}
        config = CONFIG.format(root=self.root, port=self.port, tls_port=self.tls_port, **names)
        (self.root / "dovecot.conf").write_text(config)
        (self.root / "oauth2.conf.ext").write_text(OAUTH.format(tokeninfo=tokeninfo))
        (self.root / "users").write_text("".join(f"{user}:{{PLAIN}}{self.password}\n" for user in users))
        self.certify("127.0.0.1")
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @property
    def certificate(self) -> Path:
        return self.root / "server.crt"

    def certify(self, name: str) -> None:
        """A self-signed certificate for `name` (an address or host); takes effect with the next start."""
        kind = "IP" if name[0].isdigit() else "DNS"
        command = [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            f"/CN={name}",
        ]
        files = ["-keyout", str(self.root / "server.key"), "-out", str(self.certificate)]
        subprocess.run([*command, *files, "-addext", f"subjectAltName={kind}:{name}"], check=True, capture_output=True)

    def start(self) -> None:
        if os.getuid() == 0:
            for path in (self.root, *self.root.rglob("*")):
                os.chown(path, self._account.pw_uid, self._account.pw_gid)
        self._process = self._run("dovecot", "-F", "-c", str(self.root / "dovecot.conf"))
        give_up = time.monotonic() + 20
        while time.monotonic() < give_up and "Fatal" not in self.log():
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                imaplib.IMAP4("127.0.0.1", self.port, timeout=5).logout()
                return
            time.sleep(0.05)
        raise RuntimeError(f"Dovecot did not start:\n{self.log()}")

    def stop(self) -> None:
        """Ends the server and every connection to it at once."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(timeout=20)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # those that serve connections would linger
            self._process = None

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)

    def log(self) -> str:
        path = self.root / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def doveadm(self, *arguments: str) -> None:
        """An administrator's command, as `doveadm`."""
        done = self._run("doveadm", "-c", str(self.root / "dovecot.conf"), *arguments)
        if done.wait(timeout=20) != 0:
            raise RuntimeError(f"doveadm {arguments} failed")

    @contextlib.contextmanager
    def client(self, user: str = "ann") -> Iterator[imaplib.IMAP4]:
        """A second mail program, by the standard library."""
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=30)
        client.login(user, self.password)
        try:
            yield client
        finally:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                client.logout()

    def deliver(self, *messages: bytes, folder: str = "INBOX", user: str = "ann") -> None:
        """Puts messages into a folder (its name as it goes over the wire)."""
        with self.client(user) as client:
            for message in messages:
                kind, answer = client.append(f'"{folder}"', "", "", message)
                if kind != "OK":
                    raise RuntimeError(str(answer))

    def flags(self, folder: str = "INBOX", user: str = "ann") -> list[str]:
        """The flags of each message that a folder holds, in order."""
        with self.client(user) as client:
            client.select(f'"{folder}"', readonly=True)
            _, lines = client.fetch("1:*", "(FLAGS)")
            return [line.decode().partition("FLAGS (")[2].partition(")")[0] for line in lines if line]

    def _run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        path = shutil.which(program, path="/usr/sbin:/usr/bin:/usr/local/sbin") or program
        who = {} if os.getuid() != 0 else {"user": self._account.pw_uid, "group": self._account.pw_gid}
        return subprocess.Popen(
            [path, *arguments],
            cwd=self.root,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            extra_groups=[] if who else None,
            **who,  # type: ignore[arg-type]
        )


class Proxy:
    """A TCP proxy on a free loopback port before `target`, to break connections as networks do.

    `cut_after` cuts each connection once that many bytes have come from the server; `swallow` keeps connections open
    and lets nothing through. `heard` is called with each piece from the server.
    """

    def __init__(self, target: int) -> None:
        self.target = target
        self.cut_after: int | None = None
        self.swallow = False
        self.connections = 0
        self.heard: Callable[[bytes], None] = lambda piece: None
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def cut(self) -> None:
        """Ends every connection, in the middle of whatever it carries."""
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._acceptor.join(timeout=10)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                server = socket.create_connection(("127.0.0.1", self.target), timeout=10)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            self._open |= {client, server}
            threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, from_server: bool) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while piece := source.recv(16_384):
                passed += len(piece)
                if from_server:
                    self.heard(piece)
                if self.swallow:
                    continue
                if from_server and self.cut_after is not None and passed > self.cut_after:
                    break
                sink.sendall(piece)
        for sock in (source, sink):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            self._open.discard(sock)
