"""SASL mechanisms: SCRAM, PLAIN, LOGIN and tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.core.accounts.domains import add_domain
from posthouse.core.authentication.authenticator import Authenticator, Login
from posthouse.core.authentication.errors import (
    ActsAsAnother,
    AuthenticationRefused,
    BadExchange,
    TooManyFailures,
    WrongCredentials,
)
from posthouse.core.authentication.exchange import Challenge, Done
from posthouse.core.authentication.passwords import scram_keys
from posthouse.core.authentication.sasl import MECHANISMS, mechanisms, start
from posthouse.core.registry import LocalRegistry
from posthouse.storage.contract import Store
from posthouse.storage.memory import MemoryStore
from tests.conftest import LOOP
from tests.tokens import SomeTokens
from tests.unit.core.login_house import NOW, WEAK, House, furnished


def test_scram_keys_are_those_of_rfc_7677() -> None:
    keys = scram_keys(b"pencil", base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096)
    message = (
        b"n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        b"s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    )
    signature = hmac.digest(keys.server_key, message, "sha256")
    assert base64.b64encode(signature) == b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def client_final(password: bytes, first_bare: bytes, server_first: bytes, header: bytes = b"n,,") -> bytes:
    """What a SCRAM client answers; RFC 5802 3."""
    fields = dict(part.split(b"=", 1) for part in server_first.split(b","))
    salted = hashlib.pbkdf2_hmac("sha256", password, base64.b64decode(fields[b"s"]), int(fields[b"i"]))
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    without_proof = b"c=" + base64.b64encode(header) + b",r=" + fields[b"r"]
    message = first_bare + b"," + server_first + b"," + without_proof
    signature = hmac.digest(hashlib.sha256(client_key).digest(), message, "sha256")
    proof = bytes(a ^ b for a, b in zip(client_key, signature, strict=True))
    return without_proof + b",p=" + base64.b64encode(proof)


@pytest.mark.parametrize(
    ("name", "password", "right"),
    [("ann@example.org", b"secret", True), ("ann@example.org", b"wrong", False), ("nobody@x.org", b"secret", False)],
)
async def test_scram(monkeypatch: pytest.MonkeyPatch, name: str, password: bytes, right: bool) -> None:
    house = await furnished(monkeypatch)
    mechanism = start("SCRAM-SHA-256", house.authenticator, "192.0.2.1")
    bare = b"n=" + name.encode() + b",r=abcdef"
    first = await mechanism.step(b"n,," + bare)
    assert isinstance(first, Challenge)
    final = client_final(password, bare, first.challenge)
    if not right:
        with pytest.raises(WrongCredentials):
            await mechanism.step(final)
        return
    proved = await mechanism.step(final)
    assert isinstance(proved, Challenge)
    assert proved.challenge.startswith(b"v=")
    assert await mechanism.step(b"") == Done(Login(1, "ann@example.org", 1))
    assert house.hashed == 0


@pytest.mark.parametrize(
    ("authorize", "password", "refusal"),
    [
        (b"ANN@example.net", b"secret", None),
        (b"nobody@example.org", b"secret", ActsAsAnother),
        (b"nobody@example.org", b"wrong", WrongCredentials),
    ],
)
async def test_scram_as_whom_one_acts(store: Store, authorize: bytes, password: bytes, refusal: type | None) -> None:
    house = House(store)
    await house.furnish()
    await store.write(add_domain, "example.net", "example.org", NOW)
    mechanism = start("SCRAM-SHA-256", house.authenticator, "192.0.2.1")
    header, bare = b"n,a=" + authorize + b",", b"n=ann@example.org,r=abcdef"
    first = await mechanism.step(header + bare)
    assert isinstance(first, Challenge)
    final = client_final(password, bare, first.challenge, header)
    if refusal is None:
        assert isinstance(await mechanism.step(final), Challenge)
        return
    with pytest.raises(WrongCredentials) as raised:
        await mechanism.step(final)
    assert type(raised.value) is refusal


@pytest.mark.parametrize(
    "message", [b"n,,n=an=n@example.org,r=abc", b"n,a=an=,n=ann@example.org,r=abc", b"n,ann,n=ann,r=abc"]
)
async def test_scram_names_that_are_not_written_as_they_should_be(message: bytes) -> None:
    """RFC 5802 5.1: "=" stands only in =2C and =3D."""
    mechanism = start("SCRAM-SHA-256", Authenticator(MemoryStore(), LocalRegistry(), WEAK), "h")
    with pytest.raises(BadExchange):
        await mechanism.step(message)


async def salt_of(authenticator: Authenticator, name: str) -> bytes:
    first = await start("SCRAM-SHA-256", authenticator, "192.0.2.1").step(b"n,,n=" + name.encode() + b",r=abcdef")
    assert isinstance(first, Challenge)
    return dict(part.split(b"=", 1) for part in first.challenge.split(b","))[b"s"]


async def test_a_name_that_is_nobodys_has_one_salt_as_a_real_one_has(store: Store) -> None:
    house = House(store)
    await house.furnish()
    await store.write(add_domain, "example.net", "example.org", NOW)
    other_worker = Authenticator(store, LocalRegistry(), WEAK)
    salts = {}
    for who in ("ann", "nobody"):
        written = (who, f"{who}@example.org", f"{who.upper()}@Example.NET")
        found = {await salt_of(asked, name) for name in written for asked in (house.authenticator, other_worker)}
        assert len(found) == 1, who
        salts[who] = found
    assert salts["ann"] != salts["nobody"]
    assert await salt_of(other_worker, "no@body@") == await salt_of(house.authenticator, "no@body@")


async def test_plain_and_login(monkeypatch: pytest.MonkeyPatch) -> None:
    house = await furnished(monkeypatch)
    plain = start("plain", house.authenticator, "h")
    assert await plain.step(None) == Challenge(b"")
    assert await plain.step(b"\0ann@example.org\0secret") == Done(Login(1, "ann@example.org", 1))
    with pytest.raises(ActsAsAnother):
        await start("PLAIN", house.authenticator, "h").step(b"bob@example.org\0ann@example.org\0secret")
    login = start("LOGIN", house.authenticator, "h")
    assert await login.step(None) == Challenge(b"Username:")
    assert await login.step(b"ann@example.org") == Challenge(b"Password:")
    assert await login.step(b"secret") == Done(Login(1, "ann@example.org", 1))
    with pytest.raises(BadExchange):
        start("NTLM", house.authenticator, "h")


@given(
    st.sampled_from(list(MECHANISMS)),
    st.lists(st.binary(max_size=60), max_size=4),
)
def test_no_response_breaks_a_mechanism(name: str, responses: list[bytes]) -> None:
    async def exchange() -> None:
        mechanism = start(name, Authenticator(MemoryStore(), LocalRegistry(), WEAK, tokens=SomeTokens()), "h")
        for response in responses:
            try:
                await mechanism.step(response)
            except AuthenticationRefused:
                return

    LOOP.run_until_complete(exchange())


# Bearer tokens


@pytest.mark.parametrize("name", ["OAUTHBEARER", "XOAUTH2"])
async def test_tokens_let_in_and_failures_count(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    house = await furnished(monkeypatch)
    authenticator = Authenticator(house.store, LocalRegistry(), WEAK, tokens=OneToken())
    say = {
        "OAUTHBEARER": b"n,a=%b,\x01auth=Bearer %b\x01\x01",
        "XOAUTH2": b"user=%b\x01auth=Bearer %b\x01\x01",
    }[name]
    done = await start(name, authenticator, "h").step(say % (b"ann@example.org", b"good"))
    assert isinstance(done, Done)
    assert done.login.address == "ann@example.org"
    for _ in range(WEAK.failures_per_account):
        mechanism = start(name, authenticator, "h")
        assert isinstance(await mechanism.step(say % (b"ann@example.org", b"stale")), Challenge)
        with pytest.raises(WrongCredentials):
            await mechanism.step(b"\x01")
    with pytest.raises(TooManyFailures):
        await start(name, authenticator, "h").step(say % (b"ann@example.org", b"good"))


class OneToken:
    scope = discovery = ""

    async def login_name(self, token: str) -> str | None:
        return "ann@example.org" if token == "good" else None


def test_tokens_are_offered_where_they_are_taken_and_nobody_listens() -> None:
    assert "OAUTHBEARER" in mechanisms(clear=True, bound=False, tokens=True)
    assert not set(mechanisms(clear=False, bound=False, tokens=True)) & {"OAUTHBEARER", "XOAUTH2"}
    assert not set(mechanisms(clear=True, bound=True, tokens=False)) & {"OAUTHBEARER", "XOAUTH2"}
