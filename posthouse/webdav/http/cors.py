"""Cross-origin requests: a handler that pages of other sites may ask; Fetch standard, "CORS protocol".

Nobody is let in by a cookie here, so an answer never says that credentials are taken along: a page has to know a
password or a token itself. To open a handler is one line where routes are made: `CrossOrigin(handler, origins)`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection

import msgspec

from posthouse.storage.contract import StoreUnavailable
from posthouse.webdav.http.answer import Answer, Fields, refusal, unavailable
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.request import Request

ANY = "*"
_VARY = (b"vary", b"Origin")
_SECONDS = b"7200"  # how long a browser remembers what it was told; the longest that Chromium takes


class CrossOrigin:
    """A handler, its answers readable for pages of `origins`; without any it is the handler as it was."""

    def __init__(
        self,
        handler: Callable[[Request], Awaitable[Answer]],
        origins: Collection[str],
        *,
        methods: Collection[str] = ("GET", "HEAD", "POST"),
        fields: Collection[str] = ("Authorization", "Content-Type"),
        exposed: Collection[str] = ("ETag", "Location", "Retry-After"),
    ) -> None:
        """`methods` and `fields` are what a page may send, `exposed` the fields of an answer that it may read."""
        self._handler = handler
        self._origins = frozenset([origin.lower().rstrip("/") for origin in origins])
        self._methods = ", ".join(methods).encode()
        self._fields = ", ".join(fields).encode()
        self._exposed = ", ".join(exposed).encode()

    async def __call__(self, request: Request) -> Answer:
        """The handler's answer, its refusals too: a page could not read them otherwise."""
        if not self._origins:
            return await self._handler(request)
        allowed = self._allowed(request)
        if allowed and request.method == "OPTIONS" and "access-control-request-method" in request.fields:
            return Answer(204, (*allowed, *self._told()))  # before any login: a browser sends none with it
        try:
            answer = await self._handler(request)
        except HttpError as error:
            answer = refusal(error)
        except StoreUnavailable:
            answer = unavailable()
        told = (*allowed, (b"access-control-expose-headers", self._exposed)) if allowed else ()
        return msgspec.structs.replace(answer, fields=(*answer.fields, *told, _VARY))

    def _allowed(self, request: Request) -> Fields:
        """Who may read the answer; nothing for a page of a site that is not named."""
        origin = request.field("origin")
        if not origin or not (ANY in self._origins or origin.lower() in self._origins):
            return ()
        return ((b"access-control-allow-origin", ANY.encode() if ANY in self._origins else origin.encode("latin-1")),)

    def _told(self) -> Fields:
        return (
            (b"access-control-allow-methods", self._methods),
            (b"access-control-allow-headers", self._fields),
            (b"access-control-max-age", _SECONDS),
            _VARY,
        )
