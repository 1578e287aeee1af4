"""A LangSmith that keeps what it is sent: the endpoints that the SDK speaks for datasets, experiments and feedback, over real HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

Json = dict[str, Any]
TENANT = str(uuid4())
INFO = {
    "version": "0.13.0",
    "instance_flags": {"dataset_examples_multipart_enabled": True},
    "batch_ingest_config": {
        "use_multipart_endpoint": True,
        "scale_up_qsize_trigger": 1000,
        "scale_up_nthreads_limit": 16,
        "scale_down_nempty_trigger": 4,
        "size_limit": 100,
        "size_limit_bytes": 20_971_520,
    },
}


@dataclass
class LangSmithServer:
    """What was kept, by id. `asked` are method and path of every request; `refuse` is a status that all get instead."""

    url: str = ""
    datasets: dict[str, Json] = field(default_factory=dict)
    examples: dict[str, Json] = field(default_factory=dict)
    projects: dict[str, Json] = field(default_factory=dict)
    runs: dict[str, Json] = field(default_factory=dict)
    feedback: list[Json] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    refuse: dict[str, int] = field(default_factory=dict)

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: bytes, kind: str) -> Any:
        """The JSON of an answer."""
        named = path.removeprefix("/v1/platform").strip("/").split("/")
        match method, named:
            case "GET", ["info"]:
                return INFO
            case "GET", ["datasets"]:
                return [d for d in self.datasets.values() if d["name"] == query["name"][0]]
            case "POST", ["datasets"]:
                sent = json.loads(body)
                made = {"id": str(uuid4()), "created_at": now(), "metadata": sent.pop("extra")["metadata"], **sent}
                return self.datasets.setdefault(made["id"], made)
            case "POST" | "PATCH", ["datasets", dataset, "examples"]:
                sent = parts_of(body, kind)
                for name, told in sent.items():
                    held = self.examples.setdefault(name, {"id": name, "dataset_id": dataset, "created_at": now()})
                    held.update({key: value for key, value in told.items() if key in ("inputs", "outputs")})
                    held.update({k: v for k, v in told.items() if k == "metadata"})
                return {"count": len(sent), "example_ids": list(sent)}
            case "GET", ["examples"]:
                of = [e for e in self.examples.values() if e["dataset_id"] == query["dataset"][0]]
                first = int(query["offset"][0])
                return of[first : first + int(query["limit"][0])]
            case "GET", ["sessions"]:
                return [p for p in self.projects.values() if p["name"] == query.get("name", [p["name"]])[0]]
            case "POST", ["sessions"]:
                sent = json.loads(body)
                made = {"tenant_id": TENANT, "start_time": now(), "reference_dataset_id": None, **sent}
                return self.projects.setdefault(made["id"], made)
            case "PATCH", ["sessions", project]:
                self.projects[project].update({k: v for k, v in json.loads(body).items() if v is not None})
                return self.projects[project]
            case "POST", ["runs", "multipart"]:
                for name, told in parts_of(body, kind).items():
                    if told.pop("kind") == "feedback":
                        self.feedback.append(told)
                    else:
                        self.runs.setdefault(name, {}).update(told)
                return {}
            case "POST", ["feedback"]:
                self.feedback.append(json.loads(body))
                return {}
        raise LookupError(f"{method} {path}")


def now() -> str:
    return datetime.now(UTC).isoformat()


def parts_of(body: bytes, kind: str) -> dict[str, Json]:
    """The parts of a multipart body, gathered by the id in their names: `post.<id>`, `<id>.inputs`, `feedback.<id>`."""
    whole = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    found: dict[str, Json] = {}
    for part in whole.get_payload():
        words = str(part.get_param("name", header="content-disposition")).split(".")
        operation = words.pop(0) if words[0] in ("post", "patch", "feedback") else "example"
        content = json.loads(part.get_payload(decode=True))
        told = found.setdefault(words[0], {"kind": operation})
        told.update({words[1]: content} if len(words) > 1 else content)
    return found


@contextmanager
def langsmith_server() -> Iterator[LangSmithServer]:
    """A server on a free port of the loopback."""
    server = LangSmithServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            asked = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            server.asked.append(f"{self.command} {asked.path}")
            server.keys.add(self.headers.get("x-api-key", ""))
            status = server.refuse.get(asked.path, 200)
            try:
                said = server.answer(
                    self.command, asked.path, parse_qs(asked.query), body, self.headers.get("Content-Type", "")
                )
            except LookupError as error:
                status, said = 404, {"detail": str(error)}
            out = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(out)))
            self.end_headers()
            self.wfile.write(out)

        do_GET = do_POST = do_PATCH = _any

        def log_message(self, format: str, *args: Any) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_port}"
    threading.Thread(target=http.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
