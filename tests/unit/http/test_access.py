"""What stands in the access log of requests that were never whole."""

from __future__ import annotations

from posthouse.webdav.http.access import Access
from posthouse.webdav.http.answer import Answer, text
from posthouse.webdav.http.request import Request
from posthouse.webdav.http.settings import HttpSettings
from posthouse.webdav.http.site import HttpFactory
from tests.unit.http.wire import Wire

PUT = b"PUT /s/token HTTP/1.1\r\nHost: x\r\nUser-Agent: me\r\nX-Forwarded-For: 198.51.100.9\r\n"


async def taken(request: Request) -> Answer:
    await request.body.read(1 << 20)
    return text(200, "done")


def opened(told: list[Access], *, is_logged: bool = True) -> Wire:
    settings = HttpSettings(access_log=is_logged, forwarding_proxies=("192.0.2.0/24",))
    return Wire(HttpFactory({("s",): taken}, settings, secret=["s"], told=told.append))


def line(access: Access) -> tuple[str, str, int, int | None, str, str]:
    return access.method, access.target, access.status, access.octets, access.peer, access.agent


async def test_a_head_that_cannot_be_read() -> None:
    told: list[Access] = []
    wire = opened(told)
    wire.send(b"GET /s/token HTTP/1.1\r\nHost : x\r\n\r\n")
    assert (await wire.answer())[0] == 400
    assert [line(each) for each in told] == [("", "", 400, 0, "192.0.2.7", "")]


async def test_a_body_that_cannot_be_read() -> None:
    told: list[Access] = []
    wire = opened(told)
    wire.send(PUT + b"Transfer-Encoding: chunked\r\n\r\nno number\r\n")
    assert (await wire.answer())[0] == 400
    assert [line(each) for each in told] == [("PUT", "/s/...", 400, 0, "198.51.100.9", "me")]


async def test_a_head_that_takes_too_long() -> None:
    told: list[Access] = []
    wire = opened(told)
    wire.channel.header_seconds = 0.0
    wire.send(b"GET /s/tok")
    assert (await wire.answer())[0] == 408
    assert [line(each) for each in told] == [("", "", 408, 0, "192.0.2.7", "")]


async def test_a_body_that_takes_too_long() -> None:
    told: list[Access] = []
    wire = opened(told)
    wire.channel.silence_seconds = 0.0
    wire.send(PUT + b"Content-Length: 10\r\n\r\nhello")
    assert (await wire.answer())[0] == 408
    assert [line(each) for each in told] == [("PUT", "/s/...", 408, 0, "198.51.100.9", "me")]


async def test_who_is_silent_between_requests_is_not_logged() -> None:
    told: list[Access] = []
    wire = opened(told)
    wire.channel.silence_seconds = 0.0
    wire.send(PUT + b"Content-Length: 0\r\n\r\n")
    assert (await wire.answer())[0] == 200
    await wire.until(lambda: wire.disconnecting)
    assert [each.status for each in told] == [200]


async def test_no_log() -> None:
    told: list[Access] = []
    wire = opened(told, is_logged=False)
    wire.send(b"nonsense\r\n\r\n")
    assert (await wire.answer())[0] == 400
    assert told == []
