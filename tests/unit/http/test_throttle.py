"""How many requests one address may make, and who asks through a proxy."""

from __future__ import annotations

import asyncio

import pytest

from posthouse.core.peer import Peer
from posthouse.webdav.http.access import Access
from posthouse.webdav.http.answer import Answer, text
from posthouse.webdav.http.forwarding import Proxies
from posthouse.webdav.http.request import Request
from posthouse.webdav.http.settings import HttpSettings
from posthouse.webdav.http.site import HttpFactory
from posthouse.webdav.http.throttle import Throttle
from tests.unit.http.wire import Wire, site


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def throttle(clock: Clock, *free: str, **settings: float) -> Throttle:
    return Throttle(HttpSettings(**settings), free, clock)  # type: ignore[arg-type]  # of many types


def test_a_burst_and_then_so_many_a_second() -> None:
    clock = Clock()
    door = throttle(clock, requests_per_second=4.0, request_burst=8)
    assert [door.enter("192.0.2.1") for _ in range(9)] == [None] * 8 + [1]
    assert door.enter("192.0.2.2") is None
    clock.now += 0.25
    assert [door.enter("192.0.2.1") for _ in range(2)] == [None, 1]
    clock.now += 60
    assert [door.enter("192.0.2.1") for _ in range(9)] == [None] * 8 + [1]


def test_when_to_ask_again() -> None:
    door = throttle(Clock(), requests_per_second=0.1, request_burst=1)
    assert door.enter("192.0.2.1") is None
    assert door.enter("192.0.2.1") == 10


def test_so_many_at_once() -> None:
    door = throttle(Clock(), requests_at_once=2)
    assert [door.enter("192.0.2.1") for _ in range(3)] == [None, None, 1]
    door.leave("192.0.2.1")
    assert door.enter("192.0.2.1") is None
    door.leave("192.0.2.1")
    door.leave("192.0.2.1")
    assert not door._open


def test_what_counts_as_one_address() -> None:
    door = throttle(Clock(), requests_per_second=1.0, request_burst=1)
    assert door.enter("2001:db8::1") is None
    assert door.enter("2001:db8::2:1") == 1
    assert door.enter("2001:db8:0:1::1") is None
    assert door.enter("192.0.2.1") is None
    assert door.enter("::ffff:192.0.2.1") == 1


def test_who_is_not_counted() -> None:
    door = throttle(Clock(), "127.0.0.0/8", "192.0.2.0/24", requests_per_second=1.0, request_burst=1)
    for host in ("127.0.0.1", "192.0.2.9", "::ffff:192.0.2.9", ""):
        assert [door.enter(host) for _ in range(3)] == [None] * 3
        door.leave(host)


def test_memory_is_bounded() -> None:
    clock = Clock()
    door = throttle(clock, requests_per_second=1.0, request_burst=1, throttled_addresses=100)
    for number in range(1000):
        host = f"10.0.{number // 256}.{number % 256}"
        assert door.enter(host) is None
        door.leave(host)
        door.enter("192.0.2.1")  # who goes on is not forgotten
    assert len(door._used_up) == 100
    assert door.enter("192.0.2.1") is not None


@pytest.mark.parametrize(
    ("peer", "said", "host"),
    [
        ("192.0.2.1", "198.51.100.7", "198.51.100.7"),
        ("192.0.2.1", "203.0.113.1, 198.51.100.7", "198.51.100.7"),  # the first is what the client says itself
        ("192.0.2.1", "198.51.100.7, 192.0.2.9", "198.51.100.7"),  # two of our proxies
        ("192.0.2.1", "192.0.2.8, 192.0.2.9", "192.0.2.8"),
        ("192.0.2.1", "198.51.100.7:5000", "198.51.100.7"),
        ("192.0.2.1", "[2001:DB8::1]:5000", "2001:db8::1"),
        ("192.0.2.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("::ffff:192.0.2.1", "198.51.100.7", "198.51.100.7"),
        ("192.0.2.1", "198.51.100.7, nonsense", "192.0.2.1"),
        ("192.0.2.1", "", "192.0.2.1"),
        ("198.51.100.1", "198.51.100.7", "198.51.100.1"),  # who is no proxy is not believed
    ],
)
def test_who_asks_through_a_proxy(peer: str, said: str, host: str) -> None:
    proxies = Proxies(("192.0.2.0/24",))
    assert proxies.origin(Peer(peer, 1, tls=False), {"x-forwarded-for": said} if said else {}).host == host


def test_whether_he_asks_by_tls() -> None:
    proxies, plain, tls = Proxies(("192.0.2.0/24",)), Peer("192.0.2.1", 1, tls=False), Peer("192.0.2.1", 1, tls=True)
    said = {"x-forwarded-for": "198.51.100.7", "x-forwarded-proto": "https"}
    assert proxies.origin(plain, said).may_send_password
    assert not proxies.origin(tls, {**said, "x-forwarded-proto": "http"}).may_send_password
    assert not proxies.origin(plain, {"x-forwarded-for": "198.51.100.7"}).may_send_password
    assert not proxies.origin(Peer("198.51.100.1", 1, tls=False), said).may_send_password


async def test_a_request_counts_until_it_is_answered() -> None:
    go_on = asyncio.Event()

    async def slow(_request: Request) -> Answer:
        await go_on.wait()
        return text(200, "done")

    factory = site(slow, "a", requests_at_once=1)
    first, second, other = Wire(factory), Wire(factory), Wire(factory, "192.0.2.8")
    for wire in (first, second, other):
        wire.send(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
    status, fields, _ = await second.answer()
    assert (status, fields["retry-after"]) == (429, "1")
    go_on.set()
    assert (await first.answer())[0] == 200
    assert (await other.answer())[0] == 200
    second.send(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await second.answer())[0] == 200


async def test_throttled_requests_stand_in_the_log_and_are_counted() -> None:
    async def quick(_request: Request) -> Answer:
        return text(200, "done")

    told: list[Access] = []
    counts: list[int] = []
    settings = HttpSettings(requests_per_second=0.1, request_burst=1)
    factory = HttpFactory(
        {("a",): quick}, settings, secret=["s"], told=told.append, on_throttled=lambda: counts.append(1)
    )
    wire = Wire(factory)
    for target in (b"/a", b"/a?b", b"/s/token"):
        wire.send(b"GET %b HTTP/1.1\r\nHost: x\r\nUser-Agent: me\r\n\r\n" % target)
        await wire.answer()
    shown = [(each.method, each.target, each.status, each.peer, each.agent) for each in told]
    assert shown == [
        ("GET", "/a", 200, "192.0.2.7", "me"),
        ("GET", "/a?b", 429, "192.0.2.7", "me"),
        ("GET", "/s/...", 429, "192.0.2.7", "me"),
    ]
    assert len(counts) == 2


async def test_what_cannot_be_read_stands_in_the_log_without_secrets() -> None:
    async def quick(_request: Request) -> Answer:
        return text(200, "done")

    told: list[Access] = []
    wire = Wire(HttpFactory({("a",): quick}, HttpSettings(), secret=["s"], told=told.append))
    for target in (b"/a/../b", b"/./s/token", b"/a/%2e%2e/s/token", b"s/token", b"/%FF"):
        wire.send(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % target)
        await wire.answer()
    assert [each.status for each in told] == [400] * 5
    assert [each.target for each in told] == ["/a/../b", "/s/...", "/s/...", "/s/...", "/%FF"]


async def test_who_goes_counts_no_more() -> None:
    async def endless(_request: Request) -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    factory = site(endless, "a", requests_at_once=1)
    wire = Wire(factory)
    wire.send(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n")
    await asyncio.sleep(0)
    assert factory.throttle._open
    wire.lose()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not factory.throttle._open
