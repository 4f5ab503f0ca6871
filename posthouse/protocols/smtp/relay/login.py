"""Logging in at a smart host: SASL's client half (RFC 4422, RFC 4954).

SCRAM-SHA-256 (RFC 5802, RFC 7677), PLAIN (RFC 4616), LOGIN (a draft that servers still have).
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from typing import Protocol

from posthouse.core.authentication.passwords import prepared
from posthouse.core.queue.contracts import RemoteLogin
from posthouse.protocols.smtp.relay.dialogue import Dialogue
from posthouse.protocols.smtp.relay.wire.commands import command, response
from posthouse.protocols.smtp.relay.wire.reply import Reply

_FEWEST_ITERATIONS = 4096  # RFC 5802 4: fewer and the password could be found out


class LoginFailed(Exception):
    """We are not let in, or must not try; `code` is the server's, 0 where the words are ours."""

    def __init__(self, words: str, status: str = "4.7.0", code: int = 0) -> None:
        super().__init__(words)
        self.words = words
        self.status = status
        self.code = code


class Mechanism(Protocol):
    """One exchange, from our side."""

    def begin(self) -> bytes | None:
        """The initial response, None without one."""

    async def answer(self, challenge: bytes) -> bytes:
        """The response to the server's next challenge; raises LoginFailed."""

    @property
    def is_satisfied(self) -> bool:
        """True when a success may be believed."""


class Plain:
    """Everything at once; RFC 4616 2."""

    is_satisfied = True

    def __init__(self, login: RemoteLogin) -> None:
        self._message = b"\0" + login.name.encode() + b"\0" + login.password.encode()

    def begin(self) -> bytes | None:
        return self._message

    async def answer(self, challenge: bytes) -> bytes:
        raise LoginFailed("the server asks on where PLAIN has nothing more to say")


class LoginMechanism:
    """Name and password, each when it is asked for."""

    is_satisfied = True

    def __init__(self, login: RemoteLogin) -> None:
        self._responses = [login.name.encode(), login.password.encode()]

    def begin(self) -> bytes | None:
        return None

    async def answer(self, challenge: bytes) -> bytes:
        if not self._responses:
            raise LoginFailed("the server asks on behind name and password")
        return self._responses.pop(0)


class ScramSha256:
    """A proof of the password that does not tell it, and one of the server's that it knows it; RFC 5802 3."""

    def __init__(self, login: RemoteLogin, most_iterations: int, nonce: str = "") -> None:
        self._password = prepared(login.password).encode()
        self._most_iterations = most_iterations
        name = login.name.replace("=", "=3D").replace(",", "=2C")
        self._nonce = (nonce or secrets.token_urlsafe(24)).encode()
        self._bare = b"n=" + name.encode() + b",r=" + self._nonce
        self._signature = b""
        self.is_satisfied = False

    def begin(self) -> bytes | None:
        return b"n,," + self._bare

    async def answer(self, challenge: bytes) -> bytes:
        if not self._signature:
            return await self._prove(challenge)
        if not hmac.compare_digest(challenge, b"v=" + base64.b64encode(self._signature)):
            raise LoginFailed("the server does not know the password itself")
        self.is_satisfied = True
        return b""

    async def _prove(self, challenge: bytes) -> bytes:
        fields = dict(field.split(b"=", 1) for field in challenge.split(b",") if b"=" in field)
        try:
            nonce, salt, count = fields[b"r"], base64.b64decode(fields[b"s"], validate=True), int(fields[b"i"])
        except (KeyError, ValueError):
            raise LoginFailed("the server's part of SCRAM cannot be read") from None
        if not nonce.startswith(self._nonce) or nonce == self._nonce:
            raise LoginFailed("the server's part of SCRAM does not belong to ours")
        if not _FEWEST_ITERATIONS <= count <= self._most_iterations:
            raise LoginFailed(f"the server asks for {count} rounds of SCRAM")
        salted = await asyncio.to_thread(hashlib.pbkdf2_hmac, "sha256", self._password, salt, count)
        client_key = hmac.digest(salted, b"Client Key", "sha256")
        without_proof = b"c=biws,r=" + nonce
        signed = self._bare + b"," + challenge + b"," + without_proof
        own = hmac.digest(hashlib.sha256(client_key).digest(), signed, "sha256")
        self._signature = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256")
        proof = bytes(a ^ b for a, b in zip(client_key, own, strict=True))
        return without_proof + b",p=" + base64.b64encode(proof)


async def log_in(dialogue: Dialogue, login: RemoteLogin, offered: tuple[str, ...]) -> None:
    """Log in by the best mechanism of those offered; raises LoginFailed, Broken, Unsendable."""
    seconds = dialogue.settings.command_seconds
    name, mechanism = _choose(login, offered, dialogue)
    initial = mechanism.begin()
    words = ["AUTH", name] if initial is None else ["AUTH", name, base64.b64encode(initial).decode()]
    reply = await dialogue.ask(command(*words), "AUTH", seconds)
    while reply.is_intermediate:
        try:
            given = await mechanism.answer(_challenge(reply))
        except LoginFailed:
            await dialogue.ask(b"*\r\n", "the end of AUTH", seconds)  # RFC 4954 4
            raise
        reply = await dialogue.ask(response(given), "AUTH", seconds)
    if not reply.is_positive:
        raise LoginFailed(reply.words, reply.status_or_class, reply.code)
    if not mechanism.is_satisfied:
        raise LoginFailed("the server lets us in without a proof that it knows the password")


def _choose(login: RemoteLogin, offered: tuple[str, ...], dialogue: Dialogue) -> tuple[str, Mechanism]:
    if "SCRAM-SHA-256" in offered:
        return "SCRAM-SHA-256", ScramSha256(login, dialogue.settings.scram_iterations)
    if not dialogue.channel.peer.may_send_password:  # RFC 4954 4
        raise LoginFailed("the password is not sent where others could listen: there is no TLS", "4.7.11")
    if "PLAIN" in offered:
        return "PLAIN", Plain(login)
    if "LOGIN" in offered:
        return "LOGIN", LoginMechanism(login)
    raise LoginFailed(f"no way to log in that we know is offered ({' '.join(offered) or 'none'})", "4.7.4")


def _challenge(reply: Reply) -> bytes:
    try:
        return base64.b64decode(reply.lines[0], validate=True)
    except binascii.Error:
        raise LoginFailed("the server's challenge is not base64") from None
