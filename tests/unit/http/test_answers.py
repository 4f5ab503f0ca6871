"""Content codings, logins and the parts of a request."""

from __future__ import annotations

import base64
import gzip
import zlib
from collections.abc import AsyncIterator

import brotli
import pytest

from posthouse.core.accounts.accounts import NewAccount, add_account
from posthouse.core.accounts.domains import add_domain
from posthouse.core.authentication.authenticator import Authenticator, Login
from posthouse.core.authentication.errors import LoginDisabled, TooManyFailures, WrongCredentials
from posthouse.core.authentication.settings import AuthenticationSettings
from posthouse.core.bus import LocalBus
from posthouse.core.peer import Peer
from posthouse.core.registry import LocalRegistry
from posthouse.storage.memory import MemoryStore
from posthouse.webdav.http.answer import Answer, text
from posthouse.webdav.http.authentication import login_of
from posthouse.webdav.http.body import Body
from posthouse.webdav.http.encoding import chosen, encoded
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.head import compose
from posthouse.webdav.http.request import Request, read_target
from tests.unit.http.wire import Wire, site

LINES = b"one line of text\n" * 500


class Nobody:
    waits = False

    def ask(self) -> None: ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...


def asked(query: dict[str, str] | None = None, peer: Peer | None = None, **fields: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    return Request("GET", "/", (), True, query or {}, named, peer or Peer("192.0.2.7", 1, tls=True), Body(0, Nobody()))


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", None),
        ("gzip", "gzip"),
        ("gzip, br", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("br;q=0, gzip;q=0", None),
        ("*", "br"),
        ("*;q=0", None),
        ("identity", None),
        ("gzip;q=much", None),
    ],
)
def test_which_coding(accepted: str, coding: str | None) -> None:
    assert chosen(accepted) == coding


def test_text_is_sent_compressed() -> None:
    answer = Answer(200, ((b"content-type", b"text/plain"),), LINES)
    packed = encoded(answer, asked(accept_encoding="gzip"))
    assert isinstance(packed.body, bytes)
    assert gzip.decompress(packed.body) == LINES
    assert dict(packed.fields)[b"content-encoding"] == b"gzip"
    packed = encoded(answer, asked(accept_encoding="br"))
    assert isinstance(packed.body, bytes)
    assert brotli.decompress(packed.body) == LINES
    assert dict(encoded(answer, asked()).fields) == {b"content-type": b"text/plain", b"vary": b"Accept-Encoding"}


@pytest.mark.parametrize(
    "answer",
    [
        text(200, "short"),
        Answer(200, ((b"content-type", b"image/png"),), LINES),
        Answer(206, ((b"content-type", b"text/plain"),), LINES),
        Answer(200, ((b"content-type", b"text/plain"), (b"etag", b'"a"')), LINES),
    ],
)
def test_what_is_sent_as_it_is(answer: Answer) -> None:
    assert encoded(answer, asked(accept_encoding="gzip")) == answer


async def test_a_stream_is_compressed_as_it_comes() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield LINES

    async def handler(_request: Request) -> Answer:
        return Answer(207, ((b"content-type", b"application/xml"),), pieces(), 3 * len(LINES))

    wire = Wire(site(handler, "a"))
    wire.send(b"GET /a HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n")
    await wire.until(lambda: wire.out.endswith(b"\r\n0\r\n\r\n"))
    head, _, rest = bytes(wire.out).partition(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in head
    body = b""
    while rest[:1] != b"0":
        size, _, rest = rest.partition(b"\r\n")
        body += rest[: int(size, 16)]
        rest = rest[int(size, 16) + 2 :]
    assert zlib.decompress(body, 16 + zlib.MAX_WBITS) == 3 * LINES


class Doorman:
    tokens = None
    settings = AuthenticationSettings()

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.heard: list[tuple[str, str, str]] = []

    async def check_password(self, name: str, password: str, peer_host: str) -> Login:
        self.heard.append((name, password, peer_host))
        if self.error is not None:
            raise self.error
        return Login(1, name, 1)

    def mark(self, secret: str) -> bytes:
        return secret.encode()


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


async def test_a_login_is_checked() -> None:
    doorman = Doorman()
    request = asked(authorization=basic("käthe@example.org:a:b"))
    assert await login_of(request, doorman) == Login(1, "käthe@example.org", 1)
    assert doorman.heard == [("käthe@example.org", "a:b", "192.0.2.7")]


@pytest.mark.parametrize(
    ("field", "error", "status"),
    [
        ("", None, 401),
        ("Basic", None, 401),
        ("Basic !!!", None, 401),
        ("Basic /w==", None, 401),
        (basic("no colon"), None, 401),
        ("Digest x", None, 401),
        (basic("a:b"), WrongCredentials(), 401),
        (basic("a:b"), LoginDisabled("locked"), 403),
        (basic("a:b"), TooManyFailures(60), 429),
    ],
)
async def test_who_is_not_let_in(field: str, error: Exception | None, status: int) -> None:
    with pytest.raises(HttpError) as refused:
        await login_of(asked(authorization=field), Doorman(error))
    assert refused.value.status == status
    assert (b"www-authenticate" in dict(refused.value.fields)) == (status == 401)


async def test_passwords_are_taken_where_nobody_can_listen() -> None:
    doorman = Doorman()
    with pytest.raises(HttpError, match="over TLS") as refused:
        await login_of(asked(None, Peer("192.0.2.7", 1, tls=False), authorization=basic("a:b")), doorman)
    assert (refused.value.status, doorman.heard) == (403, [])
    await login_of(asked(None, Peer("127.0.0.1", 1, tls=False), authorization=basic("a:b")), doorman)


def test_the_parts_of_a_target() -> None:
    assert read_target("/a//b%20c/?x=1&y=") == (("a", "b c"), True, {"x": "1", "y": ""})
    assert read_target("*") == ((), False, {})
    assert read_target("https://example.org:8443/a") == (("a",), False, {})


@pytest.mark.parametrize(
    ("host", "name"),
    [("Example.org:8080", "example.org"), ("example.org", "example.org"), ("[::1]:80", "[::1]"), ("", "")],
)
def test_the_name_of_the_site(host: str, name: str) -> None:
    assert asked(host=host).host == name


class Keyring:
    scope = "mail"
    discovery = ""

    async def login_name(self, token: str) -> str | None:
        return "ann@example.org" if token == "good" else None


async def test_tokens() -> None:
    store = MemoryStore(LocalBus())
    await store.write(add_domain, "example.org", None, 1)
    account = await store.write(add_account, NewAccount("ann@example.org", "", None, None), 1)
    settings = AuthenticationSettings(failures_per_address=2)
    authenticator = Authenticator(store, LocalRegistry(), settings, tokens=Keyring())
    login = await login_of(asked(authorization="bearer good"), authenticator)
    assert (login.account, login.address) == (account, "ann@example.org")
    with pytest.raises(HttpError) as nothing:
        await login_of(asked(), authenticator)
    schemes = [value.partition(b" ")[0] for name, value in nothing.value.fields if name == b"www-authenticate"]
    assert (nothing.value.status, schemes) == (401, [b"Basic", b"Bearer"])
    for bad in ("Bearer bad", "Bearer g\u00e4"):
        with pytest.raises(HttpError) as refused:
            await login_of(asked(authorization=bad), authenticator)
        assert (refused.value.status, b'error="invalid_token"' in refused.value.fields[0][1]) == (401, True)
    with pytest.raises(HttpError) as throttled:
        await login_of(asked(authorization="Bearer good"), authenticator)
    assert throttled.value.status == 429
    with pytest.raises(HttpError) as unknown:
        await login_of(asked(authorization="Bearer good"), Authenticator(store, LocalRegistry(), settings))
    assert unknown.value.status == 401


@pytest.mark.parametrize("value", [b"a\r\nb: c", b"a\nb", b"a\rb"])
def test_a_field_cannot_be_two(value: bytes) -> None:
    with pytest.raises(ValueError, match="line break"):
        compose(200, ((b"x", value),), b"", 0)


def test_a_guard_that_an_answer_has_itself_is_not_given_twice() -> None:
    head = compose(200, ((b"referrer-policy", b"origin"),), b"Content-Length: 0\r\n", 0)
    lines = head.decode().lower().split("\r\n")
    assert [line for line in lines if line.startswith("referrer-policy")] == ["referrer-policy: origin"]
    assert "x-frame-options: deny" in lines
    assert lines[-3:] == ["content-length: 0", "", ""]
