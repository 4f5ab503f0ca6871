"""Who asks through a proxy that speaks HTTP: X-Forwarded-For and X-Forwarded-Proto, of those who are trusted.

Each proxy adds whom it heard behind what it was told, so the list is read from its end: the first who is no proxy of
ours is who asks, and what he says himself is not believed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping

import msgspec

from posthouse.core.peer import Peer


class Proxies:
    """The proxies of some networks."""

    def __init__(self, networks: Collection[str]) -> None:
        self._networks = [ipaddress.ip_network(network) for network in networks]

    def origin(self, peer: Peer, fields: Mapping[str, str]) -> Peer:
        """Who asks by this peer; the peer itself where it is no proxy, or does not tell."""
        if not self._networks or not self._trusts(peer.host):
            return peer
        said = [each.strip() for each in fields.get("x-forwarded-for", "").split(",")]
        host = peer.host
        while said and self._trusts(host):
            address = _address(said.pop())
            if address is None:
                break
            host = address
        scheme = fields.get("x-forwarded-proto", "").rpartition(",")[2].strip().lower()
        return msgspec.structs.replace(peer, host=host, tls=peer.tls if not scheme else scheme == "https")

    def _trusts(self, host: str) -> bool:
        address = ipaddress.ip_address(_address(host) or "::")
        return any(address in network for network in self._networks)


def _address(text: str) -> str | None:
    """An address as we write it; None for what is none. Some write a port behind it, or brackets around it."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address)
