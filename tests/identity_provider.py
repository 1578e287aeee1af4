"""A small OpenID Connect provider over real HTTP: it signs in whoever `identity` says, without asking."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey


class IdentityProvider:
    """Answers until `close`. Of each code it remembers challenge and nonce, and checks what comes back for it.

    `identity` are the claims of who is signed in; `twist` changes an ID token's claims before it is signed."""

    client_id, client_secret = "desk", "provider-secret"

    def __init__(self) -> None:
        self.key, self.other_key = (RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"}) for _ in range(2))
        self.identity: dict[str, Any] = {"sub": "u-1", "email": "ann@us.example", "email_verified": True}
        self.twist: dict[str, Any] = {}
        self.sign_with = self.key
        self._codes: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.issuer = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _metadata(self) -> dict[str, Any]:
        ends = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
        return {
            "issuer": self.issuer,
            **{name: self.issuer + path for name, path in ends.items()},
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def _authorize(self, asked: dict[str, str]) -> str:
        """Where the browser goes on to, with a code."""
        code = secrets.token_urlsafe(8)
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def _token(self, given: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        asked = self._codes.pop(given.get("code", ""), None)
        client = "Basic " + base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(given.get("code_verifier", "").encode()).digest())
        if asked is None or authorization != client or challenge.decode().rstrip("=") != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": self.client_id, "iat": now, "exp": now + 60, "nonce": asked["nonce"]}
        claims |= {**self.identity, **self.twist}
        token = jwt.encode({"alg": "RS256", "kid": "k1"}, claims, self.sign_with)
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": token}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                address = urlsplit(self.path)
                if address.path == "/authorize":
                    self.send_response(302)
                    self.send_header("Location", provider._authorize(_single(address.query)))
                    self.end_headers()
                elif address.path == "/keys":
                    self._json(200, {"keys": [provider.key.as_dict(private=False)]})
                else:
                    self._json(200, provider._metadata())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self._json(*provider._token(_single(body), self.headers.get("Authorization", "")))

            def _json(self, status: int, body: dict[str, Any]) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(body).encode())

            def log_message(self, *_: object) -> None:
                pass

        return Handler


def _single(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
