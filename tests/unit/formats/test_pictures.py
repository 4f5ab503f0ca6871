"""Small pictures: of what they are made, how large they are, and what hostile files make of them."""

from __future__ import annotations

import asyncio
import io
import random
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from posthouse.core.files.revisions import contents_place
from posthouse.core.files.thumbnails import ThumbnailSettings, side_of
from posthouse.formats.pictures.drawing import TooManyPixels, small_picture
from posthouse.formats.pictures.kinds import kind_of
from posthouse.server.worker.thumbnails import ProcessThumbnails
from posthouse.storage.blobs.memory import MemoryBlobs
from posthouse.storage.memory import MemoryStore
from tests.unit.core.filehouse import put, with_account

PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]>>endobj\ntrailer<</Root 1 0 R>>\n"
)


def drawn(form: str, size: tuple[int, int] = (400, 200), mode: str = "RGB", **saving: Any) -> bytes:
    made = io.BytesIO()
    Image.new(mode, size, 1 if mode == "P" else None).save(made, form, **saving)
    return made.getvalue()


def size_of(octets: bytes) -> tuple[int, int]:
    image = Image.open(io.BytesIO(octets))
    assert image.format == "WEBP"
    return image.size


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
def test_forms(form: str) -> None:
    assert size_of(small_picture("picture", drawn(form), 64, 100_000)) == (64, 32)


def test_modes_and_turned_pictures() -> None:
    for mode in ("L", "LA", "P", "RGBA", "1"):
        assert size_of(small_picture("picture", drawn("PNG", mode=mode), 64, 100_000)) == (64, 32)
    exif = Image.Exif()
    exif[0x0112] = 6  # it was taken with the camera on its side
    exif[0x010E] = "a secret place"
    made = small_picture("picture", drawn("JPEG", exif=exif), 64, 100_000)
    assert size_of(made) == (32, 64)
    assert b"secret" not in made


def test_the_first_page_of_a_pdf_file() -> None:
    assert size_of(small_picture("pdf", PDF, 64, 100_000)) == (64, 32)


def test_too_many_pixels_are_not_decoded() -> None:
    with pytest.raises(TooManyPixels):
        small_picture("picture", drawn("PNG", (400, 251)), 64, 100_000)


def bomb() -> bytes:
    """A PNG file that says it is small, of a few hundred megabytes of zeros."""
    small = bytearray(drawn("PNG", (10, 10)))
    at = small.index(b"IDAT")
    packer = zlib.compressobj(9)
    data = b"".join([packer.compress(bytes(1 << 20)) for _ in range(300)]) + packer.flush()
    return bytes(small[: at - 4]) + len(data).to_bytes(4, "big") + b"IDAT" + data + bytes(4)


def test_hostile_files_cost_a_process_at_most() -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    hostile = [b"", b"\x89PNG", PDF[:60], b"%PDF-1.4", bomb(), drawn("PNG")[:-20], b"GIF89a" + b"\xff" * 100]
    for form in ("JPEG", "GIF", "TIFF"):
        spoilt = bytearray(drawn(form))
        for _ in range(20):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        hostile.append(bytes(spoilt))
    for octets in hostile:
        kind = "pdf" if octets.startswith(b"%PDF") else "picture"
        command = [sys.executable, "-I", "-m", "posthouse.formats.pictures", kind, "64", "1000000", "256", "10"]
        done = subprocess.run(command, input=octets, capture_output=True, check=False, timeout=60, env={})
        assert done.returncode in (0, 2, -6, -9, -11, -24), (octets[:20], done.stderr)
        assert bool(done.stdout) == (done.returncode == 0)


def files_in(folder: Path) -> list[Path]:
    return list(folder.glob("*/*"))


async def test_they_are_made_once_and_kept(tmp_path: Path) -> None:
    store, blobs = MemoryStore(), MemoryBlobs()
    await with_account(store)
    entry = await put(store, "photo", drawn("PNG"))
    assert await store.read(contents_place, entry.hash) is not None
    pictures = ProcessThumbnails(tmp_path, store, blobs, ThumbnailSettings())
    made = await pictures.picture(entry.hash, entry.size, "image/png", 64)
    assert made is not None
    assert size_of(made) == (64, 32)
    (kept,) = files_in(tmp_path)
    kept.write_bytes(b"kept")
    assert await pictures.picture(entry.hash, entry.size, "image/png; x=y", 64) == b"kept"
    assert await pictures.picture(entry.hash, entry.size, "text/plain", 64) is None
    assert await pictures.picture(entry.hash, 1 << 30, "image/png", 64) is None
    # what has none is not tried again and again
    assert await pictures.picture(entry.hash, entry.size, "application/pdf", 64) is None
    assert sorted(path.read_bytes() for path in files_in(tmp_path)) == [b"", b"kept"]
    off = ProcessThumbnails(tmp_path, store, blobs, ThumbnailSettings(enabled=False))
    assert await off.picture(entry.hash, entry.size, "image/png", 64) is None


OFFICE = "application/vnd.oasis.opendocument.text"


def stand_in(folder: Path, does: str) -> str:
    """A program in LibreOffice's place, to do what that does not: it is called in the same way."""
    program = folder / "soffice"
    program.write_text(f"#!{sys.executable} -I\nimport os, sys, time\nfrom pathlib import Path\n{does}\n")
    program.chmod(0o755)
    return str(program)


CONVERTS = f"""
into = Path(sys.argv[sys.argv.index("--outdir") + 1])
source = Path(sys.argv[-1])
assert sys.argv[sys.argv.index("--convert-to") + 1] == "pdf" and source.name == "document.odt"
assert source.read_bytes() == b"an office document"
profile = sys.argv[1].removeprefix("-env:UserInstallation=file://")
assert "DisableMacrosExecution" in (Path(profile) / "user" / "registrymodifications.xcu").read_text()
assert "POSTHOUSE_CONFIG" not in os.environ and os.environ["HOME"] == os.getcwd()
(into / "document.pdf").write_bytes({PDF!r})
"""


async def pictured(folder: Path, program: str, **settings: int) -> bytes | None:
    store, blobs = MemoryStore(), MemoryBlobs()
    await with_account(store)
    entry = await put(store, "letter", "an office document")
    pictures = ProcessThumbnails(folder / "kept", store, blobs, ThumbnailSettings(office=program, **settings))
    assert pictures.knows("image/png")
    assert pictures.knows(OFFICE) == bool(program)
    made = await pictures.picture(entry.hash, entry.size, OFFICE, 64)
    assert not list((folder / "kept").glob("office-*"))
    return made


async def test_office_documents_by_a_program_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTHOUSE_CONFIG", "x")
    made = await pictured(tmp_path, stand_in(tmp_path, CONVERTS))
    assert made is not None
    assert size_of(made) == (64, 32)


@pytest.mark.parametrize(
    "does",
    [
        "sys.exit(1)",
        "bytearray(8 << 30)",
        "Path('x').write_bytes(bytes(100 << 20))",
        "(Path(sys.argv[sys.argv.index('--outdir') + 1]) / 'document.pdf').write_bytes(b'no PDF file')",
        "while True: pass",
    ],
)
async def test_a_program_that_makes_none(tmp_path: Path, does: str) -> None:
    assert await pictured(tmp_path, stand_in(tmp_path, does), office_seconds=1, office_mebibytes=512) is None


async def test_what_it_started_ends_with_it(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    does = f"child = os.fork()\nif child: Path({str(pid)!r}).write_text(str(child))\nelse: time.sleep(600)"
    assert await pictured(tmp_path, stand_in(tmp_path, does)) is None
    child = _number(pid)
    async with asyncio.timeout(30):
        while _state(child) != "Z":  # noqa: ASYNC110 - nobody tells of its end
            await asyncio.sleep(0)


def _number(file: Path) -> int:
    return int(file.read_text())


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return "Z"


async def test_without_a_program_they_have_no_pictures(tmp_path: Path) -> None:
    assert await pictured(tmp_path, "") is None


def test_kinds_and_sizes() -> None:
    kinds = [kind_of(each) for each in ("Image/JPEG; q=1", "application/pdf", "image/svg+xml", OFFICE)]
    assert kinds == ["picture", "pdf", None, "office"]
    assert [side_of(text) for text in ("", "1", "64", "65", "9999", "99999999", "x")] == [
        256, 64, 64, 256, 1024, 256, 256,
    ]  # fmt: skip
