"""The door: who is too many stays out, who leaves makes room."""

from __future__ import annotations

import asyncio

import pytest
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import StringTransport

from posthouse.server.settings import ListenerSettings
from posthouse.server.worker.door import Door, origin_of
from posthouse.server.worker.metrics import Metrics, merged
from posthouse.storage.lmdb import StoreFigures


class Guest(Protocol):
    """Notes that it lost its connection."""

    lost = False

    def connectionLost(self, reason: object = None) -> None:
        self.lost = True


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def door(metrics: Metrics) -> Door:
    factory = Factory.forProtocol(Guest)
    settings = ListenerSettings(port=0, max_connections=3, max_connections_per_address=2)
    return Door("imap", factory, factory, settings, metrics)


def enter(door: Door, host: str) -> Guest | None:
    kind = IPv6Address if ":" in host else IPv4Address
    guest: Guest | None = door.buildProtocol(kind("TCP", host, 1))
    if guest is not None:
        guest.makeConnection(StringTransport())
    return guest


def test_one_address_may_not_take_all_room(door: Door) -> None:
    first = enter(door, "192.0.2.1")
    assert first is not None
    assert enter(door, "192.0.2.1") is not None
    assert enter(door, "192.0.2.1") is None
    assert enter(door, "192.0.2.2") is not None
    assert enter(door, "192.0.2.3") is None
    first.connectionLost()
    assert first.lost
    assert enter(door, "192.0.2.3") is not None


def test_a_connection_leaves_once(door: Door) -> None:
    guest = enter(door, "192.0.2.1")
    assert guest is not None
    guest.connectionLost()
    guest.connectionLost()
    assert door.open == 0


def test_a_network_of_ipv6_is_one_address(door: Door) -> None:
    assert enter(door, "2001:db8::1") is not None
    assert enter(door, "2001:db8:0:0:ffff::2") is not None
    assert enter(door, "2001:db8::3") is None
    assert origin_of("fe80::1%eth0") == origin_of("fe80::2")


def test_a_factory_that_refuses_leaves_no_trace(metrics: Metrics) -> None:
    class Full(Factory):
        def buildProtocol(self, addr: object) -> None:
            return None

    door = Door("imap", Full(), Full(), ListenerSettings(port=0), metrics)
    assert enter(door, "192.0.2.1") is None
    assert door.open == 0


async def test_the_door_says_when_everybody_has_left(door: Door) -> None:
    guest = enter(door, "192.0.2.1")
    waiting = asyncio.ensure_future(door.wait_empty())
    await asyncio.sleep(0)
    assert not waiting.done()
    assert guest is not None
    guest.connectionLost()
    await asyncio.wait_for(waiting, 30)
    await door.wait_empty()


def test_connections_are_counted(door: Door, metrics: Metrics) -> None:
    for _ in range(3):
        enter(door, "192.0.2.1")
    text = merged([("0", metrics.figures()), ("1", Metrics().figures())], StoreFigures(7, 8, 9, 1, 3)).decode()
    assert 'posthouse_connections{listener="imap",worker="0"} 2.0' in text
    assert 'posthouse_connections_refused_total{listener="imap",worker="0"} 1.0' in text
    assert "\nposthouse_store_commits_total 3.0\n" in text
    assert text.count("# TYPE posthouse_store_write_seconds histogram") == 1
    assert 'posthouse_store_write_seconds_bucket{le="+Inf",worker="1"} 0.0' in text
