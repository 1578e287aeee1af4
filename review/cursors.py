"""Where a page of a list ended, as an opaque word that a caller hands back for the next page."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import NamedTuple


class InvalidCursor(ValueError):
    """The word did not come from this list. `status` is the HTTP status."""

    status = 422


class Cursor(NamedTuple):
    """The last row that was given: the moment that its list is sorted by, and its id."""

    at: datetime
    id: str

    def encode(self) -> str:
        plain = json.dumps([self.at.astimezone(UTC).isoformat(), self.id])
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, word: str) -> Cursor:
        """Raises InvalidCursor."""
        try:
            at, row_id = json.loads(base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_", validate=True))
            moment = datetime.fromisoformat(at)
            if moment.tzinfo is None or not isinstance(row_id, str) or "\0" in row_id:
                raise ValueError("not what `encode` gives")
            return cls(moment, row_id)
        except (ValueError, TypeError, RecursionError) as error:
            raise InvalidCursor("This cursor did not come from here: begin with the first page.") from error
