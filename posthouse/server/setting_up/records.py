"""The DNS records that a domain needs before mail reaches this server."""

from __future__ import annotations

from msgspec import Struct

from posthouse.server.settings import PORTS

HERE = "<the public address of this machine>"


class DnsRecord(Struct, frozen=True):
    """One record to publish."""

    name: str
    type: str
    value: str
    why: str


def wanted_records(domain: str, hostname: str, *, unprivileged: bool) -> list[DnsRecord]:
    """What to publish for `domain`, served by `hostname`."""
    imaps, submissions = (
        PORTS[name].unprivileged if unprivileged else PORTS[name].privileged for name in ("imaps", "submissions")
    )
    return [
        DnsRecord(f"{hostname}.", "A", HERE, "where this server is (AAAA likewise for IPv6)"),
        DnsRecord(f"{domain}.", "MX", f"10 {hostname}.", "mail for the domain comes here"),
        DnsRecord(f"{domain}.", "TXT", '"v=spf1 mx -all"', "only this server sends for the domain (SPF, RFC 7208)"),
        DnsRecord(f"_imaps._tcp.{domain}.", "SRV", f"0 1 {imaps} {hostname}.", "mail programs find IMAP (RFC 6186)"),
        DnsRecord(
            f"_submissions._tcp.{domain}.",
            "SRV",
            f"0 1 {submissions} {hostname}.",
            "mail programs find submission (RFC 8314)",
        ),
    ]
