"""Thumbnails: each made once by a process of its own, and kept as a file that can be made again at any time."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import structlog

from posthouse.core.files.revisions import contents_place
from posthouse.core.files.thumbnails import ThumbnailSettings
from posthouse.formats.pictures.kinds import Kind, kind_of, office_ending
from posthouse.server.worker.office import OfficeProgram
from posthouse.storage.blobs.contract import Blobs
from posthouse.storage.contract import Store, StoreUnavailable

log = structlog.get_logger()

_DAY = 86_400
_MOST_OCTETS = 8 << 20  # of a picture: none is so large
_PATIENCE = 3  # its seconds are those of its own work: on the clock they may take longer


class ProcessThumbnails:
    """Makes and keeps them; what has no picture is remembered by an empty file."""

    def __init__(self, directory: Path, store: Store, blobs: Blobs, settings: ThumbnailSettings) -> None:
        self._directory = directory
        self._store = store
        self._blobs = blobs
        self._settings = settings
        self._office = OfficeProgram(directory, settings)
        self._turn = asyncio.Semaphore(settings.at_once)
        self._under_way: dict[str, asyncio.Task[bytes]] = {}
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="thumbnails")
        self._tidied = 0.0

    def knows(self, media_type: str) -> bool:
        """Whether contents of that type may have a picture."""
        kind = kind_of(media_type)
        return self._settings.enabled and kind is not None and (kind != "office" or self._office.is_there)

    async def picture(self, hash_: bytes, size: int, media_type: str, side: int) -> bytes | None:
        """A picture, None for what has none; raises StoreUnavailable when too many wait."""
        kind = kind_of(media_type)
        if kind is None or not self.knows(media_type) or not 0 < size <= self._settings.document_octets:
            return None
        # the kind is in its name: the same octets can be of another kind, and have no picture as that
        ending = office_ending(media_type) if kind == "office" else ""
        name = f"{hash_.hex()[:2]}/{hash_.hex()}-{ending or kind}-{side}.webp"
        loop = asyncio.get_running_loop()
        kept = await loop.run_in_executor(self._executor, self._read, name)
        if kept is None:
            if name not in self._under_way and len(self._under_way) >= self._settings.waiting:
                raise StoreUnavailable("too many pictures are waited for")
            making = self._under_way.get(name) or loop.create_task(self._make(name, hash_, kind, ending, side))
            self._under_way[name] = making
            making.add_done_callback(lambda _: self._under_way.pop(name, None))
            kept = await asyncio.shield(making)
        return kept or None

    async def _make(self, name: str, hash_: bytes, kind: Kind, ending: str, side: int) -> bytes:
        async with self._turn:
            place = await self._store.read(contents_place, hash_)
            made = b"" if place is None else await self._drawn(self._blobs.chunks(place), kind, ending, side)
        if not made:
            log.info("a document has no picture", contents=hash_.hex(), kind=ending or kind)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._executor, self._keep, name, made)
        return made

    async def _drawn(self, pieces: AsyncIterator[bytes], kind: Kind, ending: str, side: int) -> bytes:
        if kind != "office":
            return await self._draw(pieces, kind, side)
        pdf = await self._office.pdf(pieces, ending)
        return await self._draw(_at_once(pdf), "pdf", side) if pdf else b""

    async def _draw(self, pieces: AsyncIterator[bytes], kind: Kind, side: int) -> bytes:
        limits = self._settings
        numbers = (side, limits.pixels, limits.mebibytes, limits.seconds)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-m", "posthouse.formats.pictures", kind, *map(str, numbers)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={},
        )
        try:
            async with asyncio.timeout(_PATIENCE * limits.seconds):
                made, _ = await asyncio.gather(self._heard(process), self._tell(process, pieces))
                if await process.wait() == 0:
                    return made
        except TimeoutError:
            pass
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        return b""

    async def _tell(self, process: asyncio.subprocess.Process, pieces: AsyncIterator[bytes]) -> None:
        assert process.stdin is not None
        with suppress(ConnectionError):  # it has ended: its status says why
            async for piece in pieces:
                process.stdin.write(piece)
                await process.stdin.drain()
            process.stdin.close()

    async def _heard(self, process: asyncio.subprocess.Process) -> bytes:
        assert process.stdout is not None
        return await process.stdout.read(_MOST_OCTETS)

    def _read(self, name: str) -> bytes | None:
        path = self._directory / name
        try:
            octets = path.read_bytes()
            os.utime(path)  # it was asked for
        except OSError:
            return None
        return octets

    def _keep(self, name: str, octets: bytes) -> None:
        path = self._directory / name
        half = path.with_name(secrets.token_hex(8))
        with suppress(OSError):  # a full disk: it is made again when it is asked for
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                half.write_bytes(octets)
                half.rename(path)
            finally:
                half.unlink(missing_ok=True)
        if time.monotonic() - self._tidied > _DAY:
            self._tidied = time.monotonic()
            self._tidy()

    def _tidy(self) -> None:
        before = time.time() - self._settings.days * _DAY
        for path in self._directory.glob("*/*"):
            with suppress(OSError):
                if path.stat().st_mtime < before:
                    path.unlink()


async def _at_once(octets: bytes) -> AsyncIterator[bytes]:
    yield octets
