"""Bearer tokens in the password's place: OAUTHBEARER (RFC 7628) and XOAUTH2, which older clients speak.

Who gives tokens out and knows the good ones is a contract; without one wired, neither mechanism is offered.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

import msgspec

from posthouse.core.authentication.errors import BadExchange, WrongCredentials

if TYPE_CHECKING:
    from posthouse.core.authentication.authenticator import Authenticator, Login

_TOKEN = re.compile(rb"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)  # RFC 6750 2.1
_ENCODER = msgspec.json.Encoder()


class Tokens(Protocol):
    """Where tokens come from. `scope` and `discovery` (an OpenID configuration's URL) help clients to get one."""

    scope: str
    discovery: str

    async def login_name(self, token: str) -> str | None:
        """The login name of whom the token stands for now; None for one that is not good. Raises StoreUnavailable."""


class BearerMessage(msgspec.Struct, frozen=True):
    """What a client says in either mechanism: a login name, empty when the token says it all, and the token."""

    name: str
    token: str | None


def read_oauthbearer(message: bytes) -> BearerMessage:
    """`n,a=NAME,` and keys between ^A, `auth` among them; RFC 7628 3.1. Raises BadExchange."""
    head, _, rest = message.partition(b"\x01")
    flag, *identity = head.split(b",")
    if flag not in (b"n", b"y") or len(identity) != 2 or identity[1] or not rest.endswith(b"\x01"):
        raise BadExchange("expected a GS2 header and keys")
    name = identity[0]
    if name and not name.startswith(b"a="):
        raise BadExchange("expected a= and a name")
    return _message(name[2:].replace(b"=2C", b",").replace(b"=3D", b"="), rest)


def read_xoauth2(message: bytes) -> BearerMessage:
    """`user=NAME` and `auth=Bearer TOKEN` between ^A; raises BadExchange."""
    head, _, rest = message.partition(b"\x01")
    if not head.startswith(b"user=") or not rest.endswith(b"\x01"):
        raise BadExchange("expected user= and auth=")
    return _message(head[5:], rest)


def _message(name: bytes, keys: bytes) -> BearerMessage:
    found = dict(key.split(b"=", 1) for key in keys.split(b"\x01") if b"=" in key)
    match = _TOKEN.fullmatch(found.get(b"auth", b"").strip())
    try:
        return BearerMessage(name.decode(), None if match is None else match[1].decode("ascii"))
    except UnicodeDecodeError:
        raise BadExchange("that is not UTF-8") from None


def read_bearer(field: str) -> str | None:
    """The token in `Bearer TOKEN`; None for what is none."""
    match = _TOKEN.fullmatch(field.strip().encode("utf-8", "replace"))
    return None if match is None else match[1].decode("ascii")


async def login_by_token(authenticator: Authenticator, tokens: Tokens, said: BearerMessage, peer_host: str) -> Login:
    """Who has logged in; raises WrongCredentials, LoginDisabled, TooManyFailures, StoreUnavailable."""
    found = await authenticator.find(said.name) if said.name else None
    await authenticator.check_throttle(found, peer_host)
    name = None if said.token is None else await tokens.login_name(said.token)
    whose = None if name is None else await authenticator.find(name)
    if whose is None or (said.name and (found is None or found.account != whose.account)):
        await authenticator.count_failure(found, peer_host)
        raise WrongCredentials
    held = await authenticator.credentials(whose.account)
    return authenticator.admit(whose, held.epoch)


class Bearer:
    """One exchange: the token at once; a refusal is told as JSON, which the client answers before it ends."""

    def __init__(self, authenticator: Authenticator, tokens: Tokens, peer_host: str, *, xoauth2: bool) -> None:
        self._authenticator = authenticator
        self._tokens = tokens
        self._peer_host = peer_host
        self._xoauth2 = xoauth2
        self._refused = False

    async def step(self, response: bytes | None) -> bytes | Login:
        """The next challenge, or who has logged in; raises AuthenticationRefused, StoreUnavailable."""
        if self._refused:
            raise WrongCredentials
        if response is None or response == b"":
            return b""
        said = (read_xoauth2 if self._xoauth2 else read_oauthbearer)(response)
        try:
            return await login_by_token(self._authenticator, self._tokens, said, self._peer_host)
        except WrongCredentials:
            self._refused = True
            return self._refusal(said.token)

    def _refusal(self, token: str | None) -> bytes:
        """RFC 7628 3.2.2: why, and where a good token is to be had."""
        if self._xoauth2:
            return _ENCODER.encode({"status": "401", "schemes": "bearer", "scope": self._tokens.scope})
        status = "invalid_request" if token is None else "invalid_token"
        refusal = {"status": status, "scope": self._tokens.scope, "openid-configuration": self._tokens.discovery}
        return _ENCODER.encode({key: value for key, value in refusal.items() if value})
