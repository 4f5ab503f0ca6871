"""A login as an exchange of challenges and responses, the server's half; RFC 4422 3.4."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import msgspec

from posthouse.core.authentication.authenticator import Login
from posthouse.core.authentication.errors import BadExchange


class Challenge(msgspec.Struct, frozen=True):
    """What the peer shall answer."""

    challenge: bytes


class Done(msgspec.Struct, frozen=True):
    """The exchange has ended well."""

    login: Login


class Channel(Protocol):
    """The connection of an exchange, as far as it matters here."""

    @property
    def can_bind(self) -> bool:
        """True where the exchange can be bound to its TLS connection."""

    def binding(self, kind: str) -> bytes | None:
        """The binding data of that type ("tls-exporter", "tls-server-end-point"); None when it has none."""


class Mechanism(Protocol):
    """One exchange."""

    async def step(self, response: bytes | None) -> Challenge | Done:
        """Take the peer's response (None: no initial one); raises AuthenticationRefused or StoreUnavailable."""


async def go_through(mechanism: Mechanism, initial: bytes | None, ask: Callable[[bytes], Awaitable[bytes]]) -> Login:
    """Who has logged in; `ask` gives the response to a challenge. Raises what the mechanism refuses with."""
    response = initial
    while True:
        step = await mechanism.step(response)
        if isinstance(step, Done):
            return step.login
        response = await ask(step.challenge)


def text_of(octets: bytes) -> str:
    """A name or a password as it came; raises BadExchange for what is not UTF-8."""
    try:
        return octets.decode()
    except UnicodeDecodeError:
        raise BadExchange("that is not UTF-8") from None
