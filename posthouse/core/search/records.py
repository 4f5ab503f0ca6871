"""What the index's own store keeps beside the index: how far it is, and each message's text as it is compared."""

from __future__ import annotations

import struct

import msgspec
import zstandard

FORMAT = 2  # of the index as a whole; another one is begun anew
COMPRESS_FROM = 512  # octets
_HEAD = struct.Struct("<BII")  # flags, octets of the header, octets of header and body
_WHOLE, _COMPRESSED = 1, 2
SEPARATOR = "\0"  # between texts: no text that is searched for goes across it


class IndexState(msgspec.Struct, array_like=True, tag=1, frozen=True):
    """Which history of the mail store it belongs to, and the index's commit that it is in step with."""

    identity: bytes
    format: int
    commit: int


class Text(msgspec.Struct, frozen=True):
    """A message's text in UTF-8, casemapped; what is not `whole` has to be looked for in the message itself."""

    header: bytes
    body: bytes
    whole: bool


class TextWriter:
    """Makes texts as they are kept; one for many, since it holds a compressor."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(level=3, write_content_size=False)

    def encode(self, text: Text) -> bytes:
        """As it is kept."""
        octets = text.header + SEPARATOR.encode() + text.body
        flags = _WHOLE if text.whole else 0
        length = len(octets)
        if length >= COMPRESS_FROM:
            flags |= _COMPRESSED
            octets = self._compressor.compress(octets)
        return _HEAD.pack(flags, len(text.header), length) + octets


class TextReader:
    """Looks into texts as they are kept; one for many, since it holds a decompressor."""

    def __init__(self) -> None:
        self._decompressor = zstandard.ZstdDecompressor()

    def holds(self, value: bytes, needle: bytes, *, in_header: bool) -> bool | None:
        """Whether the body, or header and body, hold the text; None where the message itself must be asked.

        Raises ValueError for what is no text.
        """
        flags, header, length = _HEAD.unpack_from(value) if len(value) >= _HEAD.size else (0, 0, -1)
        octets = value[_HEAD.size :]
        if flags & _COMPRESSED:
            try:
                octets = self._decompressor.decompress(octets, max_output_size=length)
            except zstandard.ZstdError as error:
                raise ValueError(str(error)) from error
        if len(octets) != length:
            raise ValueError("not a text record")
        if octets.find(needle, 0 if in_header else header) >= 0:
            return True
        return False if flags & _WHOLE else None
