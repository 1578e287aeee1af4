"""An invented company's messages: hand-written texts as mail, portal posts and carrier events, with their labels.

The texts stand in a suite's `messages/*.yaml`, written one by one. This module adds only what a mail program or a
provider adds: MIME, dates, attachments. Record and line ids of the labels are looked up in `records.json`.

    python -m evals.demo_messages [SUITE]   writes raw/ and cases.jsonl of suites/SUITE (demo), the same bytes each time
"""

from __future__ import annotations

import base64
import html
import io
import json
import re
import sys
import zipfile
from datetime import UTC, date, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from agent.taxonomy import taxonomy
from evals.demo_company import SUITE, SUITES

MIMETYPES = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
# What an experienced person does for an intent, and what does no harm beside it, unless a case says otherwise.
ASK = ["reply_to_sender", "escalate"]
USUAL: dict[str, tuple[list[str], list[str]]] = {
    "order_confirmation": (["confirm_order"], ["no_action"]),
    "delivery_date_change": (["update_delivery_date"], ["notify_customer", *ASK]),
    "partial_shipment": (["split_delivery"], ["notify_customer", "update_delivery_date", *ASK]),
    "quantity_change": (["update_quantity"], ["find_alternative_supplier", "notify_customer", *ASK]),
    "price_change": (["update_price"], ASK),
    "item_unavailable": (["cancel_purchase_lines"], ["find_alternative_supplier", "notify_customer", *ASK]),
    "order_rejection": (["cancel_purchase_lines"], ["find_alternative_supplier", "notify_customer", *ASK]),
    "shipment_notice": (["record_shipment"], ["update_delivery_date"]),
    "supplier_invoice_issue": (["review_invoice"], ASK),
    "information_request": (["reply_to_sender"], ["provide_documents", "escalate"]),
    "delivery_failed": (["reschedule_delivery"], ["notify_customer", "correct_address", *ASK]),
    "transit_delay": (["notify_customer"], ["reschedule_delivery", "send_status", "escalate"]),
    "customs_hold": (["provide_documents"], ["notify_customer", *ASK]),
    "goods_damaged": (["file_carrier_claim"], ["reship", "create_return", "review_invoice", "notify_customer", *ASK]),
    "goods_lost": (["file_carrier_claim"], ["reship", "send_status", "notify_customer", *ASK]),
    "delivery_discrepancy": (
        ["file_carrier_claim"],
        ["reship", "create_return", "review_invoice", "notify_customer", *ASK],
    ),
    "returned_to_sender": (
        ["receive_back"],
        ["notify_customer", "reship", "correct_address", "reschedule_delivery", "escalate"],
    ),
    "delivery_update": (["no_action"], ["record_shipment"]),
    "return_request": (["create_return"], ["reship", "review_invoice", *ASK]),
    "order_change": (["update_sales_order"], ["reschedule_delivery", *ASK]),
    "address_change": (["correct_address"], ["update_sales_order", "reschedule_delivery", *ASK]),
    "order_cancellation": (["cancel_sales_order"], ["update_sales_order", *ASK]),
    "order_status_query": (["send_status"], ASK),
    "billing_query": (["review_invoice"], ASK),
    "complaint": (["escalate"], ["reply_to_sender", "send_status", "notify_customer"]),
    "auto_reply": (["no_action"], []),
    "not_actionable": (["no_action"], []),
    "unclear": (["manual_triage"], ASK),
}
LABEL_WORDS = {"lines", "actions", "ok", "or"}
Told = dict[str, Any]


class Records:
    """Finds what a label names: an order by number, a delivery or receipt by its order, an invoice by name."""

    def __init__(self, path: Path) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = json.loads(path.read_text("utf-8"))

    def find(self, words: str) -> dict[str, Any]:
        """`PO/2026/00152`, `SO26-00455`, `VF26/1036`, `delivery of SO26-00455` or `receipt of PO/2026/00145`."""
        kind, _, name = words.rpartition(" of ")
        if kind:
            link = "sale_id" if kind == "delivery" else "purchase_id"
            order = self.find(name)
            found = [p for p in self.rows["stock.picking"] if p[link] and p[link][0] == order["id"]]
            wanted = "done" if kind == "delivery" else "assigned"
            picking = next((p for p in found if p["state"] == wanted), found[-1])
            return {"model": "stock.picking", "id": picking["id"], "name": picking["name"]}
        for model in ("purchase.order", "sale.order", "account.move"):
            for row in self.rows[model]:
                if row["name"] == name:
                    return {"model": model, "id": row["id"], "name": name}
        raise LookupError(f"No record is named {words!r}: correct the name in messages/*.yaml.")

    def line(self, record: dict[str, Any], code: str) -> int:
        model, order_id = record["model"], record["id"]
        if model == "stock.picking":
            picking = next(p for p in self.rows[model] if p["id"] == order_id)
            model = "purchase.order" if picking["purchase_id"] else "sale.order"
            order_id = (picking["purchase_id"] or picking["sale_id"])[0]
        for row in self.rows[f"{model}.line"]:
            if row["order_id"][0] == order_id and row["product_id"][1].startswith(f"[{code}]"):
                return int(row["id"])
        raise LookupError(f"{record['name']} has no line with {code}: correct the code in messages/*.yaml.")


def label(records: Records, told: Told) -> Told:
    """One expected exception. The first key is the intent, its value the record (or null)."""
    intent, where = next(iter(told.items()))
    if intent not in taxonomy().intents:
        raise LookupError(f"{intent!r} is not an intent of the taxonomy.")
    record = records.find(where) if where else None
    fields: Told = {key: plain(value) for key, value in told.items() if key not in LABEL_WORDS | {intent}}
    lines = []
    for code, stated in told.get("lines", {}).items():
        item: Told = {"line_id": records.line(record, code) if record else None, "product": code}
        for key, value in stated.items():
            item[key] = [{"qty": q, "date": plain(d)} for q, d in value] if key == "splits" else plain(value)
        lines.append(item)
    if lines:
        fields = {"lines": lines, **fields}
    actions, harmless = USUAL[intent]
    chosen = told.get("actions", actions)
    out: Told = {"intent": intent, "record": record, "fields": fields, "actions": chosen}
    out["acceptable_actions"] = [a for a in told.get("ok", harmless) if a not in chosen]
    if "or" in told:
        out["alternatives"] = told["or"]
    return out


def plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


# -- attachments --------------------------------------------------------------------------------------------------


def attachment(told: Told) -> tuple[str, str, bytes]:
    """File name, MIME type and content. `above` and `below` are paragraphs (rows in a sheet) around the `table`."""
    kind = next(k for k in ("pdf", "xlsx", "docx", "file") if k in told)
    name = told[kind]
    if kind == "file":
        return name, told["mimetype"], told["content"].encode()
    make = {"pdf": pdf, "xlsx": xlsx, "docx": docx}[kind]
    return name, MIMETYPES[kind], make(told)


def pdf(told: Told) -> bytes:
    from reportlab.lib import colors  # type: ignore[import-untyped]
    from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
    from reportlab.lib.styles import getSampleStyleSheet  # type: ignore[import-untyped]
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle  # type: ignore[import-untyped]

    style = getSampleStyleSheet()["BodyText"]
    flow: list[Any] = [Paragraph(html.escape(line), style) for line in told.get("above", [])]
    if "table" in told:
        table = Table([[str(c) for c in row] for row in told["table"]], repeatRows=1)
        grid = [("GRID", (0, 0), (-1, -1), 0.4, colors.grey), ("FONTSIZE", (0, 0), (-1, -1), 8)]
        table.setStyle(TableStyle(grid))
        flow += [Spacer(1, 12), table, Spacer(1, 12)]
    flow += [Paragraph(html.escape(line), style) for line in told.get("below", [])]
    out = io.BytesIO()
    SimpleDocTemplate(out, pagesize=A4, invariant=1, title=told["pdf"]).build(flow)
    return out.getvalue()


def xlsx(told: Told) -> bytes:
    from openpyxl import Workbook  # type: ignore[import-untyped]

    book = Workbook()
    sheet = book.active
    sheet.title = told.get("sheet", "Blad1")
    for row in told.get("above", []) + told["table"] + told.get("below", []):
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return frozen_zip(out.getvalue())


def docx(told: Told) -> bytes:
    from docx import Document

    document = Document()
    for line in told.get("above", []):
        document.add_paragraph(line)
    if "table" in told:
        rows = told["table"]
        table = document.add_table(rows=len(rows), cols=len(rows[0]))
        for cells, row in zip(table.rows, rows, strict=True):
            for cell, value in zip(cells.cells, row, strict=True):
                cell.text = str(value)
    for line in told.get("below", []):
        document.add_paragraph(line)
    out = io.BytesIO()
    document.save(out)
    return frozen_zip(out.getvalue())


def frozen_zip(data: bytes) -> bytes:
    """The same archive with fixed times, because office formats store the moment they were saved."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = old.read(info)
            if info.filename == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2026-06-15T06:00:00Z", content)
            new.writestr(zipfile.ZipInfo(info.filename, (2026, 6, 15, 6, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


# -- channels -----------------------------------------------------------------------------------------------------


class Wrapper:
    def __init__(self, company: Told) -> None:
        self.names: dict[str, str] = company["users"]
        self.domain = company["company"]["email"].partition("@")[2]
        self.timezone = ZoneInfo(company["timezone"])
        self.message_ids: dict[str, str] = {}

    def address(self, told: str | list[str]) -> Address:
        if isinstance(told, list):
            return Address(told[0], addr_spec=told[1])
        if told in self.names:
            login = self.names[told].lower().replace(" ", ".")
            return Address(self.names[told], addr_spec=f"{login}@{self.domain}")
        return Address(addr_spec=f"{told}@{self.domain}")

    def mail(self, case: str, at: datetime, told: Told) -> bytes:
        """An RFC 5322 message. `thread` names the case that it answers; `headers` are added as they are."""
        if "source" in told:
            return str(told["source"]).replace("\n", "\r\n").encode()
        message = EmailMessage(policy=SMTP)
        sender = self.address(told["from"])
        message["From"] = sender
        message["To"] = self.address(told.get("to", "info"))
        if "cc" in told:
            message["Cc"] = self.address(told["cc"])
        message["Subject"] = told["subject"]
        message["Date"] = at.astimezone(self.timezone)
        self.message_ids[case] = f"<{at:%Y%m%d%H%M%S}.{case.rpartition('-')[2]}@{sender.domain}>"
        message["Message-ID"] = self.message_ids[case]
        if "thread" in told:
            before = self.message_ids.get(told["thread"], told["thread"])
            message["In-Reply-To"], message["References"] = before, before
        for name, value in told.get("headers", {}).items():
            message[name] = value
        if "text" in told:
            message.set_content(told["text"], cte="quoted-printable")
        if "html" in told:
            add = message.add_alternative if "text" in told else message.set_content
            add(told["html"], subtype="html", cte="quoted-printable")
        for one in told.get("attachments", []):
            if "eml" in one:
                inner = BytesParser(policy=SMTP).parsebytes(one["source"].replace("\n", "\r\n").encode())
                message.add_attachment(inner, filename=one["eml"])
                continue
            name, mimetype, data = attachment(one)
            main, _, sub = mimetype.partition("/")
            message.add_attachment(data, maintype=main, subtype=sub, filename=name)
        for number, part in enumerate(p for p in message.walk() if p.get_content_maintype() == "multipart"):
            part.set_boundary(f"=_{case}_{number}")
        return message.as_bytes()

    def portal(self, told: Told, records: Records, at: datetime) -> bytes:
        record = records.find(told["document"]) if told.get("document") else {"model": None, "id": None}
        attachments = [
            {"name": n, "mimetype": m, "base64": base64.b64encode(d).decode()}
            for n, m, d in map(attachment, told.get("attachments", []))
        ]
        name, email = told["from"]
        post = {
            "model": record["model"], "res_id": record["id"], "author": {"name": name, "email": email},
            "date": f"{at:%Y-%m-%d %H:%M:%S}", "body_html": told["html"].strip(), "subject": told.get("subject", False),
            "attachments": attachments,
        }  # fmt: skip
        return (json.dumps(post, ensure_ascii=False, indent=2) + "\n").encode()


def wrapped(suite: Path = SUITE) -> tuple[dict[str, bytes], str]:
    """All raw files by name, and the text of cases.jsonl."""
    records = Records(suite / "records.json")
    wrapper = Wrapper(yaml.safe_load((suite / "company.yaml").read_text("utf-8")))
    told = [c for f in sorted((suite / "messages").glob("*.yaml")) for c in yaml.safe_load(f.read_text("utf-8"))]
    told.sort(key=lambda case: case["id"])
    raw: dict[str, bytes] = {}
    cases: list[str] = []
    for case in told:
        at: datetime = case["at"].astimezone(UTC)
        channel = next(c for c in ("email", "portal", "carrier") if c in case)
        name = f"raw/{case['id']}.{'eml' if channel == 'email' else 'json'}"
        if channel == "email":
            raw[name] = wrapper.mail(case["id"], at, case["email"])
        elif channel == "portal":
            raw[name] = wrapper.portal(case["portal"], records, at)
        else:
            raw[name] = (json.dumps(case["carrier"], ensure_ascii=False, indent=1, default=plain) + "\n").encode()
        exceptions = [label(records, one) for one in case["expect"]]
        tags = {**case["tags"], "attack": case["tags"].get("attack")}
        row = {
            "id": case["id"], "channel": channel, "received_at": f"{at:%Y-%m-%dT%H:%M:%SZ}", "raw": name,
            "expected": {"exceptions": exceptions, "manual": case.get("manual", False)}, "tags": tags,
        }  # fmt: skip
        cases.append(json.dumps(row, ensure_ascii=False))
    return raw, "\n".join(cases) + "\n"


def main(suite: Path) -> None:
    (suite / "raw").mkdir(exist_ok=True)
    raw, cases = wrapped(suite)
    for old in (suite / "raw").iterdir():
        old.unlink()
    for name, data in raw.items():
        (suite / name).write_bytes(data)
    (suite / "cases.jsonl").write_text(cases, "utf-8")


if __name__ == "__main__":
    main(SUITES / (sys.argv[1] if len(sys.argv) > 1 else "demo"))
