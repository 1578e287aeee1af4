"""The address to serve at, claimed before anything slow is loaded."""

from __future__ import annotations

import socket

from review.settings import Settings


class PortInUse(OSError):
    """Another program listens at the address already."""


def claim_port(settings: Settings) -> socket.socket:
    """Listens at the settings' address (port 0: any free one, which the settings then hold). Raises PortInUse."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        where = f"{settings.host}:{settings.port}"
        raise PortInUse(f"Cannot listen at {where} ({error.strerror}). Choose another with --port.") from error
    settings.port = listener.getsockname()[1]
    return listener
