"""Attached files are read apart: what one does to its reader is nobody else's trouble."""

from __future__ import annotations

import mmap
import os
import signal
import socket
import time
from pathlib import Path

import pytest

from posthouse.core.search.reading import AttachmentsGone
from posthouse.core.search.settings import SearchSettings
from posthouse.formats.documents.kinds import Kind
from posthouse.server.indexer import sandbox
from posthouse.server.indexer.sandbox import Sandbox, serve_documents
from tests.unit.documents.samples import docx, pdf


def misbehave(kind: Kind, octets: bytes, characters: int) -> str:
    """Do what the file says."""
    match octets:
        case b"crash":
            os.kill(os.getpid(), signal.SIGKILL)
        case b"hang":
            time.sleep(1000)
        case b"spin":
            while True:
                pass
        case b"grow":
            return "x" * (4 << 30)
        case b"flood":
            return "x" * 1_000_000
        case b"fork":
            os.fork()
            return "forked"
    return "read"


def fork_sandbox(settings: SearchSettings) -> Sandbox:
    """A process of its own that has what this one has, as in a server it has what the nursery has."""
    ours, theirs = socket.socketpair()
    if os.fork() == 0:
        try:
            ours.close()
            serve_documents(theirs, settings)
        finally:
            os._exit(0)
    theirs.close()
    return Sandbox(ours)


@pytest.fixture
def wild(monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    monkeypatch.setattr(sandbox, "document_text", misbehave)
    monkeypatch.setattr(sandbox, "_PATIENCE", 1.5)
    return fork_sandbox(SearchSettings(attachment_seconds=1, attachment_characters=1000))


async def test_real_files_are_read() -> None:
    apart = fork_sandbox(SearchSettings())
    assert (await apart.text(Kind.WORD, docx("Quarterly"))).strip() == "Quarterly"
    assert (await apart.text(Kind.PDF, pdf("Quarterly"))).strip() == "Quarterly"
    assert await apart.text(Kind.PDF, b"no PDF") == ""


async def test_what_the_program_has_mapped_is_not_the_files(tmp_path: Path) -> None:
    with (tmp_path / "map").open("w+b") as file:
        file.truncate(1 << 36)  # as a store is mapped, however little of it there is
        with mmap.mmap(file.fileno(), 1 << 36, prot=mmap.PROT_READ):
            apart = fork_sandbox(SearchSettings())
            assert (await apart.text(Kind.PDF, pdf("Quarterly"))).strip() == "Quarterly"


@pytest.mark.parametrize("behaviour", [b"crash", b"hang", b"spin", b"grow"])
async def test_a_reader_that_goes_wrong_says_nothing(wild: Sandbox, behaviour: bytes) -> None:
    assert await wild.text(Kind.PDF, behaviour) == ""
    assert await wild.text(Kind.PDF, b"") == "read"


async def test_no_more_is_said_than_was_asked_for(wild: Sandbox) -> None:
    assert await wild.text(Kind.PDF, b"flood") == "x" * 1000


async def test_a_sandbox_that_is_gone_is_told(wild: Sandbox) -> None:
    wild._socket.shutdown(2)
    with pytest.raises(AttachmentsGone):
        await wild.text(Kind.PDF, b"")
