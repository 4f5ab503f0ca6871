"""How many requests one address may make (RFC 6585 4): a second, at once.

Each address has a time at which it will have used up what it asked so far (the generic cell rate algorithm): one
number, as many as there are addresses lately, no more than a limit.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Callable, Collection
from functools import lru_cache

from posthouse.core.authentication.authenticator import network
from posthouse.webdav.http.settings import HttpSettings


class Throttle:
    """The count of one worker. `free` are the networks that are not limited."""

    def __init__(
        self, settings: HttpSettings, free: Collection[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._interval = 1 / settings.requests_per_second
        self._most_ahead = settings.request_burst * self._interval
        self._at_once = settings.requests_at_once
        self._addresses = settings.throttled_addresses
        self._clock = clock
        self._used_up: dict[str, float] = {}  # the one asked least lately first
        self._open: dict[str, int] = {}
        free_networks = [ipaddress.ip_network(each) for each in free]
        self._place = lru_cache(4096)(lambda host: None if _is_in(host, free_networks) else network(host))

    def enter(self, host: str) -> int | None:
        """Begin a request, which `leave` ends; else the seconds after which it may be asked again."""
        place = self._place(host)
        if place is None:
            return None
        now = self._clock()
        until = max(self._used_up.pop(place, now), now)
        ahead = until - now + self._interval
        if ahead > self._most_ahead:
            self._used_up[place] = until
            return max(1, math.ceil(ahead - self._most_ahead))
        self._used_up[place] = until + self._interval
        if len(self._used_up) > self._addresses:
            del self._used_up[next(iter(self._used_up))]
        held = self._open.get(place, 0)
        if held >= self._at_once:
            return 1
        self._open[place] = held + 1
        return None

    def leave(self, host: str) -> None:
        """End a request that was let in."""
        place = self._place(host)
        if place is None:
            return
        held = self._open[place] - 1
        if held:
            self._open[place] = held
        else:
            del self._open[place]


def _is_in(host: str, networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:  # no TCP
        return True
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in each for each in networks)
