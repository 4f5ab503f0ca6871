"""LibreOffice: small pictures of office documents, and what a document that comes from anywhere gets by it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image
from pypdfium2 import PdfDocument

from posthouse.core.files.thumbnails import ThumbnailSettings
from posthouse.formats.pictures.drawing import small_picture
from posthouse.server.worker.office import OfficeProgram
from posthouse.server.worker.thumbnails import ProcessThumbnails
from posthouse.storage.blobs.memory import MemoryBlobs
from posthouse.storage.memory import MemoryStore
from tests.clients.office import document, with_linked_picture
from tests.unit.core.filehouse import put, with_account

TYPES = {
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "odg": "application/vnd.oasis.opendocument.graphics",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}


async def once(octets: bytes) -> AsyncIterator[bytes]:
    yield octets


async def converted(folder: Path, octets: bytes, ending: str, **settings: int) -> bytes:
    """The PDF file that it makes of a document; no folder of its stays."""
    made = await OfficeProgram(folder / "office", ThumbnailSettings(**settings)).pdf(once(octets), ending)
    assert list((folder / "office").iterdir()) == []
    return made


def text_in(pdf: bytes) -> str:
    """The text of the first page."""
    return str(PdfDocument(pdf)[0].get_textpage().get_text_bounded())


@pytest.mark.parametrize("ending", TYPES)
async def test_documents_of_all_kinds_become_pages(tmp_path: Path, ending: str) -> None:
    assert "A garden plan" in text_in(await converted(tmp_path, document(ending, "A garden plan"), ending))


async def test_older_documents_become_pages(tmp_path: Path) -> None:
    assert "A garden plan" in text_in(await converted(tmp_path, rb"{\rtf1\ansi A garden plan}", "rtf"))


async def test_a_small_picture(tmp_path: Path) -> None:
    store, blobs = MemoryStore(), MemoryBlobs()
    await with_account(store)
    entry = await put(store, "letter.docx", document("docx", "A garden plan"))
    pictures = ProcessThumbnails(tmp_path, store, blobs, ThumbnailSettings())
    made = await pictures.picture(entry.hash, entry.size, TYPES["docx"], 256)
    assert made is not None
    image = Image.open(io.BytesIO(made))
    assert max(image.size) == 256
    assert min(image.convert("L").tobytes()) < 128 < max(image.convert("L").tobytes())  # writing on paper


DAMAGED = [b"", b"no document", document("odt", "A garden plan")[:-100], b"\xd0\xcf\x11\xe0" * 99]


@pytest.mark.parametrize("octets", DAMAGED)
async def test_damaged_documents(tmp_path: Path, octets: bytes) -> None:
    made = await converted(tmp_path, octets, "odt")
    assert not made or "garden" not in text_in(made)


async def test_too_little_memory(tmp_path: Path) -> None:
    assert await converted(tmp_path, document("odt", "A garden plan"), "odt", office_mebibytes=64) == b""


def red_picture() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (300, 300), (255, 0, 0)).save(made, "PNG")
    return made.getvalue()


def is_red(pdf: bytes) -> bool:
    """Whether a red picture is on the first page."""
    page = Image.open(io.BytesIO(small_picture("pdf", pdf, 256, 1_000_000))).convert("RGB")
    return any(red > 200 and green < 50 > blue for _, (red, green, blue) in page.getcolors(1 << 16) or [])


@pytest.mark.parametrize("ending", ["odt", "docx"])
async def test_pictures_beside_the_document_are_not_looked_for(tmp_path: Path, ending: str) -> None:
    asked: list[bytes] = []
    red = red_picture()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readline())
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(red) + red)
        writer.close()

    (tmp_path / "red.png").write_bytes(red)
    network = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = network.sockets[0].getsockname()[1]
    for where in (f"http://127.0.0.1:{port}/red.png", (tmp_path / "red.png").as_uri(), "../../../red.png"):
        made = await converted(tmp_path, with_linked_picture(ending, "A garden plan", where), ending)
        assert "A garden plan" in text_in(made)
        assert not is_red(made)
    assert asked == []
    network.close()
    await network.wait_closed()
