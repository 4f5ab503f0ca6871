"""What is asked of the DNS; server gives the resolver."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct


class DnsFailure(Exception):
    """No answer, or none that can be believed: try later. args: the name, the type, why."""


class Answer(Struct, frozen=True):
    """Records of one name and type; empty when there are none.

    `exists` is False when the name itself does not exist. `secure` when DNSSEC has validated it, also that there is
    nothing.
    """

    records: tuple[str, ...]
    secure: bool = False
    exists: bool = True
    name: str = ""  # behind all aliases (CNAME)


class Resolver(Protocol):
    """Asks the DNS; every call raises DnsFailure."""

    async def ask(self, name: str, kind: str) -> Answer:
        """Records of `kind` ("MX", "A", "TXT", "TLSA", "SRV", "PTR") in presentation form, TXT joined to one string."""
