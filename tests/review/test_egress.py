"""Which addresses the service may connect to by itself."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from review.egress import Forbidden, refusal, resolve

PRIVATE = ["127.0.0.1", "10.1.2.3", "192.168.0.9", "172.16.0.1", "100.64.0.1", "::1", "fd00::1", "::ffff:10.0.0.1"]
NEVER = ["169.254.169.254", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::", "fe80::1", "ff02::1", "::ffff:169.254.1.1"]
PUBLIC = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e"]
IN_DISGUISE = ["64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2002:c0a8:1::"]


@pytest.mark.parametrize("address", PRIVATE + IN_DISGUISE)
def test_private_addresses_need_leave_in_whatever_form_they_are_written(address):
    parsed = ipaddress.ip_address(address)
    assert "allow_private" in refusal(parsed, allow_private=False)
    assert refusal(parsed, allow_private=True) is None


@pytest.mark.parametrize("address", [*NEVER, "64:ff9b::a9fe:a9fe"])
def test_addresses_that_no_endpoint_has_are_never_called(address):
    assert refusal(ipaddress.ip_address(address), allow_private=True) is not None


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_free(address):
    assert refusal(ipaddress.ip_address(address), allow_private=False) is None


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch):
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, 443)) for a in ("93.184.215.14", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    with pytest.raises(Forbidden, match=r"leads to 10\.0\.0\.1"):
        resolve("erp.example", 443, allow_private=False)
    assert resolve("erp.example", 443, allow_private=True) == "93.184.215.14"


def test_a_name_without_an_address_is_said():
    with pytest.raises(Forbidden, match="has no address"):
        resolve("no-such-host.invalid", 443, allow_private=True)
