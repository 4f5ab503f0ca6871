"""Which files text is taken from, by the type that their sender gave them, or by their name."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """How a file is read."""

    PDF = "pdf"
    WORD = "word"  # Office Open XML, ECMA-376
    SHEET = "sheet"
    SLIDES = "slides"
    ODF = "odf"  # OpenDocument, ISO/IEC 26300


_OOXML = "vnd.openxmlformats-officedocument."
_ODF = "vnd.oasis.opendocument."
_SUBTYPES = {
    "pdf": Kind.PDF,
    "x-pdf": Kind.PDF,
    _OOXML + "wordprocessingml.document": Kind.WORD,
    _OOXML + "spreadsheetml.sheet": Kind.SHEET,
    _OOXML + "presentationml.presentation": Kind.SLIDES,
    _ODF + "text": Kind.ODF,
    _ODF + "spreadsheet": Kind.ODF,
    _ODF + "presentation": Kind.ODF,
}
_ENDINGS = {
    "pdf": Kind.PDF,
    "docx": Kind.WORD,
    "xlsx": Kind.SHEET,
    "pptx": Kind.SLIDES,
    "odt": Kind.ODF,
    "ods": Kind.ODF,
    "odp": Kind.ODF,
}


def kind_of(type_: str, subtype: str, name: str) -> Kind | None:
    """How to read a part of that media type (lower case) and file name; None for what no text is taken from."""
    if type_ != "application":
        return None
    # many senders call every file application/octet-stream
    return _SUBTYPES.get(subtype) or _ENDINGS.get(name.rpartition(".")[2].lower())


class Unreadable(Exception):
    """A file is not what it says it is, or more than is read. args: why."""
