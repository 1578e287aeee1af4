"""The briefing by mail, at its time, to the readers that the settings name and to nobody else."""

from __future__ import annotations

import logging
import smtplib
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage

from api.briefing.markdown import markdown
from api.briefing.page import document, title
from review.briefing import mails
from review.briefing.content import Briefing
from review.briefing.kept import Writer, briefing
from review.briefing.window import cut, latest_day
from review.database import Database
from review.settings import Settings

logger = logging.getLogger(__name__)
SECONDS = 30.0  # for each answer of the mail server


def send_due(database: Database, settings: Settings, write: Writer | None = None) -> int:
    """Sends what is due of the latest day, and gives how many mails the server took. Also makes the day's briefing.

    A desk that was started after a day's time has come sends that day's still, within the day."""
    now = datetime.now(UTC)
    day = latest_day(now, settings.briefing_at, settings.time_zone)
    if mails.nothing_due(database, day, settings.briefing_readers, now):
        return 0
    made, count = briefing(database, settings, day, write), 0
    while (reader := mails.take(database, day, settings.briefing_readers, now)) is not None:
        try:
            deliver(message(made, reader, settings), settings)
        except (OSError, smtplib.SMTPException) as error:
            logger.warning("The briefing of %s could not be sent to %s: %s", day, reader, error)
            mails.failed(database, day, reader, str(error)[:300], now)
        else:
            mails.sent(database, day, reader, datetime.now(UTC))
            count += 1
    return count


def message(made: Briefing, reader: str, settings: Settings) -> EmailMessage:
    """The mail: HTML with a plain alternative. The same day and reader give the same Message-ID, so that a mail that was
    sent twice, because a worker died in between, is shown once."""
    mail = EmailMessage()
    mail["Subject"] = title(made)
    mail["From"] = settings.smtp_from
    mail["To"] = reader
    mail["Date"] = cut(made.day, settings.briefing_at, settings.time_zone)
    domain = settings.smtp_from.rpartition("@")[2].strip("> ")
    mail["Message-ID"] = f"<briefing-{made.day}-{reader.replace('@', '.')}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(markdown(made, settings.public_url), cte="quoted-printable")
    mail.add_alternative(document(made, settings.public_url), subtype="html", cte="quoted-printable")
    return mail


def deliver(mail: EmailMessage, settings: Settings) -> None:
    """Hands one mail to the mail server. Raises OSError or SMTPException."""
    trust = ssl.create_default_context()
    host, port = settings.smtp_host or "", settings.smtp_port
    with (
        smtplib.SMTP_SSL(host, port, timeout=SECONDS, context=trust)
        if settings.smtp_security == "tls"
        else smtplib.SMTP(host, port, timeout=SECONDS)
    ) as server:
        if settings.smtp_security == "starttls":
            server.starttls(context=trust)
        if settings.smtp_login is not None:
            server.login(settings.smtp_login, settings.smtp_password())
        server.send_message(mail)
