"""SCRAM-SHA-256, also bound to its TLS connection as SCRAM-SHA-256-PLUS.

RFC 5802 and RFC 7677; RFC 9266 and RFC 5929 for what it is bound by.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets

from posthouse.core.accounts.lookup import AccountFound
from posthouse.core.authentication.authenticator import Authenticator, Login
from posthouse.core.authentication.credentials import ScramKeys
from posthouse.core.authentication.errors import BadExchange, WrongCredentials
from posthouse.core.authentication.exchange import Challenge, Channel, Done, text_of

_LONE_EQUALS = re.compile(rb"=(?!2C|3D)")


class ScramSha256:
    """A proof of the password that does not tell it; RFC 5802 3 and 7, RFC 7677."""

    plus = False  # bound to the connection

    def __init__(self, authenticator: Authenticator, peer_host: str, channel: Channel | None) -> None:
        self._channel = channel
        self._authenticator = authenticator
        self._peer_host = peer_host
        self._authorize = ""  # whom the peer wants to act as, when he says so
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
        if authorize and not authorize.startswith(b"a="):
            raise BadExchange("expected a=")
        name, self._authorize = _name_of(fields[0][2:]), _name_of(authorize[2:])
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
        found = self._channel.binding(text_of(kind)) if self._channel is not None and can_bind else None
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
        if self._authorize:
            await self._authenticator.check_acts_as(self._found.account, self._authorize)
        self._login = self._authenticator.admit(self._found, self._epoch)
        return b"v=" + base64.b64encode(hmac.digest(keys.server_key, signed, "sha256"))


def _name_of(octets: bytes) -> str:
    """What a saslname stands for; RFC 5802 5.1."""
    if _LONE_EQUALS.search(octets):
        raise BadExchange("in names = is written as =3D")
    return text_of(octets.replace(b"=2C", b",").replace(b"=3D", b"="))


class ScramSha256Plus(ScramSha256):
    """The same, bound to its connection, so that nobody can stand between; RFC 7677 2."""

    plus = True
