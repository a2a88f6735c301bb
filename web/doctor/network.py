"""Ports, addresses, TLS: what candidates have to get through."""

import contextlib
import errno
import socket
from collections.abc import Iterator
from datetime import datetime
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import ifaddr
from cryptography import x509

from media_server.settings import MediaSettings
from web.doctor.finding import Finding, fail, ok, warn
from web.settings import Settings, WebSettings

PROBED_PORTS = 20
CERTIFICATE_SOON_DAYS = 14


def examine_ports(settings: Settings) -> Iterator[Finding]:
    """Can the server listen?"""
    yield _tcp_port(settings.web)
    yield _udp_ports(settings.media, settings.signaling.max_live_interviews)


def examine_addresses(settings: Settings) -> Iterator[Finding]:
    """Will a candidate's packets find us?"""
    if settings.media.public_address:
        yield ok("address", f"Candidates are told {settings.media.public_address} (media.public_address)")
    elif settings.web.on_this_machine_only:
        yield ok("address", "Loopback alone: only browsers on this machine can be recorded")
    else:
        yield _own_addresses(settings.media)


def examine_tls(settings: WebSettings, now: datetime) -> Iterator[Finding]:
    """Do browsers open the camera here?"""
    if settings.tls_cert is not None:
        yield _certificate(settings.tls_cert, urlsplit(settings.base_url).hostname or "", now)
    elif settings.secure:
        yield ok("TLS", f"A proxy speaks it: {settings.base_url}")
        if not settings.trusted_proxies:
            remedy = 'Set web.trusted_proxies, as in ["127.0.0.1"].'
            yield warn("proxy", "No proxy is trusted, so all requests seem to come from it", remedy)
    elif settings.on_this_machine_only:
        yield ok("TLS", "None; browsers on this machine do without")
    else:
        remedy = "Give --tls-cert and --tls-key, or a proxy in front and --public-url https://…"
        yield fail("TLS", f"{settings.base_url} has none, so browsers keep the camera closed", remedy)


def _tcp_port(settings: WebSettings) -> Finding:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                remedy = "Fine if that is this Holdfast; otherwise stop it or choose another with --port."
                return warn("port", f"TCP {settings.port} is in use", remedy)
            remedy = "Choose another --host or --port."
            return fail("port", f"{settings.host} port {settings.port} cannot be used ({error.strerror})", remedy)
    return ok("port", f"TCP {settings.port} is free")


def _udp_ports(settings: MediaSettings, interviews: int) -> Finding:
    ports = settings.udp_port_range
    step = max(1, len(ports) // PROBED_PORTS)
    probed = ports[::step]
    free = sum(_udp_free(port) for port in probed)
    name = f"UDP {settings.udp_ports}"
    if free == 0:
        return fail("UDP ports", f"None of {name} can be used", "Choose another range with media.udp_ports.")
    # Each interview takes a port for every address of this machine; a takeover has two of them for a moment.
    if len(ports) < 2 * interviews:
        remedy = "Widen media.udp_ports or lower signaling.max_live_interviews."
        return warn("UDP ports", f"{name} is narrow for {interviews} interviews at once", remedy)
    return ok("UDP ports", f"{name}: {free} of {len(probed)} probed are free; let them through the firewall")


def _udp_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, contextlib.suppress(OSError):
        probe.bind(("", port))
        return True
    return False


def _own_addresses(settings: MediaSettings) -> Finding:
    found = settings.bind_addresses or tuple(
        ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips if isinstance(ip.ip, str)
    )
    addresses = [address for address in found if not ip_address(address).is_loopback]
    if not addresses:
        return fail("address", "This machine has no address but loopback", "Connect it to a network.")
    if any(ip_address(address).is_global for address in addresses):
        return ok("address", f"Candidates are told {', '.join(addresses)}")
    remedy = "Fine inside one network. Behind a NAT set media.public_address to the address people reach."
    return warn("address", f"Only private addresses: {', '.join(addresses)}", remedy)


def _certificate(path: Path, host: str, now: datetime) -> Finding:
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return fail("TLS", f"{path} is no readable certificate (PEM)", "Give the right file with --tls-cert.")
    days = (certificate.not_valid_after_utc - now).days
    if days < 0:
        return fail("TLS", f"{path} has expired", "Renew it and restart.")
    if not _names(certificate, host):
        return warn("TLS", f"{path} is not made for {host}", "Use the name it is made for in --public-url.")
    if days < CERTIFICATE_SOON_DAYS:
        return warn("TLS", f"{path} expires in {days} days", "Renew it and restart.")
    return ok("TLS", f"{path} is good for {host} and {days} more days")


def _names(certificate: x509.Certificate, host: str) -> bool:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    dns = names.get_values_for_type(x509.DNSName)
    addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    wildcard = f"*.{host.partition('.')[2]}"
    return host in dns or wildcard in dns or host in addresses
