"""The PROXY protocol, versions 1 and 2: a load balancer says who is behind it (haproxy.org, proxy-protocol.txt)."""

from __future__ import annotations

import ipaddress
import struct

import msgspec

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"  # 2.2; a version 1 header begins with "PROXY "
_BEGIN = b"PROXY "
_LONGEST_LINE = 107  # octets of version 1 with its end; 2.1
_LONGEST_BLOCK = 4096  # octets behind the fixed part of version 2, most of which may be extensions
_FIXED = struct.Struct(">12sBBH")
_ADDRESSES = {0x11: struct.Struct(">4s4sHH"), 0x21: struct.Struct(">16s16sHH")}  # TCP over IPv4, over IPv6
_LOCAL, _PROXY = 0x20, 0x21  # version 2 with each of its commands


class BadHeader(Exception):
    """These octets begin no connection through a proxy."""


class Origin(msgspec.Struct, frozen=True):
    """Who is behind the proxy; `host` is empty where it speaks for itself or does not know."""

    host: str
    port: int


NOBODY = Origin("", 0)


def read_header(octets: bytes) -> tuple[Origin, bytes] | None:
    """(who it is, the octets behind the header); None while the header is not whole. Raises BadHeader."""
    if octets.startswith(SIGNATURE[: len(octets)]):
        return _read_block(octets)
    if octets.startswith(_BEGIN[: len(octets)]):
        return _read_line(octets)
    raise BadHeader("neither PROXY nor the signature of version 2")


def _read_line(octets: bytes) -> tuple[Origin, bytes] | None:
    line, end, _ = octets[:_LONGEST_LINE].partition(b"\r\n")
    if not end:
        if len(octets) >= _LONGEST_LINE:
            raise BadHeader("the line does not end")
        return None
    words = line.decode("ascii", "replace").split(" ")
    behind = octets[len(line) + 2 :]
    if words[1] == "UNKNOWN":
        return NOBODY, behind
    if len(words) != 6 or words[1] not in ("TCP4", "TCP6"):
        raise BadHeader("expected TCP4 or TCP6, two addresses, two ports")
    try:
        address = ipaddress.ip_address(words[2])
        port = int(words[4])
    except ValueError:
        raise BadHeader("that is no address and port") from None
    if address.version != int(words[1][3]) or not 0 <= port <= 65_535:
        raise BadHeader("that is no address and port")
    return _origin(address, port), behind


def _read_block(octets: bytes) -> tuple[Origin, bytes] | None:
    if len(octets) < _FIXED.size:
        return None
    _, command, family, length = _FIXED.unpack_from(octets)
    if command not in (_LOCAL, _PROXY) or length > _LONGEST_BLOCK:
        raise BadHeader("not version 2, an unknown command, or too long")
    end = _FIXED.size + length
    if len(octets) < end:
        return None
    layout = _ADDRESSES.get(family)
    if command == _LOCAL or layout is None:
        return NOBODY, octets[end:]
    if length < layout.size:
        raise BadHeader("the addresses are cut short")
    source, _, port, _ = layout.unpack_from(octets, _FIXED.size)
    return _origin(ipaddress.ip_address(source), port), octets[end:]


def _origin(address: ipaddress.IPv4Address | ipaddress.IPv6Address, port: int) -> Origin:
    """An IPv4 address as such, also where the balancer listens on an IPv6 socket for both."""
    return Origin(str(getattr(address, "ipv4_mapped", None) or address), port)
