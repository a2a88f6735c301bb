"""The certificate of our own making, and the QR code."""

import ssl
import stat
from datetime import timedelta
from pathlib import Path

from cryptography import x509

from tests.web.conftest import NOW
from web.phone import certificate_for, qr_code


def test_the_certificate_is_kept_until_it_is_wrong(tmp_path: Path) -> None:
    folder = tmp_path / "phone"
    first, key = certificate_for("192.0.2.7", folder, NOW)
    content = first.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    certificate_for("192.0.2.7", folder, NOW + timedelta(days=300))
    assert first.read_bytes() == content
    certificate_for("192.0.2.7", folder, NOW + timedelta(days=360))
    assert first.read_bytes() != content
    certificate_for("192.0.2.8", folder, NOW + timedelta(days=360))
    names = x509.load_pem_x509_certificate(first.read_bytes()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert "192.0.2.8" in [str(address) for address in names.value.get_values_for_type(x509.IPAddress)]
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(first, key)


def test_a_damaged_certificate_is_made_anew(tmp_path: Path) -> None:
    first, key = certificate_for("192.0.2.7", tmp_path / "phone", NOW)
    first.write_text("damaged")
    certificate_for("192.0.2.7", tmp_path / "phone", NOW)
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(first, key)


def test_the_code_is_drawn() -> None:
    lines = qr_code("https://192.0.2.7:8080/i/" + "x" * 60).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert len(lines) * 2 >= len(lines[0]) - 2, "two rows of modules in a line: it is square"
