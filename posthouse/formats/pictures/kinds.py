"""Which documents can be pictured, by their media types."""

from __future__ import annotations

from typing import Literal

Kind = Literal["picture", "pdf", "office"]

_KINDS: dict[str, Kind] = {
    "image/jpeg": "picture",
    "image/png": "picture",
    "image/gif": "picture",
    "image/webp": "picture",
    "image/bmp": "picture",
    "image/tiff": "picture",
    "application/pdf": "pdf",
}
_OPEN = "application/vnd.oasis.opendocument"
_OOXML = "application/vnd.openxmlformats-officedocument"
_ENDINGS = {  # what LibreOffice tells office documents apart by
    f"{_OPEN}.text": "odt",
    f"{_OPEN}.spreadsheet": "ods",
    f"{_OPEN}.presentation": "odp",
    f"{_OPEN}.graphics": "odg",
    f"{_OOXML}.wordprocessingml.document": "docx",
    f"{_OOXML}.spreadsheetml.sheet": "xlsx",
    f"{_OOXML}.presentationml.presentation": "pptx",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
    "application/rtf": "rtf",
    "text/rtf": "rtf",
}


def kind_of(media_type: str) -> Kind | None:
    """How a document is pictured; None for one that is not."""
    plain = _plain(media_type)
    return "office" if plain in _ENDINGS else _KINDS.get(plain)


def office_ending(media_type: str) -> str:
    """What the name of an office document of that type ends in; raises KeyError for any other."""
    return _ENDINGS[_plain(media_type)]


def _plain(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()
