"""Text of office files: Office Open XML (ECMA-376) and OpenDocument (ISO/IEC 26300), XML in a ZIP archive.

Macros, pictures and whatever else is there are not looked at. What is read is bounded, whatever the archive promises;
XML with a document type is refused, so there are no entities to expand.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from xml.parsers import expat

from posthouse.formats.documents.kinds import Kind, Unreadable

PLAIN_OCTETS = 64 << 20  # of all XML that is unpacked
ENTRIES = 5000
_CHUNK = 65_536

_ENTRIES = {
    Kind.WORD: re.compile(r"word/(?:document|header\d*|footer\d*|footnotes|endnotes|comments)\.xml"),
    Kind.SHEET: re.compile(r"xl/(?:sharedStrings|worksheets/sheet\d+)\.xml"),
    Kind.SLIDES: re.compile(r"ppt/(?:slides/slide|notesSlides/notesSlide)\d+\.xml"),
    Kind.ODF: re.compile(r"content\.xml"),
}
_BREAKS = {"p", "h", "si", "br", "tab", "line-break", "row", "tc", "c", "table-cell"}
_FAULTS = (
    zipfile.BadZipFile, zlib.error, expat.ExpatError, RuntimeError, NotImplementedError, EOFError, OSError, ValueError,
    KeyError,
)  # fmt: skip


class _Enough(Exception):
    """As much text as was asked for."""


def office_text(kind: Kind, octets: bytes, characters: int) -> str:
    """The first characters of the text of a file; raises Unreadable."""
    found = _Text(characters, everything=kind is Kind.ODF)
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            names = archive.namelist()
            if len(names) > ENTRIES:
                raise Unreadable("too many entries")
            room = PLAIN_OCTETS
            for name in sorted(name for name in names if _ENTRIES[kind].fullmatch(name)):
                room = _read(archive, name, room, found)
    except _Enough:
        pass
    except _FAULTS as error:
        raise Unreadable(str(error)) from error
    return found.text()


def _read(archive: zipfile.ZipFile, name: str, room: int, found: _Text) -> int:
    """Read one entry; how many octets may still be unpacked."""
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = found.refuse
    parser.StartElementHandler = found.begin
    parser.EndElementHandler = found.end
    parser.CharacterDataHandler = found.take
    with archive.open(name) as entry:
        while chunk := entry.read(_CHUNK):
            room -= len(chunk)
            if room < 0:
                raise Unreadable("it unpacks to too much")
            parser.Parse(chunk, False)
    parser.Parse(b"", True)
    return room


class _Text:
    """Gathers text: all of it, or that of elements called `t`."""

    def __init__(self, characters: int, *, everything: bool) -> None:
        self._room = characters
        self._everything = everything
        self._inside = 0
        self._found: list[str] = []

    def text(self) -> str:
        """What was gathered."""
        return "".join(self._found)

    def refuse(self, *_: object) -> None:
        raise Unreadable("it declares a document type")

    def begin(self, name: str, _attributes: dict[str, str]) -> None:
        self._inside += _local(name) == "t"

    def end(self, name: str) -> None:
        local = _local(name)
        self._inside -= local == "t"
        if local in _BREAKS:
            self._found.append("\n")

    def take(self, text: str) -> None:
        if self._inside or self._everything:
            self._found.append(text[: self._room])
            self._room -= len(text)
            if self._room <= 0:
                raise _Enough


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
