"""What WebDAV transcripts play on: Ann's and Bob's files, in which Ann has `a.txt` and `folder/b.txt`.

Requests are as they stand on the wire. Of answers the fields that every one of them bears are left out (Date, and those
that guard a browser: see the transcripts of http), XML stands an element a line, a body ends its line, and tokens of
locks are urn:uuid:1 and so on, in requests too. `# with:` takes `quota=OCTETS` and settings of WebDavSettings.
"""

from __future__ import annotations

import re

from posthouse.webdav.http.answer import GUARDS
from tests.transcripts.http.stage import Silent
from tests.transcripts.runner import MemoryTransport, Stage
from tests.unit.webdav.davhouse import DavHouse

_EVERYWHERE = {b"date", *[name for name, _ in GUARDS]}
_CHUNK = re.compile(rb"[0-9a-f]+\r\n(.*)\r\n", re.DOTALL)
_TOKEN = re.compile(rb"urn:uuid:[0-9a-f]{8}-[0-9a-f-]{27}")


class Tokens:
    """Tokens of locks by short names: every run has others."""

    def __init__(self) -> None:
        self._names: dict[bytes, bytes] = {}

    def shown(self, octets: bytes) -> bytes:
        """With their names."""
        return _TOKEN.sub(
            lambda found: self._names.setdefault(found[0], b"urn:uuid:%d" % (len(self._names) + 1)), octets
        )

    def meant(self, octets: bytes) -> bytes:
        """With the tokens."""
        for token, name in self._names.items():
            octets = octets.replace(name, token)
        return octets


def shown(octets: bytes) -> bytes:
    """What is written of an answer, as it stands in a transcript."""
    lines = []
    if octets.startswith(b"HTTP/1.1 "):
        head, _, octets = octets.partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if line.partition(b":")[0].lower() not in _EVERYWHERE]
        lines.append(b"")
    chunk = _CHUNK.fullmatch(octets)
    body = octets if chunk is None else chunk[1]
    if body.strip():
        lines += body.rstrip(b"\r\n").replace(b"><", b">\n<").split(b"\n")
    return b"\r\n".join([*lines, b""]) if lines else b""


async def set_stage(options: dict[str, str]) -> Stage:
    """New files for one transcript."""
    settings = {name: int(value) for name, value in options.items() if name != "quota"}
    house = await DavHouse(**settings).open(int(options["quota"]) if "quota" in options else None)
    await house.ask("PUT", "/a.txt", "hello")
    await house.ask("MKCOL", "/folder/")
    await house.ask("PUT", "/folder/b.txt", "bee")
    tokens = Tokens()

    def connect(transport: MemoryTransport) -> None:
        channel = house.site.buildProtocol(None)
        channel.session = Silent()
        write, read = transport.write, channel.dataReceived
        transport.write = lambda octets: write(tokens.shown(shown(octets)))  # type: ignore[method-assign]  # as shown
        channel.dataReceived = lambda octets: read(tokens.meant(octets))
        transport.begin(channel)

    return Stage(connect)
