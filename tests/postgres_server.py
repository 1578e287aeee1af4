"""A real PostgreSQL on a socket of its own, run by an ordinary user. Needs Debian's `postgresql`, or its like."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

# PostgreSQL refuses to run as root; Debian's package brings this user.
ORDINARY = "postgres"


def binary(name: str) -> str | None:
    """Where a program of PostgreSQL lies; Debian keeps all but the clients outside of PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return shutil.which(name) or (str(debian[0]) if debian else None)


class Postgres:
    """Runs until `close`. `url` is SQLAlchemy's, of a database that `database` makes anew."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="pg-"))
        as_root = os.geteuid() == 0
        self._user = ORDINARY if as_root else pwd.getpwuid(os.geteuid()).pw_name
        if as_root:
            shutil.chown(self.root, ORDINARY)
        self._databases = 0
        self._run("initdb", "-D", str(self.root / "data"), "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
        options = f"-k {self.root} -c listen_addresses='' -c max_connections=60"
        self._run("pg_ctl", "-D", str(self.root / "data"), "-w", "-o", options, "-l", str(self.root / "log"), "start")

    def database(self) -> str:
        """The URL of a new, empty database."""
        self._databases += 1
        name = f"desk{self._databases}"
        self._run("createdb", "-h", str(self.root), name)
        return f"postgresql+psycopg://{self._user}@/{name}?host={self.root}"

    def close(self) -> None:
        self._run("pg_ctl", "-D", str(self.root / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.root, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        path = binary(program)
        assert path is not None, program
        user = self._user if os.geteuid() == 0 else None
        subprocess.run([path, *arguments], check=True, user=user, cwd=self.root, stdout=subprocess.DEVNULL)
