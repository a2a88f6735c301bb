"""A certificate of our own making and a QR code, so that a phone in the same network can try the demonstration."""

import os
import socket
from datetime import datetime, timedelta
from io import StringIO
from ipaddress import IPv4Address
from pathlib import Path

import segno
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID_FOR = timedelta(days=365)
RENEWED_BEFORE = timedelta(days=7)


class NoNetwork(Exception):  # noqa: N818  it says what is missing
    """This machine has no address that a phone could reach."""


def lan_address() -> str:
    """The address by which this machine is known in its network. Raises NoNetwork."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Connecting a UDP socket sends nothing; it only asks the routing table. The address is a documentation one.
            probe.connect(("192.0.2.1", 9))
        except OSError:
            raise NoNetwork from None
        address: str = probe.getsockname()[0]
    if IPv4Address(address).is_loopback:
        raise NoNetwork
    return address


def certificate_for(address: str, folder: Path, now: datetime) -> tuple[Path, Path]:
    """Certificate and key (PEM files in `folder`, whose parent exists) for this address, made anew when they are for another or run out."""
    certificate, key = folder / "phone.crt", folder / "phone.key"
    if not (key.exists() and _is_good(certificate, address, now)):
        folder.mkdir(mode=0o700, exist_ok=True)
        _make(certificate, key, address, now)
    return certificate, key


def qr_code(url: str) -> str:
    """The link as a QR code, for a terminal."""
    drawing = StringIO()
    segno.make(url, error="l", micro=False).terminal(drawing, compact=True, border=2)
    return drawing.getvalue()


def _is_good(path: Path, address: str, now: datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    fresh = now + RENEWED_BEFORE < certificate.not_valid_after_utc
    return fresh and IPv4Address(address) in names.get_values_for_type(x509.IPAddress)


def _make(certificate_path: Path, key_path: Path, address: str, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Holdfast demonstration {address}")])
    names = [x509.IPAddress(IPv4Address(address)), x509.IPAddress(IPv4Address("127.0.0.1")), x509.DNSName("localhost")]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + VALID_FOR)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    _write(key_path, key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    _write(certificate_path, certificate.public_bytes(pem))


def _write(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
