"""Certificates are always checked, against the system's authorities or a file of one's own."""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.tools.odoo.odoo_server import OdooServer, running
from tests.tools.reading_records import DATA
from tools.odoo.connect import ChosenWire
from tools.odoo.errors import SettingUnusable, Unreachable
from tools.snapshot import SnapshotReader


def certificate(folder: Path, address: str) -> Path:
    """A certificate that vouches for itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "private authority")])
    now = datetime.now(UTC)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(alternative, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / f"{address}.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


def serving(path: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@pytest.mark.parametrize("protocol", ["auto", "odoorpc", "json2"])
def test_a_private_authority_is_trusted_when_it_is_named(settings_of, tmp_path, protocol):
    ours, other = certificate(tmp_path, "127.0.0.1"), certificate(tmp_path, "127.0.0.2")
    with running(OdooServer(SnapshotReader(DATA), major=19), serving(ours)) as server:
        for authorities in (None, other):
            with pytest.raises(Unreachable, match="TRIAGE_ODOO_CA_FILE"):
                ChosenWire(settings_of(url=server.url, protocol=protocol, ca_file=authorities)).call(
                    "res.users", "context_get"
                )
        assert server.requests == 0
        wire = ChosenWire(settings_of(url=server.url, protocol=protocol, ca_file=ours))
        assert wire.call("res.partner", "search_count", domain=[]) == 4


@pytest.mark.parametrize("protocol", ["auto", "odoorpc", "json2"])
def test_a_certificate_of_another_host_is_refused(settings_of, tmp_path, protocol):
    other = certificate(tmp_path, "127.0.0.2")
    with (
        running(OdooServer(SnapshotReader(DATA), major=19), serving(other)) as server,
        pytest.raises(Unreachable, match="No encrypted connection"),
    ):
        ChosenWire(settings_of(url=server.url, protocol=protocol, ca_file=other)).call("res.users", "context_get")


def test_a_file_without_authorities_is_said(settings_of, tmp_path):
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    for path in (empty, tmp_path / "none.pem"):
        with pytest.raises(SettingUnusable, match="PEM"):
            ChosenWire(settings_of(url="https://127.0.0.1:1", ca_file=path)).call("res.users", "context_get")
