"""SASL mechanisms, the server's half; shared by all protocols that log in (RFC 4422).

PLAIN (RFC 4616), LOGIN (a draft that clients still use), SCRAM-SHA-256, OAUTHBEARER (RFC 7628) and XOAUTH2.
"""

from __future__ import annotations

from posthouse.core.authentication.authenticator import Authenticator
from posthouse.core.authentication.errors import BadExchange
from posthouse.core.authentication.exchange import Challenge, Channel, Done, Mechanism, text_of
from posthouse.core.authentication.scram import ScramSha256, ScramSha256Plus
from posthouse.core.authentication.tokens import Bearer


class Plain:
    """One message: authorization identity, name, password; RFC 4616 2."""

    def __init__(self, authenticator: Authenticator, peer_host: str, _: Channel | None) -> None:
        self._authenticator = authenticator
        self._peer_host = peer_host

    async def step(self, response: bytes | None) -> Challenge | Done:
        if response is None:
            return Challenge(b"")
        parts = response.split(b"\0")
        if len(parts) != 3:
            raise BadExchange("PLAIN has three parts")
        authorize, name, password = (text_of(part) for part in parts)
        login = await self._authenticator.check_password(name, password, self._peer_host)
        if authorize:
            await self._authenticator.check_acts_as(login.account, authorize)
        return Done(login)


class LoginMechanism:
    """Name and password, each asked for."""

    def __init__(self, authenticator: Authenticator, peer_host: str, _: Channel | None) -> None:
        self._authenticator = authenticator
        self._peer_host = peer_host
        self._name: str | None = None
        self._asked = False

    async def step(self, response: bytes | None) -> Challenge | Done:
        if response is None or (not self._asked and response == b""):
            self._asked = True
            return Challenge(b"Username:")
        self._asked = True
        if self._name is None:
            self._name = text_of(response)
            return Challenge(b"Password:")
        return Done(await self._authenticator.check_password(self._name, text_of(response), self._peer_host))


class OAuthBearer:
    """A token in the password's place; RFC 7628."""

    xoauth2 = False

    def __init__(self, authenticator: Authenticator, peer_host: str, _: Channel | None) -> None:
        if authenticator.tokens is None:
            raise BadExchange("no tokens are taken")
        self._bearer = Bearer(authenticator, authenticator.tokens, peer_host, xoauth2=self.xoauth2)

    async def step(self, response: bytes | None) -> Challenge | Done:
        told = await self._bearer.step(response)
        return Challenge(told) if isinstance(told, bytes) else Done(told)


class XOAuth2(OAuthBearer):
    """The same as it was before the RFC."""

    xoauth2 = True


MECHANISMS: dict[str, type[Plain] | type[LoginMechanism] | type[ScramSha256] | type[OAuthBearer]] = {
    "SCRAM-SHA-256-PLUS": ScramSha256Plus,
    "SCRAM-SHA-256": ScramSha256,
    "OAUTHBEARER": OAuthBearer,
    "XOAUTH2": XOAuth2,
    "PLAIN": Plain,
    "LOGIN": LoginMechanism,
}
BOUND = frozenset({"SCRAM-SHA-256-PLUS"})
TOKENS = frozenset({"OAUTHBEARER", "XOAUTH2"})
PLAIN_TEXT = frozenset({"PLAIN", "LOGIN"}) | TOKENS


def mechanisms(*, clear: bool, bound: bool, tokens: bool) -> list[str]:
    """The names to offer; `clear` where nobody can listen, so that a password or a token may be sent as it is.

    `bound` where an exchange can be bound to its connection, `tokens` where somebody knows the good ones.
    """
    left_out = (frozenset() if clear else PLAIN_TEXT) | (frozenset() if bound else BOUND)
    if not tokens:
        left_out |= TOKENS
    return [name for name in MECHANISMS if name not in left_out]


def start(name: str, authenticator: Authenticator, peer_host: str, channel: Channel | None = None) -> Mechanism:
    """A new exchange; raises BadExchange for a mechanism that is not known."""
    found = MECHANISMS.get(name.upper())
    if found is None:
        raise BadExchange("no such mechanism")
    return found(authenticator, peer_host, channel)
