"""Content codings: text is sent compressed to whoever takes it; RFC 9110 8.4 and 12.5.3."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

import brotli
import msgspec

from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.request import Request

LEAST_OCTETS = 1_024  # shorter ones gain nothing
GZIP_LEVEL, BROTLI_QUALITY = 4, 3  # fast: an answer is compressed once, for one peer
_TEXT = (b"text/", b"application/json", b"application/xml", b"image/svg+xml", b"application/javascript")


class _Gzip:
    def __init__(self) -> None:
        self._deflate = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)

    def more(self, octets: bytes) -> bytes:
        return self._deflate.compress(octets)

    def end(self) -> bytes:
        return self._deflate.flush()


class _Brotli:
    def __init__(self) -> None:
        self._compressor = brotli.Compressor(quality=BROTLI_QUALITY)

    def more(self, octets: bytes) -> bytes:
        return bytes(self._compressor.process(octets))

    def end(self) -> bytes:
        return bytes(self._compressor.finish())


_CODINGS: dict[str, type[_Brotli] | type[_Gzip]] = {"br": _Brotli, "gzip": _Gzip}


def encoded(answer: Answer, request: Request) -> Answer:
    """The answer in a coding that the peer takes, where that gains something."""
    body = answer.body
    if (isinstance(body, bytes) and len(body) < LEAST_OCTETS) or not _gains(answer):
        return answer
    vary = (b"vary", b"Accept-Encoding")
    coding = chosen(request.field("accept-encoding"))
    if coding is None:
        return msgspec.structs.replace(answer, fields=(*answer.fields, vary))
    compressor = _CODINGS[coding]()
    fields = (*answer.fields, vary, (b"content-encoding", coding.encode()))
    body = compressor.more(body) + compressor.end() if isinstance(body, bytes) else _stream(body, compressor)
    return msgspec.structs.replace(answer, fields=fields, body=body, length=None)


def chosen(accepted: str) -> str | None:
    """The coding of an Accept-Encoding field that we send, None for none."""
    weights: dict[str, float] = {}
    for part in accepted.split(","):
        name, _, parameters = part.partition(";")
        try:
            weight = float(parameters.partition("=")[2]) if "=" in parameters else 1.0
        except ValueError:
            weight = 0.0
        weights[name.strip().lower()] = weight
    taken = [name for name in _CODINGS if weights.get(name, weights.get("*", 0.0)) > 0]
    return max(taken, key=lambda name: weights.get(name, 0.0), default=None)


def _gains(answer: Answer) -> bool:
    fields = dict(answer.fields)
    # an entity tag is that of the octets as they are, and a range counts them
    if answer.status == 206 or b"content-encoding" in fields or b"etag" in fields:
        return False
    return fields.get(b"content-type", b"").startswith(_TEXT)


async def _stream(pieces: AsyncIterator[bytes], compressor: _Gzip | _Brotli) -> AsyncIterator[bytes]:
    async for piece in pieces:
        if octets := compressor.more(piece):
            yield octets
    yield compressor.end()
