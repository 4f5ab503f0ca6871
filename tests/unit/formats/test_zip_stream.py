"""Zip archives as they go out, read by Python's zipfile and by unzip's rules."""

from __future__ import annotations

import io
import zipfile

from posthouse.formats.zip_stream import ZipStream

WHEN = 1_790_000_000_000


def made(stream: ZipStream, *files: tuple[list[str], bytes]) -> bytes:
    octets = bytearray()
    for path, contents in files:
        stream.begin(path, WHEN)
        for at in range(0, len(contents), 1000):
            stream.write(contents[at : at + 1000])
            octets += stream.take()
        stream.end()
    stream.finish()
    return bytes(octets + stream.take())


def test_files_and_folders() -> None:
    stream = ZipStream()
    stream.folder(["top"], WHEN)
    octets = made(stream, (["top", "a.txt"], b"one"), (["top", "ä", "b"], bytes(5000)), (["top", "empty"], b""))
    archive = zipfile.ZipFile(io.BytesIO(octets))
    assert archive.testzip() is None
    assert archive.namelist() == ["top/", "top/a.txt", "top/ä/b", "top/empty"]
    assert archive.read("top/ä/b") == bytes(5000)
    assert archive.getinfo("top/a.txt").date_time[:3] == (2026, 9, 21)


def test_names_that_would_lead_elsewhere_where_they_are_unpacked() -> None:
    assert zipfile.ZipFile(io.BytesIO(made(ZipStream(), (["top", "..\\..\\evil"], b"x")))).namelist() == [
        "top/.._.._evil"
    ]


def test_times_beyond_what_the_form_can_tell() -> None:
    stream = ZipStream()
    for modified in (0, -1, 1 << 60):
        stream.begin([str(modified)], modified)
        stream.end()
    assert stream.take()


def test_nothing_is_gathered() -> None:
    stream = ZipStream()
    stream.begin(["large"], WHEN)
    for _ in range(100):
        stream.write(bytes(65_536))
        assert len(stream.take()) <= 66_000
