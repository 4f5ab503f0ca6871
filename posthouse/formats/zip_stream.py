"""A zip archive made as it goes out: stored octets with their lengths behind them, ZIP64 where needed (APPNOTE 4)."""

from __future__ import annotations

import time
import zipfile
from typing import BinaryIO, cast

_FIRST, _LAST = 315_532_800, 4_354_819_198  # what the form's times can tell: 1980 to 2107, in seconds


class _Sink:
    """What zipfile writes to: it cannot be sought in, so lengths stand behind contents."""

    def __init__(self) -> None:
        self.made = bytearray()

    def write(self, octets: bytes) -> int:
        self.made += octets
        return len(octets)

    def flush(self) -> None:
        """There is nothing behind it."""


class ZipStream:
    """One archive; what is made of it so far is taken by `take`."""

    def __init__(self) -> None:
        self._sink = _Sink()
        self._archive = zipfile.ZipFile(cast(BinaryIO, self._sink), "w", zipfile.ZIP_STORED, allowZip64=True)
        self._file: BinaryIO | None = None

    def folder(self, path: list[str], modified: int) -> None:
        """A folder; `modified` in ms since the epoch."""
        self._archive.writestr(_entry(path, modified, "/"), b"")

    def begin(self, path: list[str], modified: int) -> None:
        """A file, whose octets come next."""
        self._file = cast(BinaryIO, self._archive.open(_entry(path, modified, ""), "w", force_zip64=True))

    def write(self, octets: bytes) -> None:
        """Some of them."""
        assert self._file is not None
        self._file.write(octets)

    def end(self) -> None:
        """The file is whole."""
        assert self._file is not None
        self._file.close()

    def finish(self) -> None:
        """All files are there: the list of them follows."""
        self._archive.close()

    def take(self) -> bytes:
        """What is there to send."""
        made = bytes(self._sink.made)
        self._sink.made.clear()
        return made


def _entry(path: list[str], modified: int, end: str) -> zipfile.ZipInfo:
    # a backslash divides names where Windows unpacks
    name = "/".join([step.replace("\\", "_") for step in path]) + end
    when = time.gmtime(min(max(modified // 1000, _FIRST), _LAST))[:6]
    return zipfile.ZipInfo(name, when)
