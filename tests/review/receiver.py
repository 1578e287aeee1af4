"""A receiver of webhooks on this machine: it verifies, keeps what it accepts, and fails as it is told to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self

from standardwebhooks import Webhook, WebhookVerificationError

SECRET = "whsec_dGhpcnR5LXR3byBieXRlcyBmb3IgdGhlIHRlc3RzISE="


class Received(NamedTuple):
    id: str
    headers: dict[str, str]
    event: dict[str, Any]


class Receiver:
    """`faults` is asked for each request; `slow` waits `seconds`, `cut` accepts and closes without an answer, `drop`
    closes before it accepts, a number is answered as status, None accepts."""

    def __init__(self, faults: Callable[[], int | str | None] = lambda: None, seconds: float = 5.0) -> None:
        self.accepted: list[Received] = []
        self.answer: Any = None  # what is said beside the status
        self.forged = 0
        self.faults, self.seconds = faults, seconds
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hook"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def first_seen(self) -> list[Received]:
        """Each event once, as a receiver that knows the ids it had sees them."""
        return list({r.id: r for r in reversed(self.accepted)}.values())[::-1]

    def _accept(self, headers: dict[str, str], body: bytes) -> bool:
        try:
            event = Webhook(SECRET).verify(body, headers)
        except WebhookVerificationError:
            self.forged += 1
            return False
        with self._lock:
            self.accepted.append(Received(headers["webhook-id"], headers, event))
        return True

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                body = self.rfile.read(length)
                if len(body) < length:  # the sender died over it
                    return self._cut()
                fault = receiver.faults()
                if fault == "slow":
                    time.sleep(receiver.seconds)
                if fault == "drop":
                    return self._cut()
                if isinstance(fault, int):
                    return self._answer(fault)
                if not receiver._accept({k.lower(): v for k, v in self.headers.items()}, body):
                    return self._answer(401)
                if fault == "cut":
                    return self._cut()
                return self._answer(202)

            def _cut(self) -> None:
                self.close_connection = True
                self.connection.close()

            def _answer(self, status: int) -> None:
                told = {"status": status} if receiver.answer is None else receiver.answer
                said = (told if isinstance(told, str) else json.dumps(told)).encode()
                with suppress(OSError):  # the sender may have given up
                    self.send_response(status)
                    self.send_header("content-type", "application/json")
                    self.send_header("content-length", str(len(said)))
                    self.end_headers()
                    self.wfile.write(said)

            def log_message(self, *_: object) -> None:
                pass

            def handle(self) -> None:
                with suppress(OSError, ValueError):  # closed above
                    super().handle()

        return Handler
