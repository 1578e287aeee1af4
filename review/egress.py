"""Where the service may connect to by itself: public addresses, and private ones only where an operator allowed them.

A name is resolved once, every address is judged, and the connection goes to one that was judged: a name that answers
differently the second time (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket

_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")  # NAT64, RFC 6052
_6TO4 = ipaddress.ip_network("2002::/16")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Forbidden(Exception):
    """The host leads to an address that may not be connected to, or to none. The sentence says which."""


def resolve(host: str, port: int, *, allow_private: bool) -> str:
    """An address of `host` that may be connected to. Raises Forbidden unless all of its addresses may."""
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Forbidden(f"{host} has no address ({error}). Check the name and the DNS server.") from error
    addresses = list(dict.fromkeys(str(answer[4][0]) for answer in answers))
    for address in addresses:
        if (why := refusal(ipaddress.ip_address(address.partition("%")[0]), allow_private=allow_private)) is not None:
            raise Forbidden(f"{host} leads to {address}, {why}.")
    return addresses[0]


def refusal(address: Address, *, allow_private: bool) -> str | None:
    """Why an address may not be connected to, or None. Link-local ones, where clouds keep their secrets, never may."""
    inner = _embedded(address)
    if inner.is_link_local or inner.is_multicast or inner.is_unspecified or inner == _BROADCAST:
        return "which no endpoint has"
    if not inner.is_global and not allow_private:
        return "a private address: set `allow_private: true` for the target if that is meant"
    return None


_BROADCAST = ipaddress.ip_address("255.255.255.255")


def _embedded(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, where it does (mapped, NAT64, 6to4)."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _TRANSLATED:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _6TO4 and address.sixtofour is not None:
        return address.sixtofour
    return address
