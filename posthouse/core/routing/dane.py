"""DANE for SMTP (RFC 7672): which TLSA records of a host are known, and what they ask of its TLS."""

from __future__ import annotations

from posthouse.core.dns import Resolver
from posthouse.core.queue.contracts import TlsaRecord, TlsPolicy
from posthouse.core.routing.hosts import MailHost

USAGES = (2, 3)  # DANE-TA and DANE-EE; the PKIX ones are unusable for SMTP (RFC 7672 3.1.3)
DIGEST_OCTETS = {1: 32, 2: 64}  # SHA2-256, SHA2-512; RFC 6698 2.1.3


async def dane_policy(resolver: Resolver, host: MailHost, port: int, destination: str) -> TlsPolicy | None:
    """What a host's TLSA records ask for; None when it validly has none. Raises DnsFailure: it must not be used."""
    if not host.secure:
        return None
    for base in dict.fromkeys((host.canonical, host.name)):  # RFC 7672 2.2.3: first behind aliases
        answer = await resolver.ask(f"_{port}._tcp.{base}", "TLSA")
        if not (answer.secure and answer.records):
            continue
        tlsa = strongest([record for record in map(parse_tlsa, answer.records) if record is not None])
        return TlsPolicy(
            # RFC 7672 2.2: with records none of which can be used, TLS is still a must
            mode="dane" if tlsa else "encrypted",
            names=tuple(dict.fromkeys((base, host.name, destination))),  # RFC 7672 3.2.2
            tlsa=tuple(tlsa),
            source="tlsa",
            domain=destination,
            text=answer.records,
        )
    return None


def parse_tlsa(text: str) -> TlsaRecord | None:
    """A record in presentation form; None for one that cannot be used."""
    try:
        usage, selector, matching, octets = text.split(None, 3)
        record = TlsaRecord(int(usage), int(selector), int(matching), bytes.fromhex(octets))
    except ValueError:
        return None
    if record.usage not in USAGES or record.selector not in (0, 1) or record.matching not in (0, 1, 2):
        return None
    if not record.data or len(record.data) != DIGEST_OCTETS.get(record.matching, len(record.data)):
        return None
    return record


def strongest(records: list[TlsaRecord]) -> list[TlsaRecord]:
    """Without those digests for which there is a better one of the same usage and selector; RFC 7671 9."""
    best: dict[tuple[int, int], int] = {}
    for record in records:
        kind = record.usage, record.selector
        best[kind] = max(best.get(kind, 0), record.matching)
    return [record for record in records if record.matching in (0, best[record.usage, record.selector])]
