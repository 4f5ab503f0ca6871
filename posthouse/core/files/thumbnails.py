"""The contract of thumbnails: small pictures of documents, derived from their contents alone."""

from __future__ import annotations

from typing import Annotated, Protocol

from msgspec import Meta, Struct

KIND = "image/webp"
SIDES = (64, 256, 1024)  # pixels: few sizes, so that each is made once


class Thumbnails(Protocol):
    """Where they come from."""

    def knows(self, media_type: str) -> bool:
        """Whether contents of that type may have a picture."""

    async def picture(self, hash_: bytes, size: int, media_type: str, side: int) -> bytes | None:
        """A picture of contents of `size` octets; None for what has none. Raises StoreUnavailable."""


class NoThumbnails:
    """Nothing has a picture."""

    def knows(self, media_type: str) -> bool:
        return False

    async def picture(self, hash_: bytes, size: int, media_type: str, side: int) -> bytes | None:
        return None


def side_of(text: str) -> int:
    """The size for what a client asks for, the next larger one there is; 256 for what is no number."""
    wanted = int(text) if text.isdecimal() and len(text) < 6 else SIDES[1]
    return next((side for side in SIDES if side >= wanted), SIDES[-1])


class ThumbnailSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Small pictures of files."""

    enabled: Annotated[bool, Meta(description="Whether there are any.")] = True
    document_octets: Annotated[
        int, Meta(ge=1, le=1 << 34, description="The largest file that a picture is made of.")
    ] = 64 << 20
    pixels: Annotated[
        int, Meta(ge=1, le=1 << 32, description="How many pixels a picture may have that a small one is made of.")
    ] = 100_000_000
    mebibytes: Annotated[int, Meta(ge=64, le=65_536, description="How much memory making one may take.")] = 512
    seconds: Annotated[int, Meta(ge=1, le=600, description="How long making one may take.")] = 10
    office: Annotated[
        str,
        Meta(
            description="The program of LibreOffice that office documents are pictured by: a path, or a name to be"
            " looked for in PATH. Empty, or where there is none: they have no pictures."
        ),
    ] = "soffice"
    office_mebibytes: Annotated[
        int, Meta(ge=64, le=1_048_576, description="How much memory that program may take.")
    ] = 4_096
    office_seconds: Annotated[int, Meta(ge=1, le=600, description="How long that program may take.")] = 30
    at_once: Annotated[int, Meta(ge=1, le=64, description="How many one worker makes at a time.")] = 1
    waiting: Annotated[
        int,
        Meta(ge=1, le=10_000, description='How many may wait to be made by one worker; more hear "later".'),
    ] = 100
    days: Annotated[int, Meta(ge=1, le=36_500, description="How long one is kept after it was last asked for.")] = 30
