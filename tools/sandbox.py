"""Opens files in binary formats in a child process with bounded time and memory.

PDFium and calamine are native code on hostile input: a crash, a loop or a file that swells to gigabytes must end a
child, never the service. One child serves many files and is replaced when it dies. Run as a module it is that child:
`python -m tools.sandbox FD` answers requests on the socket FD.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from tools.file_text import FileText, Unreadable
from tools.limits import ReadingLimits

_START_SECONDS = 30.0


class _Child:
    def __init__(self, limits: ReadingLimits) -> None:
        ours, theirs = socket.socketpair()
        self.memory = limits.memory_bytes
        root = str(Path(__file__).resolve().parents[1])
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": os.pathsep.join([root, *filter(None, sys.path)]),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tools.sandbox", str(theirs.fileno()), str(limits.memory_bytes)],
            pass_fds=[theirs.fileno()],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        theirs.close()
        self.connection = Connection(ours.detach())
        self.fresh = True

    def close(self) -> None:
        with suppress(OSError):
            self.connection.close()
        self.process.kill()
        self.process.wait()


_lock = threading.Lock()
_child: _Child | None = None


def read_in_sandbox(kind: str, data: bytes, limits: ReadingLimits) -> FileText:
    """Text of a file of kind `pdf`, `spreadsheet` or `docx`. Raises Unreadable, also for what killed the child."""
    with _lock:
        child = _living_child(limits)
        seconds = limits.seconds + (_START_SECONDS if child.fresh else 2.0)
        try:
            child.connection.send_bytes(json.dumps({"kind": kind, "limits": limits.model_dump()}).encode())
            child.connection.send_bytes(data)
            if not child.connection.poll(seconds):
                _drop()
                raise Unreadable(f"Reading it took longer than {limits.seconds:.0f} seconds.")
            answer = json.loads(child.connection.recv_bytes(200_000_000))
            child.fresh = False
        except (EOFError, OSError) as error:
            _drop()
            raise Unreadable("Reading it failed: the reader crashed or ran out of memory.") from error
    if "unreadable" in answer:
        raise Unreadable(answer["unreadable"])
    return FileText.model_validate(answer)


def _living_child(limits: ReadingLimits) -> _Child:
    global _child
    if _child is not None and (_child.process.poll() is not None or _child.memory != limits.memory_bytes):
        _drop()
    if _child is None:
        _child = _Child(limits)
    return _child


def _drop() -> None:
    global _child
    if _child is not None:
        _child.close()
        _child = None


def _after_fork() -> None:
    """A forked worker must not share its parent's child."""
    global _child, _lock
    _child, _lock = None, threading.Lock()


os.register_at_fork(after_in_child=_after_fork)


# --- in the child ---


def read_here(kind: str, data: bytes, limits: ReadingLimits) -> FileText:
    """The readers themselves, in this process. Raises Unreadable, and whatever they stumble over."""
    if kind == "pdf":
        from tools.pdf import read_pdf

        return read_pdf(data, limits)
    if kind == "docx":
        from tools.documents import read_docx

        return read_docx(data, limits)
    from tools.spreadsheets import read_spreadsheet

    return read_spreadsheet(data, limits)


def _serve(descriptor: int, memory: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    connection = Connection(descriptor)
    while True:
        try:
            request = json.loads(connection.recv_bytes())
            data = connection.recv_bytes()
        except (EOFError, OSError):
            return
        limits = ReadingLimits.model_validate(request["limits"])
        try:
            answer = read_here(request["kind"], data, limits).model_dump_json()
        except Unreadable as error:
            answer = json.dumps({"unreadable": str(error)})
        except MemoryError:
            answer = json.dumps({"unreadable": "Reading it takes more memory than is allowed."})
        except Exception as error:
            answer = json.dumps({"unreadable": f"It could not be read ({type(error).__name__})."})
        connection.send_bytes(answer.encode("utf-8", "replace"))


if __name__ == "__main__":
    _serve(int(sys.argv[1]), int(sys.argv[2]))
