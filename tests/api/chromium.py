"""Debian's Chromium, headless, for the tests of the desk in a browser."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

CHROMIUM = Path("/usr/bin/chromium")
SWITCHES = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SWITCHES += ["--disable-component-update", "--disable-sync"]
NEEDED = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM.exists() and os.environ.get("REQUIRE_SERVICES") != "1",
        reason="needs Chromium: apt-get install chromium",
    ),
]
# The desk takes no decision on an item that nobody can have read yet.
GLANCE_MS = 300
SLOW_MACHINE_MS = 30_000


@contextmanager
def served(app: FastAPI, port: int = 0) -> Iterator[int]:
    """The port at which the application is served on the loopback, while the block runs; 0: any free one."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        app.state.stopping = lambda: server.should_exit
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join(timeout=10)


@contextmanager
def opened(chromium: Any, link: str, complains: bool = False, **context: Any) -> Iterator[Any]:
    """A page that is signed in by the link. What the browser complains about fails the test unless it may."""
    complaints: list[str] = []
    made = chromium.new_context(viewport={"width": 1280, "height": 800}, **context)
    made.set_default_timeout(SLOW_MACHINE_MS)
    page = made.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if is_complaint(said) else None)
    page.goto(link)
    yield page
    assert page.evaluate("window.hacked") is None
    made.close()
    assert complains or not complaints, complaints


def is_complaint(said: Any) -> bool:
    """Errors, but not Chromium's notes that a decision was refused or that nobody answered, which the desk shows."""
    expected = ("status of 409", "status of 412", "status of 422", "net::ERR_INTERNET_DISCONNECTED")
    return said.type == "error" and not any(words in said.text for words in expected)
