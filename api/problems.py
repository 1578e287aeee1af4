"""What a refused request is answered with under /api and /intake (RFC 9457), and how OpenAPI is told of it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

MEDIA_TYPE = "application/problem+json"
SAID = {
    400: "The request cannot be understood",
    401: "Nobody is signed in",
    403: "You may not, or the request did not come from the desk's own pages",
    404: "There is no such thing",
    409: "Not as things stand: somebody else has it, or it is too late",
    412: "It has changed since it was seen",
    422: "Something in it is not valid",
    428: "If-Match is missing",
    503: "Odoo could not be asked just now",
}


class Problem(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str


def refusals(*codes: int, said: dict[int, str] | None = None) -> dict[int | str, dict[str, Any]]:
    """OpenAPI's `responses` for these statuses."""
    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    words = SAID | (said or {})
    return {code: {"description": words[code], "content": content} for code in codes}
