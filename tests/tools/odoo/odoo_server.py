"""A server that behaves as Odoo servers were seen to: both protocols over real HTTP, their errors word for word, and
faults of the network on demand. It answers from a records snapshot and notes what it was asked."""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tools.records import RecordsError
from tools.snapshot import SnapshotReader

DATABASE, LOGIN, KEY, USER_ID = "company", "exception-desk", "0123456789abcdef0123456789abcdef01234567", 7
TRACEBACK = "Traceback (most recent call last): odoo/http.py secret"
LOGIN_PAGE = b"<!DOCTYPE html><html><title>Log in | Odoo</title></html>"

DENIED = ("odoo.exceptions.AccessDenied", "Access Denied")
NO_DATABASE = (
    "psycopg2.OperationalError",
    'connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: FATAL:  database "{}" does not exist\n',
)

# What Odoo takes for true and false in a domain, in words that a snapshot understands.
CONSTANTS: dict[str, Any] = {'[1, "=", 1]': ["id", "!=", False], '[0, "=", 1]': ["id", "=", False]}

Fault = Callable[["Handler"], None]


class Failed(Exception):
    """An exception of Odoo's, by its qualified name, with the status that JSON-2 gives it."""

    def __init__(self, name: str, message: str, status: int = 500) -> None:
        self.name, self.message, self.status = name, message, status


@dataclass
class OdooServer:
    """`major` decides what is offered; `faults` are taken one a request. `calls` holds (protocol, model, method)."""

    reader: SnapshotReader
    major: int = 18
    key: str = KEY
    groups: frozenset[str] = frozenset()
    rights: dict[str, frozenset[str]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    answers: dict[str, Failed] = field(default_factory=dict)
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    logins: int = 0
    requests: int = 0
    url: str = ""

    def run(self, model: str, method: str, ids: list[int] | None, given: dict[str, Any]) -> Any:
        if method in self.answers:
            raise self.answers[method]
        given = {name: value for name, value in given.items() if name != "context"}
        if (model, method) == ("res.users", "context_get"):
            return {"lang": "en_US", "tz": False, "uid": USER_ID}
        if (model, method) == ("res.users", "has_group"):
            if self.major < 18 and ids is not None:
                raise Failed("builtins.TypeError", "has_group() got multiple values for argument 'group_ext_id'")
            return given["group_ext_id"] in self.groups
        if method == "has_access":
            if self.major < 18:
                raise Failed("builtins.AttributeError", f"'{model}' object has no attribute 'has_access'")
            return given["operation"] in self.rights.get(model, {"read"})
        if method == "check_access_rights":
            return given["operation"] in self.rights.get(model, {"read"})
        rows = self.reader.search_read(model)
        if not rows:
            if self.major >= 19:
                raise Failed("werkzeug.exceptions.NotFound", f"the model {model!r} does not exist", 404)
            raise Failed("odoo.exceptions.UserError", f"Object {model} doesn't exist")
        names = {name for row in rows for name in row}
        if method == "fields_get":
            return {name: {"type": "char", "store": True} for name in names}
        self._refuse_unknown(model, names, given)
        if "domain" in given:
            given["domain"] = [CONSTANTS.get(json.dumps(term), term) for term in given["domain"]]
        try:
            if method == "search":
                return [row["id"] for row in self.reader.search_read(model, **given)]
            if method == "read":
                return self.reader.read(model, ids or [], given["fields"])
            return getattr(self.reader, method)(model, **given)
        except RecordsError as error:
            raise Failed("builtins.ValueError", str(error)) from error

    def _refuse_unknown(self, model: str, names: set[str], given: dict[str, Any]) -> None:
        for name in given.get("fields") or ():
            if name not in names:
                raise Failed("builtins.ValueError", f"Invalid field '{name}' on model '{model}'")
        for term in given.get("domain") or ():
            if isinstance(term, list) and len(term) == 3 and str(term[0]).split(".")[0] not in names | {"0", "1"}:
                raise Failed("builtins.ValueError", f"Invalid field {model}.{term[0]} in leaf {tuple(term)}")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    odoo: OdooServer

    def log_message(self, *args: Any) -> None: ...

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        odoo = self.odoo
        odoo.requests += 1
        if odoo.faults:
            return odoo.faults.pop(0)(self)
        if self.path == "/web/webclient/version_info":
            return self.json({"jsonrpc": "2.0", "id": None, "result": {"server_version": f"{odoo.major}.0"}})
        if self.path == "/jsonrpc":
            return self.jsonrpc(json.loads(body))
        if self.path.startswith("/json/2/") and odoo.major >= 19:
            return self.json2(json.loads(body))
        # What Odoo 18 and older do with any path that they do not know, once the redirect is followed.
        return self.answer(200, LOGIN_PAGE, "text/html; charset=utf-8")

    def jsonrpc(self, request: dict[str, Any]) -> None:
        params, odoo = request["params"], self.odoo
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": request["id"]}
        try:
            database, *rest = params["args"]
            if database != DATABASE:
                raise Failed(NO_DATABASE[0], NO_DATABASE[1].format(database))
            if params["service"] == "common":
                odoo.logins += 1
                answer["result"] = USER_ID if rest == [LOGIN, odoo.key] else False
            else:
                user, key, model, method, *given = rest
                if (user, key) != (USER_ID, odoo.key):
                    raise Failed(*DENIED)
                positional, named = (*given, {}, {})[:2] if params["method"] == "execute_kw" else ([], {})
                odoo.calls.append(("jsonrpc", model, method))
                answer["result"] = odoo.run(model, method, positional[0] if positional else None, named)
        except Failed as failed:
            data = {"name": failed.name, "message": failed.message, "arguments": [], "debug": TRACEBACK}
            answer["error"] = {"code": 200 if odoo.major < 19 else 0, "message": "Odoo Server Error", "data": data}
        self.json(answer)

    def json2(self, given: dict[str, Any]) -> None:
        odoo = self.odoo
        model, method = self.path.removeprefix("/json/2/").split("/")
        if self.headers["X-Odoo-Database"] != DATABASE:
            page = b"<!DOCTYPE html><p>No database is selected</p><!-- use the X-Odoo-Database header. -->"
            return self.answer(404, page, "text/html; charset=utf-8")
        try:
            if self.headers["Authorization"] != f"bearer {odoo.key}":
                raise Failed("werkzeug.exceptions.Unauthorized", "Invalid apikey", 401)
            odoo.calls.append(("json2", model, method))
            return self.json(odoo.run(model, method, given.pop("ids", None), given))
        except Failed as failed:
            status = {"odoo.exceptions.AccessError": 403, "odoo.exceptions.AccessDenied": 401}.get(failed.name)
            error = {"name": failed.name, "message": failed.message, "arguments": [], "debug": TRACEBACK}
            return self.json(error, status or failed.status)

    def json(self, content: Any, status: int = 200) -> None:
        self.answer(status, json.dumps(content).encode(), "application/json; charset=utf-8")

    def answer(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def slow(handler: Handler) -> None:
    time.sleep(1.0)
    handler.close_connection = True


def dropped(handler: Handler) -> None:
    handler.close_connection = True


def cut(handler: Handler) -> None:
    handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{"jsonrpc":')
    handler.close_connection = True


def babble(handler: Handler) -> None:
    handler.wfile.write(b"+OK POP3 ready\r\n")
    handler.close_connection = True


def page(status: int, **headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.answer(status, b"<html>proxy</html>", "text/html", named)


def other_json(content: Any) -> Fault:
    return lambda handler: handler.json(content)


@contextmanager
def running(odoo: OdooServer, tls: ssl.SSLContext | None = None) -> Iterator[OdooServer]:
    """Serves at a free loopback port until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"odoo": odoo}))
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    odoo.url = f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_port}"
    try:
        yield odoo
    finally:
        server.shutdown()
        server.server_close()
