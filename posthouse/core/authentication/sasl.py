"""SASL mechanisms, the server's half; shared by all protocols that log in (RFC 4422).

PLAIN (RFC 4616), LOGIN (a draft that clients still use), SCRAM-SHA-256, also bound to its TLS connection as
SCRAM-SHA-256-PLUS (RFC 5802, RFC 7677; RFC 9266 and RFC 5929 for what it is bound by), and OAUTHBEARER (RFC 7628) with
XOAUTH2.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Protocol

import msgspec

from posthouse.core.accounts.lookup import AccountFound
from posthouse.core.authentication.authenticator import Authenticator, Login
from posthouse.core.authentication.credentials import ScramKeys
from posthouse.core.authentication.errors import BadExchange, WrongCredentials
from posthouse.core.authentication.tokens import Bearer


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
        authorize, name, password = (_text(part) for part in parts)
        login = await self._authenticator.check_password(name, password, self._peer_host)
        if authorize:
            other = await self._authenticator.find(authorize)
            if other is None or other.account != login.account:
                raise WrongCredentials
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
            self._name = _text(response)
            return Challenge(b"Password:")
        return Done(await self._authenticator.check_password(self._name, _text(response), self._peer_host))


class ScramSha256:
    """A proof of the password that does not tell it; RFC 5802 3 and 7, RFC 7677."""

    plus = False  # bound to the connection

    def __init__(self, authenticator: Authenticator, peer_host: str, channel: Channel | None) -> None:
        self._channel = channel
        self._authenticator = authenticator
        self._peer_host = peer_host
        self._found: AccountFound | None = None
        self._keys: ScramKeys | None = None
        self._real = False
        self._epoch = 0
        self._bound = b""
        self._first = b""
        self._nonce = b""
        self._login: Login | None = None

    async def step(self, response: bytes | None) -> Challenge | Done:
        if response is None:
            return Challenge(b"")
        if self._keys is None:
            return Challenge(await self._begin(response))
        if self._login is None:
            return Challenge(await self._prove(response, self._keys))
        if response:
            raise BadExchange("nothing was to come")
        return Done(self._login)

    async def _begin(self, message: bytes) -> bytes:
        # client-first-message: gs2-header then n=name,r=nonce
        flag, _, rest = message.partition(b",")
        authorize, _, bare = rest.partition(b",")
        self._bound = flag + b"," + authorize + b"," + self._binding(flag)
        fields = bare.split(b",")
        if len(fields) < 2 or not fields[0].startswith(b"n=") or not fields[1].startswith(b"r="):
            raise BadExchange("expected n= and r=")
        name = _text(fields[0][2:].replace(b"=2C", b",").replace(b"=3D", b"="))
        if authorize and _text(authorize.removeprefix(b"a=")) != name:
            raise WrongCredentials
        nonce = fields[1][2:]
        if not nonce or not all(0x21 <= octet <= 0x7E for octet in nonce):
            raise BadExchange("the nonce has other characters than printable ones")
        self._found = await self._authenticator.find(name)
        await self._authenticator.check_throttle(self._found, self._peer_host)
        self._keys = await self._keys_of(name)
        self._nonce = nonce + base64.b64encode(secrets.token_bytes(18))
        salt = base64.b64encode(self._keys.salt)
        server_first = b"r=%b,s=%b,i=%d" % (self._nonce, salt, self._keys.iterations)
        self._first = bare + b"," + server_first
        return server_first

    def _binding(self, flag: bytes) -> bytes:
        """The octets that the exchange is bound by, as its first flag wants them; RFC 5802 6."""
        can_bind = self._channel is not None and self._channel.can_bind
        kind = flag.removeprefix(b"p=")
        if kind == flag:
            if self.plus or flag not in (b"n", b"y"):
                raise BadExchange("the exchange is to be bound to its connection")
            if flag == b"y" and can_bind:
                # somebody between us took the mechanism's name out of what we offered
                raise BadExchange("binding to the connection was offered")
            return b""
        if not self.plus:
            raise BadExchange("this mechanism is bound to no connection")
        found = self._channel.binding(_text(kind)) if self._channel is not None and can_bind else None
        if found is None:
            raise BadExchange("that type of binding is not known here")
        return found

    async def _keys_of(self, name: str) -> ScramKeys:
        if self._found is not None:
            held = await self._authenticator.credentials(self._found.account)
            password, self._epoch = held.password, held.epoch
            if password is not None:
                self._real = True
                return password.scram
        # no proof fits them: the exchange looks the same for a name that does not exist
        return await self._authenticator.nobodys_keys(name if self._found is None else self._found.address)

    async def _prove(self, message: bytes, keys: ScramKeys) -> bytes:
        # client-final-message: c=binding,r=nonce,p=proof
        without_proof, _, proof = message.rpartition(b",p=")
        fields = without_proof.split(b",")
        if len(fields) < 2 or not fields[0].startswith(b"c=") or not fields[1].startswith(b"r="):
            raise BadExchange("expected c=, r= and p=")
        try:
            binding = base64.b64decode(fields[0][2:], validate=True)
            given = base64.b64decode(proof, validate=True)
        except binascii.Error:
            raise BadExchange("that is not base64") from None
        if (
            not hmac.compare_digest(binding, self._bound)
            or not hmac.compare_digest(fields[1][2:], self._nonce)
            or len(given) != 32
        ):
            raise BadExchange("the exchange does not hang together")
        signed = self._first + b"," + without_proof
        signature = hmac.digest(keys.stored_key, signed, "sha256")
        client_key = bytes(a ^ b for a, b in zip(given, signature, strict=True))
        fits = hmac.compare_digest(hashlib.sha256(client_key).digest(), keys.stored_key)
        if not fits or not self._real or self._found is None:
            await self._authenticator.count_failure(self._found, self._peer_host)
            raise WrongCredentials
        self._login = self._authenticator.admit(self._found, self._epoch)
        return b"v=" + base64.b64encode(hmac.digest(keys.server_key, signed, "sha256"))


class ScramSha256Plus(ScramSha256):
    """The same, bound to its connection, so that nobody can stand between; RFC 7677 2."""

    plus = True


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


def _text(octets: bytes) -> str:
    try:
        return octets.decode()
    except UnicodeDecodeError:
        raise BadExchange("that is not UTF-8") from None
