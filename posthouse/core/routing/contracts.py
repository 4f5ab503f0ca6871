"""What routing needs of others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct


class Ourselves(Struct, frozen=True):
    """This server as mail hosts are compared with it: its name, and whether an address is one of its own."""

    hostname: str
    is_own_address: Callable[[str], bool]


class PolicyUnavailable(Exception):
    """No MTA-STS policy can be had now. `result` is the RFC 8460 4.3.2.2 result type."""

    def __init__(self, words: str, result: str = "sts-policy-fetch-error") -> None:
        super().__init__(words)
        self.words = words
        self.result = result


class PolicySource(Protocol):
    """Where MTA-STS policies are fetched."""

    async def fetch(self, domain: str) -> str:
        """The text of a domain's policy (RFC 8461 3.3); raises PolicyUnavailable."""
