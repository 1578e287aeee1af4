"""A model's endpoint that says what it is told to: OpenAI's chat completions over real HTTP, and every way to fail."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """What one request gets. `body` is the JSON of a completion or an error; `raw` goes out as it stands instead.
    `after` seconds pass before anything is sent; with `drip`, a byte is sent every so many seconds."""

    body: Body | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    after: float = 0.0
    drip: float = 0.0
    hang_up: bool = False


def says(content: str | None, *, finish: str = "stop", refusal: str | None = None, calls: Sequence[Body] = ()) -> Reply:
    """A completion with this text, refusal or tool calls."""
    message: Body = {"role": "assistant", "content": content, "refusal": refusal}
    if calls:
        message["tool_calls"] = list(calls)
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if calls else finish, "logprobs": None}
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
    return Reply(
        {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "scripted-1", "choices": [choice],
         "usage": usage}
    )  # fmt: skip


def answers(*findings: Body) -> Reply:
    """An answer of the form that is asked for."""
    return says(json.dumps({"findings": list(findings)}))


def finding(intent: str, record: str | None, quote: str, *facts: Body, sure: float = 0.9) -> Body:
    return {"intent": intent, "record": record, "quote": quote, "facts": list(facts), "sure": sure}


def fact(field: str, value: str, quote: str, line: int | None = None) -> Body:
    return {"line": line, "field": field, "value": value, "quote": quote}


def calls(tool: str, /, **arguments: Any) -> Reply:
    """A call of one tool."""
    function = {"name": tool, "arguments": json.dumps(arguments)}
    return says(None, calls=[{"id": f"call_{time.monotonic_ns()}", "type": "function", "function": function}])


def fails(status: int, message: str = "no", **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply({"error": {"message": message, "type": "error", "code": None}}, status, named)


@dataclass
class ScriptedEndpoint:
    """`replies` are given one a request, the last for ever; `requests` are the bodies that came, `keys` the keys."""

    replies: list[Reply]
    requests: list[Body] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    url: str = ""

    def reply(self, body: Body, key: str) -> Reply:
        self.requests.append(body)
        self.keys.append(key)
        return self.replies[min(len(self.requests), len(self.replies)) - 1]


@contextmanager
def endpoint(*replies: Reply) -> Iterator[ScriptedEndpoint]:
    """Serves the replies on loopback while the block runs."""
    script = ScriptedEndpoint(list(replies))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            reply = script.reply(body, self.headers.get("Authorization", ""))
            if reply.hang_up:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            time.sleep(reply.after)
            content = reply.raw if reply.raw is not None else json.dumps(reply.body).encode()
            try:
                self.send_response(reply.status)
                for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if not reply.drip:
                    self.wfile.write(content)
                for byte in content if reply.drip else b"":
                    self.wfile.write(bytes([byte]))
                    self.wfile.flush()
                    time.sleep(reply.drip)
            except OSError:
                pass  # the client has had enough

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
