"""Puts script, style and content into one HTML file that loads nothing and may run nothing but its own script."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def page(content: Mapping[str, Any], title: str) -> str:
    """The whole page. Texts of messages stand in it as JSON, and the script shows them as text alone."""
    script = (HERE / "viewer.js").read_text("utf-8")
    style = (HERE / "viewer.css").read_text("utf-8")
    return (
        (HERE / "viewer.html")
        .read_text("utf-8")
        .replace("{{policy}}", escape(policy(), quote=True))
        .replace("{{title}}", escape(title))
        .replace("{{style}}", style)
        .replace("{{script}}", script)
        .replace("{{content}}", inert(content))
    )


def policy() -> str:
    """The Content-Security-Policy under which the page works: its own script and style by their hashes."""
    script, style = (_hash((HERE / name).read_text("utf-8")) for name in ("viewer.js", "viewer.css"))
    return f"default-src 'none'; script-src '{script}'; style-src '{style}'; base-uri 'none'; form-action 'none'"


def inert(content: Mapping[str, Any]) -> str:
    """JSON that cannot end the script element that it stands in, whatever the texts hold."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=str, allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
