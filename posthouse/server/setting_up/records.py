"""The DNS records that a domain needs: before mail reaches this server, and so that others take mail from it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from posthouse.admin.dns import DnsRecord
from posthouse.core.dkim.records import DkimKeyShown
from posthouse.formats.dkim.keys import txt_strings
from posthouse.protocols.web.settings import WebSettings
from posthouse.protocols.web.sts import our_policy
from posthouse.server.settings import PORTS, Listeners

DEFAULT_WEB = WebSettings()
HERE = "<the public address of this machine>"
WHERE = "where this server is (AAAA likewise for IPv6); who gives you the address must name it so (PTR)"
SIGNED = "who gets mail from here can check its signature (DKIM, RFC 6376)"

# listener -> the SRV service that names it to mail programs, and why
SERVICES = {
    "imaps": ("_imaps", "mail programs find IMAP (RFC 6186)"),
    "pop3s": ("_pop3s", "mail programs find POP3 (RFC 6186)"),
    "submissions": ("_submissions", "mail programs find submission (RFC 8314)"),
}


def wanted_records(
    domain: str,
    hostname: str,
    ports: Mapping[str, int],
    keys: Sequence[DkimKeyShown] = (),
    certificate: bytes | None = None,
    web: WebSettings = DEFAULT_WEB,
) -> list[DnsRecord]:
    """What to publish for `domain`, served by `hostname` at `ports` (by listener) with `certificate` (PEM)."""
    records = [
        DnsRecord(f"{hostname}.", "A", HERE, WHERE),
        DnsRecord(f"{domain}.", "MX", f"10 {hostname}.", "mail for the domain comes here"),
        DnsRecord(f"{domain}.", "TXT", '"v=spf1 mx -all"', "only this server sends for the domain (SPF, RFC 7208)"),
    ]
    records += [DnsRecord(f"{key.name}.", "TXT", txt_strings(key.record), SIGNED) for key in keys]
    records += [
        DnsRecord(
            f"_dmarc.{domain}.",
            "TXT",
            f'"v=DMARC1; p=quarantine; rua=mailto:postmaster@{domain}"',
            "what others do with mail that only pretends to be from here (DMARC)",
        ),
        DnsRecord(
            f"_smtp._tls.{domain}.",
            "TXT",
            f'"v=TLSRPTv1; rua=mailto:postmaster@{domain}"',
            "others report when TLS to this server fails (RFC 8460)",
            optional=True,
        ),
    ]
    records += _site_records(domain, hostname, web)
    if certificate is not None:
        records.append(
            DnsRecord(
                f"_25._tcp.{hostname}.",
                "TLSA",
                f"3 1 1 {key_digest(certificate)}",
                "others know this server by its key (DANE, RFC 7672); only in a zone that DNSSEC signs",
                optional=True,
            )
        )
    records += [
        DnsRecord(f"{service}._tcp.{domain}.", "SRV", f"0 1 {ports[name]} {hostname}.", why, optional=True)
        for name, (service, why) in SERVICES.items()
        if name in ports
    ]
    return records


def _site_records(domain: str, hostname: str, web: WebSettings) -> list[DnsRecord]:
    """Names under which the site serves documents about the domain."""
    records = []
    policy = our_policy(web, hostname)
    if policy:
        why = (
            f"others insist on a good certificate (MTA-STS, RFC 8461), as the policy says that this server has at "
            f"https://mta-sts.{domain}/: its certificate must be good for that name, too"
        )
        key = hashlib.sha256(policy.encode()).hexdigest()[:16]
        records += [
            DnsRecord(f"_mta-sts.{domain}.", "TXT", f'"v=STSv1; id={key}"', why, optional=True),
            DnsRecord(f"mta-sts.{domain}.", "CNAME", f"{hostname}.", "the policy is asked for there", optional=True),
        ]
    if web.autoconfig:
        why = "mail programs ask there how to reach this server (autoconfig)"
        records.append(DnsRecord(f"autoconfig.{domain}.", "CNAME", f"{hostname}.", why, optional=True))
    return records


def usual_ports(*, unprivileged: bool) -> dict[str, int]:
    """The ports of a new server."""
    return {name: port.unprivileged if unprivileged else port.privileged for name, port in PORTS.items()}


def open_ports(listeners: Listeners) -> dict[str, int]:
    """The ports of a server as it is configured."""
    settings = {name: getattr(listeners, name) for name in listeners.__struct_fields__}
    return {name: each.port for name, each in settings.items() if each.enabled and each.port}


def key_digest(certificate: bytes) -> str:
    """SHA-256 of the certificate's public key, as TLSA records of selector 1 have it; RFC 6698 2.1."""
    leaf = x509.load_pem_x509_certificates(certificate)[0]
    key = leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(key).hexdigest()
