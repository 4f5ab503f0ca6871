"""What comes in by a share link: files of a form, written as they come, never in place of what is there."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

from posthouse.core.accounts.errors import OverQuota
from posthouse.core.files.conditions import ANY, Conditions
from posthouse.core.files.errors import (
    ConditionFailed,
    Locked,
    NameNotAllowed,
    NoSuchFile,
    NotPermitted,
    TooDeep,
    TooManyFiles,
)
from posthouse.core.files.links import Link
from posthouse.core.files.names import checked, numbered
from posthouse.core.files.records import Entry
from posthouse.core.files.settings import FileLimits
from posthouse.core.files.writing import Document, put_document
from posthouse.core.sharing.settings import Reach
from posthouse.formats.form_data import BadForm, FormReader, Part, PartEnd, boundary_of
from posthouse.storage.blobs.contract import Blobs, BlobWriter
from posthouse.storage.contract import Refused, Store
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.media import media_type_of
from posthouse.webdav.http.request import Request

_FRAMING_OCTETS = 1 << 20  # of a form beside its files
_REFUSALS: dict[type[Refused], tuple[int, str]] = {
    OverQuota: (507, "there is no room for it"),
    TooManyFiles: (507, "there are too many files"),
    NameNotAllowed: (400, "no file may be called so"),
    Locked: (423, "the folder is locked"),
    NoSuchFile: (404, "the folder is there no more"),
    NotPermitted: (403, "whoever made this link may not add to the folder any more"),
    TooDeep: (403, "folders would be too deep within each other"),
}


class Uploads:
    """Takes files."""

    def __init__(
        self, store: Store, blobs: Blobs, limits: FileLimits, most: int, reach: Reach, now: Callable[[], int]
    ) -> None:
        """`most` octets may come at once; `now` in ms."""
        self._store = store
        self._blobs = blobs
        self._limits = limits
        self._most = most
        self._reach = reach
        self._now = now

    async def take(self, request: Request, link: Link, folder: Entry) -> list[str]:
        """What the files of a form are called now; raises HttpError. Those before one that is refused stay."""
        size = request.body.size
        if size is not None and size > self._most + _FRAMING_OCTETS:
            raise HttpError(413, f"that is too large: {self._most} octets may come at once")
        names: list[str] = []
        writing: tuple[str, BlobWriter] | None = None
        try:
            reader = FormReader(boundary_of(request.field("content-type")))
            left = self._most
            async for piece in request.body.pieces():
                for event in reader.feed(piece):
                    if isinstance(event, Part):
                        writing = (_own_name(event.file), self._blobs.writer()) if event.file else None
                    elif isinstance(event, PartEnd) and writing is not None:
                        names.append(await self._keep(link, folder, *writing))
                        writing = None
                    elif isinstance(event, bytes):
                        left -= len(event)
                        if left < 0:
                            raise HttpError(413, f"that is too large: {self._most} octets may come at once")
                        if writing is not None:
                            writing[1].write(event)
            reader.end()
        except BadForm as error:
            raise HttpError(400, f"the form cannot be read: {error}") from None
        finally:
            if writing is not None:
                writing[1].abandon()
        return names

    async def _keep(self, link: Link, folder: Entry, name: str, writer: BlobWriter) -> str:
        document = Document(await writer.finish(), media_type_of(name))
        conditions = Conditions(link.record.who, none_match=(ANY,), reach=self._reach, by_link=True)
        account, limits, now = link.key.account, self._limits, self._now()
        for each in chain([name], numbered(name)):
            try:
                await self._store.write(put_document, account, folder.node, each, document, conditions, limits, now)
            except ConditionFailed:
                continue
            except Refused as error:
                row = _REFUSALS.get(type(error))
                if row is None:
                    raise
                raise HttpError(row[0], f"{name}: {row[1]}") from None
            return each
        raise HttpError(409, f"{name}: there are too many files of that name")


def _own_name(file: str) -> str:
    """What a browser calls a file, without the folders that older ones tell; raises HttpError."""
    try:
        return checked(file.replace("\\", "/").rpartition("/")[2])
    except NameNotAllowed as error:
        raise HttpError(400, f"no file may be called so: {error.args[1]}") from None
