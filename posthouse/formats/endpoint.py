"""An IP address with a port, as people write it: "192.0.2.53", "192.0.2.53:5353", "2001:db8::53", "[::1]:5353"."""

from __future__ import annotations

import ipaddress


def parse_endpoint(text: str, port: int) -> tuple[str, int]:
    """The address and its port, `port` when none is given; raises ValueError."""
    host, given = text, ""
    if text.startswith("["):
        host, bracket, given = text[1:].partition("]")
        if not bracket or (given and not given.startswith(":")):
            raise ValueError(f"{text} is no address with a port")
        given = given[1:]
    elif text.count(":") == 1:
        host, _, given = text.partition(":")
    return str(ipaddress.ip_address(host)), _port(given) if given else port


def _port(text: str) -> int:
    if not text.isdecimal() or len(text) > 5 or not 0 < int(text) < 65_536:
        raise ValueError(f"{text} is no port")
    return int(text)
