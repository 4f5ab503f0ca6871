"""The door of a listener: counts who comes in and keeps out whoever is too many, before a byte is read."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import Any

from twisted.internet.protocol import Factory, connectionDone
from twisted.python.failure import Failure

from posthouse.server.settings import ListenerSettings
from posthouse.server.worker.metrics import Metrics


class Door(Factory):
    """Stands before a listener's factory."""

    noisy = False

    def __init__(self, name: str, outer: Any, factory: Any, settings: ListenerSettings, metrics: Metrics) -> None:
        """`outer` is `factory`, or its TLS wrapping."""
        self.name = name
        self.factory = factory
        self.open = 0
        self._outer = outer
        self._empty: asyncio.Future[None] | None = None
        self._limit = settings.max_connections
        self._address_limit = settings.max_connections_per_address
        self._addresses: dict[bytes, int] = {}
        self._proxies = [ipaddress.ip_network(network) for network in settings.proxies]
        metrics.connections.labels(name).set_function(lambda: self.open)
        self._total = metrics.connections_total.labels(name)
        self._refused = metrics.connections_refused.labels(name)

    def doStart(self) -> None:
        self._outer.doStart()

    def doStop(self) -> None:
        self._outer.doStop()

    def buildProtocol(self, address: Any) -> Any:
        origin = origin_of(address.host)
        known = self._addresses.get(origin, 0)
        if self.open >= self._limit or known >= self._address_limit:
            self._refused.inc()
            return None
        protocol = self._outer.buildProtocol(address)
        if protocol is None:
            return None
        self.open += 1
        self._addresses[origin] = known + 1
        self._total.inc()
        lost = protocol.connectionLost

        def connection_lost(reason: Failure = connectionDone) -> None:
            del protocol.connectionLost  # the protocol's own again
            self._leave(origin)
            lost(reason)

        # in the protocol itself, not a wrapper around it: idle connections are many and must stay small
        protocol.connectionLost = connection_lost
        return protocol

    def is_proxy(self, host: str) -> bool:
        """True for a load balancer, that says who is behind it."""
        if not self._proxies:
            return False
        address = ipaddress.ip_address(host.partition("%")[0])
        return any(address in network for network in self._proxies)

    def refuse(self) -> None:
        """Count one who does not come in."""
        self._refused.inc()

    async def wait_empty(self) -> None:
        """Return when nobody is in."""
        while self.open:
            self._empty = asyncio.get_running_loop().create_future()
            await self._empty

    def _leave(self, origin: bytes) -> None:
        self.open -= 1
        left = self._addresses[origin] - 1
        if left:
            self._addresses[origin] = left
        else:
            del self._addresses[origin]
        if not self.open and self._empty is not None and not self._empty.done():
            self._empty.set_result(None)


def origin_of(host: str) -> bytes:
    """What counts as one address: an IPv4 address, or the /64 of an IPv6 one, since a host may use all of that."""
    if ":" in host:
        return socket.inet_pton(socket.AF_INET6, host.partition("%")[0])[:8]
    return socket.inet_aton(host)
