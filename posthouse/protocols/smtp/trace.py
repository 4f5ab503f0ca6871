"""Trace: the fields that go on top of a message, and the count of those that are there; RFC 5321 4.4, 6.3."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

import msgspec

from posthouse.formats.mime.dates import date_time
from posthouse.protocols.smtp.roles import Role

_RECEIVED = b"\r\nreceived:"
_OVERLAP = len(_RECEIVED) - 1


class Passage(msgspec.Struct, frozen=True):
    """How a message came here; `now` in ms since the epoch.

    `name` is what the peer's address is called in the DNS, as a trusted server says (XCLIENT), "" when nobody does.
    """

    role: Role
    helo: str
    host: str
    hostname: str
    extended: bool
    tls: bool
    authenticated: bool
    utf8: bool
    now: int
    name: str = ""
    priority: int = 0


def return_path(sender: str) -> bytes:
    """The field that final delivery puts on top; it stays behind when the message goes on (RFC 5321 4.4)."""
    return f"Return-Path: <{sender}>\r\n".encode()


def trace_fields(passage: Passage, sender: str, recipients: list[str], number: str) -> bytes:
    """Return-Path and Received. A lone recipient is named; of several, none is told of the others (RFC 5321 7.6)."""
    for_whom = f"\r\n\tfor <{recipients[0]}>" if len(recipients) == 1 else ""
    priority = f"\r\n\tPRIORITY {passage.priority}" if passage.priority else ""  # RFC 6710
    name = f"{passage.name} " if passage.name else ""
    return (
        return_path(sender)
        + (
            f"Received: from {passage.helo} ({name}{address_literal(passage.host)})\r\n"
            f"\tby {passage.hostname} (Posthouse) with {protocol_name(passage)} id {number}{for_whom}{priority};\r\n"
            f"\t{date_time(passage.now)}\r\n"
        ).encode()
    )


def protocol_name(passage: Passage) -> str:
    """What the message came by: RFC 3848, RFC 6531 4.3."""
    if not passage.extended:
        return "SMTP"
    name = ("UTF8LMTP" if passage.role.lmtp else "UTF8SMTP") if passage.utf8 else passage.role.protocol
    return name + ("S" if passage.tls else "") + ("A" if passage.authenticated else "")


@lru_cache(maxsize=1024)
def address_literal(host: str) -> str:
    """An IP address as RFC 5321 4.1.3 writes it."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return "[127.0.0.1]"  # a UNIX socket
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return f"[IPv6:{address.compressed}]" if mapped is None else f"[{mapped}]"
    return f"[{address}]"


class HopCount:
    """Counts the Received fields of a header as it streams by; many mean a loop (RFC 5321 6.3)."""

    __slots__ = ("_in_header", "_tail", "hops")

    def __init__(self) -> None:
        self.hops = 0
        self._tail = b"\r\n"
        self._in_header = True

    def feed(self, octets: bytes) -> None:
        """The next octets of the message."""
        if not self._in_header:
            return
        octets = self._tail + octets
        end = octets.find(b"\r\n\r\n")
        self._in_header = end < 0
        self.hops += (octets if end < 0 else octets[: end + 2]).lower().count(_RECEIVED)
        self._tail = octets[-_OVERLAP:]
