"""Office documents as PDF files, made by LibreOffice where it is there: one process a document, in a folder of its own.

The document comes from anywhere. The program has bounds of memory and time, a profile that runs no macros and follows
no links, no environment of ours, and a way to the network that leads nowhere; all that it started ends with it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from posthouse.core.files.thumbnails import ThumbnailSettings

_PATIENCE = 3  # its seconds are those of its own work: on the clock they may take longer
_NOWHERE = "http://127.0.0.1:9"  # the port that drops all: what honours proxies reaches nobody
_PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="MacroSecurityLevel" oor:op="fuse">
<value>3</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution" oor:op="fuse">
<value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting">
<prop oor:name="BlockUntrustedRefererLinks" oor:op="fuse"><value>true</value></prop></item>
</oor:items>
"""


class OfficeProgram:
    """Runs it; `directory` is where its folders are, each for as long as it runs."""

    def __init__(self, directory: Path, settings: ThumbnailSettings) -> None:
        self._directory = directory
        self._settings = settings
        self._program = shutil.which(settings.office) if settings.office else None

    @property
    def is_there(self) -> bool:
        """Whether there is such a program on this machine."""
        return self._program is not None

    async def pdf(self, pieces: AsyncIterator[bytes], ending: str) -> bytes:
        """The PDF file of a document whose name would end so; b"" when none could be made."""
        folder = await asyncio.to_thread(self._new_folder)
        try:
            document = folder / f"document.{ending}"
            with document.open("wb") as file:
                async for piece in pieces:
                    await asyncio.to_thread(file.write, piece)
            await self._run(folder, document)
            return await asyncio.to_thread(self._made, folder / "made" / "document.pdf")
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _run(self, folder: Path, document: Path) -> None:
        limits = self._settings
        numbers = (limits.office_mebibytes, limits.office_seconds, max(1, limits.document_octets >> 20))
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-m", "posthouse.formats.pictures.confined", *map(str, numbers), self._program or ""),
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            *("--headless", "--norestore", "--nologo", "--nodefault", "--nolockcheck"),
            *("--convert-to", "pdf", "--outdir", str(folder / "made"), str(document)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            cwd=folder,
            env={
                "HOME": str(folder),
                "TMPDIR": str(folder),
                "PATH": "/usr/bin:/bin",
                "http_proxy": _NOWHERE,
                "https_proxy": _NOWHERE,
            },
            start_new_session=True,
        )
        try:
            async with asyncio.timeout(_PATIENCE * limits.office_seconds):
                await process.wait()
        except TimeoutError:
            pass
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()

    def _new_folder(self) -> Path:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="office-", dir=self._directory))
        (folder / "made").mkdir()
        (folder / "profile" / "user").mkdir(parents=True)
        (folder / "profile" / "user" / "registrymodifications.xcu").write_text(_PROFILE)
        return folder

    def _made(self, path: Path) -> bytes:
        try:
            return path.read_bytes() if path.stat().st_size <= self._settings.document_octets else b""
        except OSError:
            return b""
