"""Which documents can be pictured, by their media types."""

from __future__ import annotations

from typing import Literal

Kind = Literal["picture", "pdf"]

_KINDS: dict[str, Kind] = {
    "image/jpeg": "picture",
    "image/png": "picture",
    "image/gif": "picture",
    "image/webp": "picture",
    "image/bmp": "picture",
    "image/tiff": "picture",
    "application/pdf": "pdf",
}


def kind_of(media_type: str) -> Kind | None:
    """How a document is pictured; None for one that is not."""
    return _KINDS.get(media_type.partition(";")[0].strip().lower())
