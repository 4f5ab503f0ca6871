"""A resolver on loopback that knows what a test tells it, and lies, loops or is silent where it is told to."""

from __future__ import annotations

import asyncio
import struct
from typing import Any, cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

SOA = "ns.invalid. root.invalid. 1 3600 600 86400 60"
TTL = 300
CHAIN = 20  # aliases that are followed

# What a name may do instead of answering
SILENT = "silent"
NONSENSE = "nonsense"  # octets that are no message
WRONG_QUESTION = "wrong question"  # an answer to another question
WRONG_ID = "wrong id"
CUT = "cut"  # truncated over UDP, and over TCP too
HANG_UP = "hang up"  # truncated over UDP, and TCP is closed without an answer
NO_ANSWERS = frozenset({SILENT, NONSENSE, WRONG_QUESTION, WRONG_ID, CUT, HANG_UP})  # one waits for another in vain


class DnsServer:
    """`async with DnsServer("example.org. MX 10 mail.example.org.") as server:`; a record a line.

    Everything at or below a name in `secure` is said to be validated. `odd` names what a name does instead of
    answering: one of the words above, or an RCODE such as "SERVFAIL". `asked` is what was asked: name, type,
    transport.
    """

    def __init__(self, zone: str = "", *, secure: tuple[str, ...] = (), odd: dict[str, str] | None = None) -> None:
        self.zone: dict[dns.name.Name, dict[str, list[str]]] = {}
        self.secure = [dns.name.from_text(name) for name in secure]
        self.odd = odd or {}
        self.asked: list[tuple[str, str, str]] = []
        self.port = 0
        self.add(zone)

    def add(self, zone: str) -> None:
        """Know more records, "NAME TYPE VALUE" a line."""
        for line in zone.splitlines():
            if line.strip():
                name, kind, value = line.split(None, 2)
                self.zone.setdefault(dns.name.from_text(name), {}).setdefault(kind, []).append(value)

    def remove(self, name: str, kind: str) -> None:
        """Know them no more."""
        del self.zone[dns.name.from_text(name)][kind]

    @property
    def address(self) -> str:
        """As the setting `routing.dns_servers` has it."""
        return f"127.0.0.1:{self.port}"

    def count(self, name: str, kind: str) -> int:
        """How often it was asked."""
        return sum(each[:2] == (name, kind) for each in self.asked)

    async def __aenter__(self) -> DnsServer:
        loop = asyncio.get_running_loop()
        while True:  # until a port is free for both
            self._tcp = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            self.port = self._tcp.sockets[0].getsockname()[1]
            try:
                self._udp, _ = await loop.create_datagram_endpoint(
                    lambda: _Datagrams(self), local_addr=("127.0.0.1", self.port)
                )
            except OSError:
                self._tcp.close()
            else:
                return self

    async def __aexit__(self, *_: object) -> None:
        self._udp.close()
        self._tcp.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            (size,) = struct.unpack("!H", await reader.readexactly(2))
            answer = self.answer(await reader.readexactly(size), "tcp")
            if answer is not None:
                writer.write(struct.pack("!H", len(answer)) + answer)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def answer(self, octets: bytes, transport: str) -> bytes | None:
        """What is sent back, None for nothing."""
        query = dns.message.from_wire(octets)
        question = query.question[0]
        name, kind = question.name, dns.rdatatype.to_text(question.rdtype)
        text = name.to_text(omit_final_dot=True).lower()
        self.asked.append((text, kind, transport))
        odd = self.odd.get(f"{text} {kind}", self.odd.get(text, ""))
        if odd == SILENT or (odd == HANG_UP and transport == "tcp"):
            return None
        if odd == NONSENSE:
            return b"\xff" * 7
        response = self._response(query, name, kind)
        if odd in (CUT, HANG_UP):
            response.answer, response.authority = [], []
            response.flags |= dns.flags.TC
        elif odd == WRONG_QUESTION:
            response.question = [dns.rrset.from_text("other.invalid.", 1, "IN", kind)]
        elif odd == WRONG_ID:
            response.id ^= 1
        elif odd:
            response.answer = []
            response.set_rcode(dns.rcode.from_text(odd))
        try:
            return response.to_wire(max_size=65_535 if transport == "tcp" else max(query.payload, 512))
        except dns.exception.TooBig:
            response.answer, response.authority = [], []
            response.flags |= dns.flags.TC
            return response.to_wire()

    def _response(self, query: dns.message.Message, name: dns.name.Name, kind: str) -> dns.message.Message:
        response = dns.message.make_response(query, recursion_available=True)
        is_secure = True
        for _ in range(CHAIN):
            is_secure = is_secure and any(name.is_subdomain(zone) for zone in self.secure)
            records = self.zone.get(name, {})
            if kind in records:
                response.answer.append(dns.rrset.from_text_list(name, TTL, "IN", kind, records[kind]))
                break
            if "CNAME" not in records:
                if not any(known.is_subdomain(name) for known in self.zone):
                    response.set_rcode(dns.rcode.NXDOMAIN)
                response.authority.append(dns.rrset.from_text(dns.name.root, 60, "IN", "SOA", SOA))
                break
            response.answer.append(dns.rrset.from_text(name, TTL, "IN", "CNAME", records["CNAME"][0]))
            name = dns.name.from_text(records["CNAME"][0])
        if is_secure and query.ednsflags & dns.flags.DO:
            response.flags |= dns.flags.AD
        return response


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: DnsServer) -> None:
        self._server = server

    def connection_made(self, transport: Any) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        answer = self._server.answer(data, "udp")
        if answer is not None:
            self._transport.sendto(answer, addr)
