"""The stress suite: the mails of another suite, changed in ways that leave their labels right, and orders of many lines."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from pathlib import Path
from typing import Any

from agent.proposal import RecordRef
from agent.taxonomy import INTENTS_WITHOUT_RECORD
from evals.generated import perturb
from evals.generated.writing import MadeCase, write_suite
from evals.labelled import Case, Expected, LabelledException
from evals.runs.suite import Suite

KINDS = ("paraphrase", "typos", "scan", "quoted", "forwarded", "mixed", "long")
DEPTHS = (1, 3, 5)
FORWARDS = (1, 2, 3)
LINE_COUNTS = (20, 60, 120)


def make_stress(base: Suite, out: Path, *, seed: int = 0, each: int = 20) -> int:
    """Writes the suite: `each` mails of every kind, and one mail for each number of lines. Gives the number of cases.

    The same base and seed give the same bytes. Raises what `write_suite` raises."""
    records_path = base.labelled.records_path
    records: dict[str, Any] = json.loads(records_path.read_bytes()) if records_path else {}
    many = list(_many_lines(records)) if records else []
    made = [*_perturbed(base, seed, each), *many]
    description = f"Mails of {base.name}: {', '.join(KINDS)}; and orders of {', '.join(map(str, LINE_COUNTS))} lines."
    how = f"Made by `triage eval make stress` with seed {seed}, {each} of each kind."
    return write_suite(
        out, made, base=base, name=f"stress-{base.name}", description=description, how=how, records=records
    )


def _perturbed(base: Suite, seed: int, each: int) -> Iterator[MadeCase]:
    plain = [(case, mail) for case in base.labelled.cases if (mail := _plain_mail(base, case)) is not None]
    texts = [(str(mail["From"]), _text(mail)) for _, mail in plain]
    for kind in KINDS:
        drawn = random.Random(f"{seed}/{kind}")
        for case, mail in drawn.sample(plain, min(each, len(plain))):
            yield _changed(case, mail, kind, drawn, [t for t in texts if t[1] != _text(mail)])


def _plain_mail(base: Suite, case: Case) -> EmailMessage | None:
    """The mail of a case that can be changed: plain text alone in its body, about business, no attack."""
    label = case.expected
    if case.channel != "email" or label is None or label.manual or case.tags.get("attack"):
        return None
    if any(e.intent in INTENTS_WITHOUT_RECORD for e in label.exceptions):
        return None
    try:
        mail = BytesParser(EmailMessage, policy=SMTP).parsebytes(base.labelled.raw(case))
        bodies = [part for part in mail.walk() if part.get_content_type() in ("text/plain", "text/html")]
        if len(bodies) != 1 or bodies[0].get_content_type() != "text/plain" or not mail["From"]:
            return None
        return mail if _text(mail) else None
    except (LookupError, ValueError, OSError):
        return None


def _body(mail: EmailMessage) -> EmailMessage:
    return next(part for part in mail.walk() if part.get_content_type() == "text/plain")


def _text(mail: EmailMessage) -> str:
    return str(_body(mail).get_content()).replace("\r\n", "\n").strip()


def _changed(
    case: Case, mail: EmailMessage, kind: str, drawn: random.Random, others: list[tuple[str, str]]
) -> MadeCase:
    text, language = _text(mail), str(case.tags.get("language", "en"))
    if kind == "paraphrase":
        text = perturb.paraphrase(text, language, drawn)
    elif kind == "typos":
        text = perturb.typos(text, drawn)
    elif kind == "scan":
        text = perturb.scanned(text, drawn)
    elif kind == "mixed":
        text = perturb.mixed(text, language, drawn)
    elif kind == "long":
        text = perturb.long(text, drawn)
    elif kind == "quoted":
        depth = min(drawn.choice(DEPTHS), len(others))
        text = perturb.quoting(text, drawn.sample(others, depth))
        kind = f"quoted {depth}"
    else:
        times = drawn.choice(FORWARDS)
        sender, to, subject, date = (str(mail[name] or "") for name in ("From", "To", "Subject", "Date"))
        text = perturb.forwarded(text, sender=sender, to=to, subject=subject, date=date, times=times)
        kind = f"forwarded {times}"
        # A colleague sends it on: from the address that it came to.
        for name, value in (("From", to), ("Subject", f"Fwd: {subject}")):
            mail.replace_header(name, value) if name in mail else mail.add_header(name, value)
    changed = BytesParser(EmailMessage, policy=SMTP).parsebytes(mail.as_bytes())
    _body(changed).set_content(text, cte="quoted-printable")
    number = f"{case.id}-{kind.replace(' ', '')}"
    noise = [*(case.tags.get("noise") or []), f"stress {kind.partition(' ')[0]}", f"stress {kind}"]
    tags = {**case.tags, "noise": list(dict.fromkeys(noise))}
    new = case.model_copy(update={"id": number, "raw": f"raw/{number}.eml", "tags": tags})
    return MadeCase(new, changed.as_bytes())


def _many_lines(records: dict[str, Any]) -> Iterator[MadeCase]:
    """Orders of many lines, added to the records, each with a mail that moves all of its lines."""
    orders, lines = records["purchase.order"], records["purchase.order.line"]
    partners = {row["id"]: row for row in records["res.partner"]}
    products = [row for row in records["product.product"] if row.get("default_code")]
    template = next(
        (o for o in orders if o.get("state") == "purchase" and partners.get(_id(o["partner_id"]), {}).get("email")),
        None,
    )
    line_template = next((r for r in lines if template and _id(r["order_id"]) == template["id"]), None)
    if template is None or line_template is None or not products:
        return
    now = datetime.fromisoformat(records["_meta"]["exported_at"]) + timedelta(days=1)
    for number, count in enumerate(LINE_COUNTS):
        order = {**template, "id": max(o["id"] for o in orders) + 1, "name": _next_name(orders), "partner_ref": False}
        order |= {"origin": False, "order_line": [], "picking_ids": [], "invoice_ids": []}
        stated = []
        for n in range(count):
            product = products[n % len(products)]
            held, new = (f"{now + timedelta(days=days):%Y-%m-%d}" for days in (30 + n % 5, 50 + n % 9))
            row = {
                **line_template, "id": max(r["id"] for r in lines) + 1, "order_id": [order["id"], order["name"]],
                "product_id": [product["id"], product["display_name"]], "name": product["display_name"],
                "product_qty": 10.0 + n, "qty_received": 0.0, "qty_invoiced": 0.0, "date_planned": f"{held} 10:00:00",
                "move_ids": [], "move_dest_ids": [],
            }  # fmt: skip
            lines.append(row)
            order["order_line"].append(row["id"])
            stated.append((row, product["default_code"], new))
        orders.append(order)
        yield _many_line_mail(order, partners[_id(order["partner_id"])], stated, now + timedelta(hours=number))


def _many_line_mail(
    order: dict[str, Any], partner: dict[str, Any], stated: list[tuple[dict[str, Any], str, str]], at: datetime
) -> MadeCase:
    count, number = len(stated), f"many-lines-{len(stated):03}"
    mail = EmailMessage(policy=SMTP)
    mail["From"], mail["To"] = partner["email"], "purchasing@buyer.example"
    mail["Subject"], mail["Date"] = f"New delivery dates for {order['name']}", at
    mail["Message-ID"] = f"<{number}@supplier.example>"
    table = "\n".join(f"{code}; {row['product_qty']:g}; {day}" for row, code, day in stated)
    text = f"Dear all,\n\nall lines of {order['name']} move. The new delivery dates:\n\nItem; Quantity; New delivery date\n{table}\n\nRegards\n"
    mail.set_content(text, cte="quoted-printable")
    fields = {"lines": [{"line_id": row["id"], "product": code, "date": day} for row, code, day in stated]}
    record = RecordRef(model="purchase.order", id=order["id"], name=order["name"])
    label = LabelledException(
        intent="delivery_date_change",
        record=record,
        fields=fields,
        actions=["update_delivery_date"],
        acceptable_actions=["notify_customer", "reply_to_sender", "escalate"],
    )
    tags = {
        "language": "en",
        "lines": "multi",
        "reference": "ours",
        "noise": ["stress lines", f"stress lines {count}"],
        "attack": None,
    }
    case = Case(
        id=number, channel="email", received_at=at.astimezone(UTC), raw=f"raw/{number}.eml",
        expected=Expected(exceptions=[label]), tags=tags,
    )  # fmt: skip
    return MadeCase(case, mail.as_bytes())


def _next_name(orders: list[dict[str, Any]]) -> str:
    """The name after the greatest of the orders' names, in the same pattern."""
    greatest: str = max((o["name"] for o in orders), key=lambda name: (len(name), name))
    found = re.search(r"\d+$", greatest)
    digits = found.group() if found else "0"
    return greatest.removesuffix(digits) + str(int(digits) + 1).zfill(len(digits))


def _id(link: Any) -> int | None:
    """The id of a many2one as `search_read` gives it."""
    return int(link[0]) if link else None
