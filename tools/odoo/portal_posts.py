"""What outside partners wrote on documents of the portal: `mail.message` rows as posts in the shape of the portal channel.

The read-only account sees next to none of these messages, so they are read with an account of their own.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

from tools.limits import ReadingLimits
from tools.records import RecordReader, Row

DOCUMENTS = ("purchase.order", "sale.order", "stock.picking")
FIELDS = ("model", "res_id", "author_id", "email_from", "date", "subject", "body", "attachment_ids")
PAGE = 200


def posts_after(reader: RecordReader, after: int, since: datetime | None) -> list[Row]:
    """The next comments by partners who are no users of ours, in the order of their ids, `PAGE` at most; without those
    before `since`. Raises RecordsError."""
    domain: list[Any] = [
        ("id", ">", after),
        ("model", "in", DOCUMENTS),
        ("message_type", "=", "comment"),
        ("author_id.partner_share", "=", True),
    ]
    if since is not None:
        domain.append(("date", ">=", since.strftime("%Y-%m-%d %H:%M:%S")))
    return reader.search_read("mail.message", domain, FIELDS, limit=PAGE, order="id")


def posted_at(row: Row) -> datetime:
    return datetime.fromisoformat(row["date"]).replace(tzinfo=UTC)


def raw_post(reader: RecordReader, row: Row) -> bytes:
    """The JSON that `tools.portal` reads, with the attachments: the same bytes whenever it is made."""
    name, email = parseaddr(str(row.get("email_from") or ""))
    author = row.get("author_id")
    post = {
        "model": row["model"],
        "res_id": row["res_id"],
        "author": {"name": name or (str(author[1]) if author else ""), "email": email},
        "date": row["date"],
        "body_html": row.get("body") or "",
        "subject": row.get("subject") or "",
        "attachments": _attachments(reader, row),
    }
    return json.dumps(post, ensure_ascii=False, sort_keys=True).encode()


def _attachments(reader: RecordReader, row: Row) -> list[dict[str, Any]]:
    ids = row.get("attachment_ids") or []
    if not ids:
        return []
    most = ReadingLimits()
    sizes = reader.read("ir.attachment", ids[: most.parts], ("name", "mimetype", "file_size"))
    small = [a["id"] for a in sizes if (a.get("file_size") or 0) <= most.message_bytes]
    contents = {a["id"]: a.get("datas") or "" for a in reader.read("ir.attachment", small, ("datas",))} if small else {}
    return [
        {"name": a.get("name") or "", "mimetype": a.get("mimetype") or "", "base64": contents.get(a["id"], "")}
        for a in sizes
    ]
