"""Requests and answers on a connection: streamed, paced, one after another, refused where they make no sense."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest

from posthouse.storage.contract import StoreUnavailable
from posthouse.webdav.http.answer import Answer, text
from posthouse.webdav.http.body import WAITING_OCTETS, Body
from posthouse.webdav.http.channel import UNWANTED_OCTETS, Exchange
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.request import Request
from tests.unit.http.wire import Wire, site


async def echo(request: Request) -> Answer:
    return text(200, f"{request.method} {'/'.join(request.segments)} {len(await request.body.read(1000))}")


async def test_one_request_after_another() -> None:
    wire = Wire(site(echo, "a"))
    wire.send(b"GET /a/b%20c HTTP/1.1\r\nHost: x\r\n\r\nPUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
    assert (await wire.answer())[::2] == (200, b"GET a/b c 0\n")
    assert (await wire.answer())[::2] == (200, b"PUT a 3\n")
    wire.send(b"PUT /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    assert (await wire.answer())[::2] == (200, b"PUT a 5\n")
    wire.send(b"GET /a HTTP/1.0\r\n\r\n")
    assert (await wire.answer())[0] == 200
    assert wire.disconnecting


async def test_an_answered_request_leaves_nothing_for_the_collector() -> None:
    def held() -> int:
        return sum(isinstance(each, (Exchange, Body)) for each in gc.get_objects())

    wire = Wire(site(echo, "a"))
    gc.collect()
    before = held()
    gc.disable()
    try:
        for _ in range(3):
            wire.send(b"PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
            assert (await wire.answer())[0] == 200
        await asyncio.sleep(0)
        assert held() == before
    finally:
        gc.enable()


async def test_every_answer_guards_the_browser() -> None:
    wire = Wire(site(echo, "a"))
    wire.send(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
    _, fields, _ = await wire.answer()
    assert fields["x-content-type-options"] == "nosniff"
    assert fields["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


async def test_a_handler_begins_before_the_body_has_come() -> None:
    seen: asyncio.Queue[bytes] = asyncio.Queue()

    async def take(request: Request) -> Answer:
        async for piece in request.body.pieces():
            seen.put_nowait(piece)
        return text(201, "taken")

    wire = Wire(site(take, "a"))
    wire.send(b"PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc")
    assert await asyncio.wait_for(seen.get(), 30) == b"abc"
    wire.send(b"def")
    assert (await wire.answer())[0] == 201


async def test_who_sends_faster_than_it_is_taken_is_paced() -> None:
    go_on = asyncio.Event()
    taken = 0

    async def slow(request: Request) -> Answer:
        nonlocal taken
        async for piece in request.body.pieces():
            await go_on.wait()
            taken += len(piece)
        return text(201, "taken")

    wire = Wire(site(slow, "a"))
    wire.send(b"PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (2 * WAITING_OCTETS))
    wire.send(bytes(WAITING_OCTETS))
    await wire.until(lambda: wire.is_paused)
    go_on.set()
    await wire.until(lambda: not wire.is_paused)
    wire.send(bytes(WAITING_OCTETS))
    assert (await wire.answer())[0] == 201
    assert taken == 2 * WAITING_OCTETS


async def test_a_slow_reader_paces_a_long_answer() -> None:
    made = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal made
        for _ in range(10):
            made += 1
            yield bytes(1000)

    async def long(_request: Request) -> Answer:
        return Answer(200, (), pieces(), 10_000)

    wire = Wire(site(long, "a"))
    wire.producer.pauseProducing()
    wire.send(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
    await wire.until(lambda: len(wire.out) > 1000)
    assert made == 1
    wire.producer.resumeProducing()
    status, _, body = await wire.answer()
    assert (status, len(body), made) == (200, 10_000, 10)


async def test_a_peer_that_goes_ends_the_work_for_it() -> None:
    ended = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield bytes(1000)
                await asyncio.sleep(0)
        finally:
            ended.set()

    async def long(_request: Request) -> Answer:
        return Answer(200, (), endless())

    wire = Wire(site(long, "a"))
    wire.send(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
    await wire.until(lambda: len(wire.out) > 3000)
    wire.lose()
    await asyncio.wait_for(ended.wait(), 30)


async def test_an_upload_that_is_cut_says_so_to_its_handler() -> None:
    heard: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()

    async def take(request: Request) -> Answer:
        try:
            async for _ in request.body.pieces():
                pass
        except BaseException as error:
            heard.set_result(ConnectionError(str(type(error))))
            raise
        return text(201, "taken")

    wire = Wire(site(take, "a"))
    wire.send(b"PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc")
    await asyncio.sleep(0)
    wire.lose()
    assert "Error" in str(await asyncio.wait_for(heard, 30))


async def refuse(_request: Request) -> Answer:
    raise HttpError(403, "not you")


async def test_an_unwanted_body_is_heard_out_where_it_is_short() -> None:
    async def begin(request: Request) -> Answer:
        async for _ in request.body.pieces():
            raise HttpError(403, "not you")
        raise AssertionError

    wire = Wire(site(begin, "a"))
    wire.send(b"PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc")
    await asyncio.sleep(0)
    wire.send(b"defGET /none HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await wire.answer())[::2] == (403, b"not you\n")
    assert (await wire.answer())[0] == 404
    assert not wire.disconnecting


async def test_a_long_unwanted_body_ends_the_connection() -> None:
    async def begin(request: Request) -> Answer:
        async for _ in request.body.pieces():
            raise HttpError(413, "too much")
        raise AssertionError

    wire = Wire(site(begin, "a"))
    wire.send(b"PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (1 << 40))
    for _ in range(2 * UNWANTED_OCTETS // 65_536):
        wire.send(bytes(65_536))
        await asyncio.sleep(0)
    status, fields, _ = await wire.answer()
    assert (status, fields["connection"]) == (413, "close")
    assert wire.disconnecting


async def test_who_waits_to_be_asked_is_asked_when_somebody_reads() -> None:
    wire = Wire(site(echo, "a"))
    wire.send(b"PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
    await wire.until(lambda: bool(wire.out))
    assert bytes(wire.out) == b"HTTP/1.1 100 Continue\r\n\r\n"
    wire.out.clear()
    wire.send(b"abc")
    assert (await wire.answer())[0] == 200
    wire = Wire(site(refuse, "a"))
    wire.send(b"PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
    status, fields, _ = await wire.answer()
    assert (status, fields["connection"]) == (403, "close")


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (b"/a/../b", 400),
        (b"/a/%2e%2E/b", 400),
        (b"/a/b%2fc", 400),
        (b"/a/%00", 400),
        (b"/a/%c0%ae", 400),
        (b"/a/%ff", 400),
        (b"/a/\xff", 400),
        (b"ftp://x/a", 400),
        (b"/a?" + b"&".join(b"x=1" for _ in range(200)), 400),
        (b"/" + b"a/" * 300, 414),
        (b"/" + b"a" * 9000, 414),
        (b"/b", 404),
        (b"http://x/a", 200),
    ],
)
async def test_addresses_that_mean_something_else_than_they_say(target: bytes, status: int) -> None:
    wire = Wire(site(echo, "a"))
    wire.send(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % target)
    assert (await wire.answer())[0] == status


@pytest.mark.parametrize(
    "octets",
    [
        b"GET /a HTTP/1.1\r\n\r\n",  # no Host
        b"GET /a HTTP/1.1\r\nHost: x y\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost: x/y\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost: u@x\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /a\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost: x\r\nA\0: b\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 600 + b"\r\n",
    ],
)
async def test_requests_that_make_no_sense(octets: bytes) -> None:
    wire = Wire(site(echo, "a"))
    wire.send(octets)
    await wire.until(lambda: bool(wire.out) or wire.disconnecting)
    assert wire.out.startswith(b"HTTP/1.1 400 ")


async def test_our_own_faults_are_told_without_details() -> None:
    async def broken(_request: Request) -> Answer:
        raise RuntimeError("secret")

    async def away(_request: Request) -> Answer:
        raise StoreUnavailable("secret")

    for handler, status in ((broken, 500), (away, 503)):
        wire = Wire(site(handler, "a"))
        wire.send(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await wire.answer()
        assert answer[0] == status
        assert b"secret" not in answer[2]


async def test_a_site_that_ends_lets_answers_be_finished() -> None:
    go_on = asyncio.Event()

    async def slow(_request: Request) -> Answer:
        await go_on.wait()
        return text(200, "done")

    factory = site(slow, "a")
    idle, busy = Wire(factory), Wire(factory)
    busy.send(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
    factory._close()
    # with TLS between, a transport that has a producer does not close
    assert (idle.disconnecting, idle.producer) == (True, None)
    assert not busy.disconnecting
    go_on.set()
    status, fields, _ = await busy.answer()
    assert (status, fields["connection"]) == (200, "close")
    assert busy.disconnecting


async def test_who_takes_nothing_of_an_answer_is_cut() -> None:
    async def long(_request: Request) -> Answer:
        async def pieces() -> AsyncIterator[bytes]:
            while True:
                yield bytes(1000)

        return Answer(200, (), pieces())

    wire = Wire(site(long, "a"))
    wire.producer.pauseProducing()
    wire.send(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
    await wire.until(lambda: bool(wire.out))
    answering = wire.channel._exchange._task
    wire.channel._clock._until = 0.0  # the time is over
    wire.channel._clock._look()
    assert wire.is_cut
    await asyncio.wait([answering], timeout=30)
    assert answering.done(), "nobody waits for him any more"


async def test_later_requests_wait_and_are_few() -> None:
    go_on = asyncio.Event()

    async def slow(request: Request) -> Answer:
        await go_on.wait()
        return text(200, request.segments[-1])

    wire = Wire(site(slow, "a"))
    wire.send(b"GET /a/1 HTTP/1.1\r\nHost: x\r\n\r\n")
    filling = b"GET /a/2 HTTP/1.1\r\nHost: x\r\nA: %b\r\n\r\n" % (b"b" * 10_000)
    wire.send(filling)
    assert not wire.is_paused
    wire.send(filling)
    assert wire.is_paused
    go_on.set()
    assert [(await wire.answer())[2] for _ in range(3)] == [b"1\n", b"2\n", b"2\n"]
    assert not wire.is_paused


async def test_a_body_that_nobody_wants_and_that_comes_late_is_heard_out() -> None:
    async def refuse(_request: Request) -> Answer:
        return text(403, "no")

    wire = Wire(site(refuse, "a"))
    wire.send(b"PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc")
    await asyncio.sleep(0)  # the handler has refused
    wire.send(b"def")
    wire.send(b"PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\n")
    assert (await wire.answer())[0] == 403
    assert not wire.disconnecting
    assert (await wire.answer())[0] == 403  # it waits to be asked, and is not
    assert wire.disconnecting
