"""What WebDAV transcripts play on: Ann's and Bob's files, in which Ann has `a.txt` and `folder/b.txt`.

Requests are as they stand on the wire. Of answers the fields that every one of them bears are left out (Date, and those
that guard a browser: see the transcripts of http), XML stands an element a line, a body ends its line, and tokens of
locks are urn:uuid:1 and so on, in requests too; so are ETags of a mapped directory, "etag-1" and so on. `# with:` takes
`quota=OCTETS`, `grants=NUMBER` of SharingSettings and settings of WebDavSettings; with `directory=NUMBER` Ann may do
all, and Bob read, in the mapped directory `plans`, in which are a.txt, sub/b.txt, a link and a hidden file, and whose
folders can be listed up to so many names, and copied up to `copied=NUMBER` files and folders.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import weakref
from pathlib import Path

from posthouse.core.directories.mapping import map_directory, share_directory
from posthouse.core.directories.settings import DirectorySettings
from posthouse.core.sharing.rights import PRESETS
from posthouse.core.sharing.settings import SharingSettings
from posthouse.webdav.http.answer import GUARDS
from tests.transcripts.http.stage import Silent
from tests.transcripts.runner import MemoryTransport, Stage
from tests.unit.webdav.davhouse import NOW, DavHouse

_EVERYWHERE = {b"date", *[name for name, _ in GUARDS]}
_CHUNK = re.compile(rb"[0-9a-f]+\r\n(.*)\r\n", re.DOTALL)
_TOKENS = (
    (re.compile(rb"urn:uuid:[0-9a-f]{8}-[0-9a-f-]{27}"), b"urn:uuid:%d"),
    (re.compile(rb"(?<=\")[0-9a-f]+-[0-9a-f]+-[0-9a-f]+(?=\")"), b"etag-%d"),
)
_SETTINGS = ("quota", "grants", "directory", "copied")


class Tokens:
    """Tokens of locks and ETags of mapped files by short names: every run has others."""

    def __init__(self) -> None:
        self._names: dict[bytes, bytes] = {}

    def shown(self, octets: bytes) -> bytes:
        """With their names."""
        for pattern, name in _TOKENS:
            for token in pattern.findall(octets):
                number = sum(held.startswith(name[:4]) for held in self._names.values()) + 1
                octets = octets.replace(token, self._names.setdefault(token, name % number))
        return octets

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
    settings = {name: int(value) for name, value in options.items() if name not in _SETTINGS}
    house = DavHouse(**settings)
    if "grants" in options:
        house.sharing = SharingSettings(grants=int(options["grants"]))
    await house.open(int(options["quota"]) if "quota" in options else None)
    if "directory" in options:
        copied = int(options.get("copied", DirectorySettings().copied))
        house.directories = DirectorySettings(members=int(options["directory"]), copied=copied)
        await _map_directory(house)
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


async def _map_directory(house: DavHouse) -> None:
    disk = Path(tempfile.mkdtemp())
    weakref.finalize(house, shutil.rmtree, disk)
    (disk / "sub").mkdir()
    (disk / "a.txt").write_text("hello")
    (disk / "sub" / "b.txt").write_text("bee")
    (disk / ".hidden").write_text("x")
    (disk / "link").symlink_to("/etc/passwd")
    for path in (disk / "a.txt", disk / "sub" / "b.txt", disk / "sub", disk):
        os.utime(path, (NOW // 1000, NOW // 1000))
    await house.store.write(map_directory, "plans", str(disk), 10, NOW)
    for whom, rights in (("ann", "all"), ("bob", "read")):
        await house.store.write(
            share_directory, "plans", f"{whom}@example.org", int(PRESETS[rights]), SharingSettings()
        )
