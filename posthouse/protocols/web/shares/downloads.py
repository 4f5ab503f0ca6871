"""What leaves by a share link: one document, in part too, or a folder as a zip archive made as it goes out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import quote

from posthouse.core.files.links import Link, count_download, members_by_link
from posthouse.core.files.records import Entry
from posthouse.core.files.revisions import contents_place
from posthouse.core.files.thumbnails import KIND, Thumbnails, side_of
from posthouse.core.sharing.settings import Reach
from posthouse.formats.zip_stream import ZipStream
from posthouse.protocols.web.shares.page import PRIVATE
from posthouse.storage.blobs.contract import Blobs
from posthouse.storage.contract import Store
from posthouse.webdav.http.answer import Answer, Fields
from posthouse.webdav.http.conditions import Validators, Verdict, read_conditions
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.ranges import Span, content_range, wanted_span
from posthouse.webdav.http.request import Request
from posthouse.webdav.wire.dates import http_date

_PAGE = 200  # members that are read at a stretch
_SANDBOX = (b"content-security-policy", b"default-src 'none'; sandbox; frame-ancestors 'none'")


class Downloads:
    """Sends contents; counts where a link may be used so often only."""

    def __init__(self, store: Store, blobs: Blobs, thumbnails: Thumbnails, zip_files: int, reach: Reach) -> None:
        self._reach = reach
        self._store = store
        self._blobs = blobs
        self._thumbnails = thumbnails
        self._zip_files = zip_files

    async def document(self, request: Request, link: Link, name: str, entry: Entry, now: int) -> Answer:
        """One document; raises HttpError, LinkOver.

        Parts are given only where downloads are not counted: parts of one would be several, or the rest for nothing.
        """
        is_counted = bool(link.record.downloads)
        held = Validators(f'"{entry.etag}"', entry.modified)
        fields: Fields = (
            (b"content-disposition", _as_file(name)),
            (b"etag", held.etag.encode()),
            (b"last-modified", http_date(entry.modified).encode()),
            (b"accept-ranges", b"none" if is_counted else b"bytes"),
            _SANDBOX,
            *PRIVATE,
        )
        verdict = read_conditions(request).of(held, reads=True)
        if verdict is Verdict.NOT_MODIFIED:
            return Answer(304, fields)
        if verdict is Verdict.FAILED:
            raise HttpError(412, "it has changed meanwhile")
        fields = ((b"content-type", (entry.media_type or "application/octet-stream").encode()), *fields)
        if request.method == "HEAD":
            return Answer(200, fields, b"", entry.size)
        span = None if is_counted else wanted_span(request, held, entry.size)
        if span is not None:
            fields = (*fields, (b"content-range", content_range(span, entry.size)))
        wanted = span or Span(0, entry.size)
        place = await self._store.read(contents_place, entry.hash)
        if place is None:
            raise HttpError(404, "it is there no more")
        if wanted.start == 0:
            await self._store.write(count_download, link.key, now)
        if not wanted.length:
            return Answer(200, fields)
        pieces = self._blobs.chunks(place, wanted.start, wanted.end)
        return Answer(206 if span else 200, fields, pieces, wanted.length)

    def has_picture(self, entry: Entry) -> bool:
        """Whether there are pictures of its kind."""
        return not entry.is_folder and self._thumbnails.knows(entry.media_type)

    async def picture(self, request: Request, link: Link, entry: Entry) -> Answer:
        """A small picture of a document; raises HttpError (404). None where downloads are counted: it is one, too."""
        side = side_of(request.query["thumbnail"])
        made = None
        if not link.record.downloads:
            made = await self._thumbnails.picture(entry.hash, entry.size, entry.media_type, side)
        if made is None:
            raise HttpError(404, "it has no picture")
        return Answer(200, ((b"content-type", KIND.encode()), _SANDBOX, *PRIVATE), made)

    async def archive(self, request: Request, link: Link, name: str, folder: Entry, now: int) -> Answer:
        """All in a folder; raises LinkOver."""
        kind = (b"content-type", b"application/zip")
        fields: Fields = (kind, (b"content-disposition", _as_file(f"{name}.zip")), _SANDBOX, *PRIVATE)
        if request.method == "HEAD":
            return Answer(200, fields)
        await self._store.write(count_download, link.key, now)
        return Answer(200, fields, self._zipped(link, name, folder))

    async def _zipped(self, link: Link, name: str, folder: Entry) -> AsyncIterator[bytes]:
        archive = ZipStream()
        left = self._zip_files
        waiting: list[tuple[list[str], Entry, str]] = [([name], folder, "")]  # folders, behind which name they go on
        while waiting:
            path, entry, after = waiting.pop()
            page = await self._store.read(members_by_link, link, entry.node, after, _PAGE, self._reach)
            if page.after is not None:
                waiting.append((path, entry, page.after))
            if not after:
                archive.folder(path, entry.modified)
            left -= len(page.members)
            if left < 0:
                raise ValueError(f"an archive may have {self._zip_files} files")  # cut, not silently less
            for each, member in page.members:
                if member.is_folder:
                    waiting.append(([*path, each], member, ""))
                    continue
                async for made in self._packed(archive, [*path, each], member):
                    yield made
        archive.finish()
        yield archive.take()

    async def _packed(self, archive: ZipStream, path: list[str], entry: Entry) -> AsyncIterator[bytes]:
        place = await self._store.read(contents_place, entry.hash)
        if place is None:
            return  # replaced a moment ago, and forgotten
        archive.begin(path, entry.modified)
        async for piece in self._blobs.chunks(place):
            archive.write(piece)
            yield archive.take()
        archive.end()
        yield archive.take()


def _as_file(name: str) -> bytes:
    """Content-Disposition: kept as a file, never shown as part of this site; RFC 6266 4, RFC 8187 3.2."""
    plain = "".join([each if each.isascii() and each.isprintable() and each not in '"\\%' else "_" for each in name])
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}".encode()
