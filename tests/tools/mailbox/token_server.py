"""A token endpoint as providers run one, and the look-up by which a mail server asks whether a token is good."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class TokenServer:
    """Knows one client, `app` with the secret `shh`, and one refresh token at a time. `good` maps tokens to users.

    `answer` (status, JSON) replaces the next answers; `lives` is how long tokens live; with `rotate`, each refresh
    gives a new refresh token and ends the old one.
    """

    def __init__(self, user: str = "ann") -> None:
        self.user, self.lives, self.rotate = user, 3600, False
        self.refresh_token = "refresh-0"
        self.good: dict[str, str] = {}
        self.asked: list[dict[str, str]] = []
        self.answer: tuple[int, Any] | None = None
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._say(*owner.grant({key: values[0] for key, values in parse_qs(body).items()}))

            def do_GET(self) -> None:
                token = parse_qs(urlsplit(self.path).query).get("access_token", [""])[0]
                user = owner.good.get(token)
                self._say(200 if user else 401, {"active": "true", "email": user} if user else {"error": "bad"})

            def _say(self, status: int, content: Any) -> None:
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", str(content))
                raw = json.dumps(content).encode()
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def grant(self, form: dict[str, str]) -> tuple[int, Any]:
        self.asked.append(form)
        if self.answer is not None:
            return self.answer
        if (form.get("client_id"), form.get("client_secret")) != ("app", "shh"):
            return 401, {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret."}
        answer: dict[str, Any] = {"token_type": "Bearer", "expires_in": self.lives}
        if form.get("grant_type") == "refresh_token":
            if form.get("refresh_token") != self.refresh_token:
                return 400, {"error": "invalid_grant", "error_description": "Token has been expired or revoked."}
            if self.rotate:
                self.refresh_token = answer["refresh_token"] = f"refresh-{len(self.asked)}"
        token = answer["access_token"] = f"access-{len(self.asked)}"
        self.good[token] = self.user
        return 200, answer

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
