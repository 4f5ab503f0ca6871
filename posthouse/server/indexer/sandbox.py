"""Attached files are read in processes of their own: a file may cost one of them its life, and nothing else.

A small process, born when the first file is to be read (the supervisor waits for that, `births`), forks a child for
each file, with little time and memory, and hands its text back. It knows nothing, opens nothing, and ends with the
indexer.
"""

from __future__ import annotations

import asyncio
import os
import resource
import select
import signal
import socket
import struct
import time
from pathlib import Path
from typing import NoReturn

import msgspec
import structlog

from posthouse.core.search.reading import AttachmentsGone
from posthouse.core.search.settings import SearchSettings
from posthouse.formats.documents.kinds import Kind, Unreadable
from posthouse.formats.documents.reading import document_text
from posthouse.server.briefing import IndexerBriefing, decode_briefing
from posthouse.server.logs import start_logging

log = structlog.get_logger()

NICENESS = 15  # an index that is late costs searches time; sessions that are held up cost everybody's
_LENGTH = struct.Struct("<I")
_PATIENCE = 6  # a child is polite: its seconds are those of its own work, on the clock they may take longer


class Request(msgspec.Struct, array_like=True, frozen=True):
    """One file to read."""

    kind: Kind
    octets: bytes


class Sandbox:
    """The indexer's end; reads one file at a time."""

    def __init__(self, ours: socket.socket) -> None:
        ours.setblocking(False)
        self._socket = ours
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def text(self, kind: Kind, octets: bytes) -> str:
        """The text of a file, empty when it cannot be read; raises AttachmentsGone."""
        try:
            if self._streams is None:
                self._streams = await asyncio.open_unix_connection(sock=self._socket)
            reader, writer = self._streams
            body = msgspec.msgpack.encode(Request(kind, octets))
            writer.write(_LENGTH.pack(len(body)))
            writer.write(body)
            await writer.drain()
            (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
            return (await reader.readexactly(length)).decode("utf-8", "replace")
        except (OSError, asyncio.IncompleteReadError) as error:
            raise AttachmentsGone(str(error)) from error


def run_documents(briefing: bytes, descriptors: list[int]) -> None:
    """Read what is asked for on the descriptor, a stream socket, until the indexer is gone."""
    configuration = decode_briefing(IndexerBriefing, briefing).configuration
    start_logging(configuration.log, "documents")
    os.nice(NICENESS)
    serve_documents(socket.socket(fileno=descriptors[0]), configuration.search)


def serve_documents(line: socket.socket, settings: SearchSettings) -> None:
    """The text of each file that a Sandbox at the other end asks for; this process must have no threads."""
    line.setblocking(True)
    asked = line.makefile("rb")
    while len(head := asked.read(_LENGTH.size)) == _LENGTH.size:
        request = msgspec.msgpack.decode(asked.read(*_LENGTH.unpack(head)), type=Request)
        text = _read_apart(request, settings)
        line.sendall(_LENGTH.pack(len(text)) + text)


def _read_apart(request: Request, settings: SearchSettings) -> bytes:
    """The text of a file as UTF-8, empty when its reader died or took too long."""
    answer, told = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(answer)
            _limit(settings)
            _tell(told, request, settings.attachment_characters)
        finally:
            os._exit(1)
    os.close(told)
    most = 4 * settings.attachment_characters
    text = _gather(answer, most, time.monotonic() + _PATIENCE * settings.attachment_seconds)
    os.kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    os.close(answer)
    if text is None or (status and not text):
        log.info("an attached file could not be read", kind=request.kind, octets=len(request.octets), status=status)
    return text or b""


def _limit(settings: SearchSettings) -> None:
    # beyond what is mapped already, in a program that may have mapped a store of any size
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    octets = mapped + (settings.attachment_mebibytes << 20)
    for what, limit in (
        (resource.RLIMIT_AS, octets),
        (resource.RLIMIT_CPU, settings.attachment_seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(what, (limit, limit))


def _tell(told: int, request: Request, characters: int) -> NoReturn:
    try:
        text = document_text(request.kind, request.octets, characters)[:characters].encode("utf-8", "replace")
    except (Unreadable, MemoryError, RecursionError):
        os._exit(2)
    while text:
        text = text[os.write(told, text) :]
    os._exit(0)


def _gather(answer: int, most: int, until: float) -> bytes | None:
    """What a child says until it ends; None when that takes too long."""
    said = bytearray()
    waiting = select.poll()
    waiting.register(answer, select.POLLIN)
    while (left := until - time.monotonic()) > 0:
        if waiting.poll(left * 1000):
            piece = os.read(answer, 65_536)
            if not piece or len(said) > most:
                return bytes(said)
            said += piece
    return None
