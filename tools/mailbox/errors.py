"""What can go wrong with a mailbox, each with a sentence that names the cause and the next step."""

from __future__ import annotations


class MailboxError(Exception):
    """A mailbox cannot be used now. The text is for a person."""


class Unreachable(MailboxError):
    """No connection, or it broke: trying again later may work."""


class CertificateRefused(MailboxError):
    """The server could not prove that it is the host of the settings."""


class LoginRefused(MailboxError):
    """The server, or the token endpoint, does not accept the account's secret. Trying often may lock the account."""


class FolderRefused(MailboxError):
    """The folder is gone, or the account may not open it."""


class CommandRefused(MailboxError):
    """The server answered NO or BAD to a command about messages."""
