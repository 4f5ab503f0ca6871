"""The pages below /share/TOKEN/: what a token opens, shown, sent, or taken."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from posthouse.core.files.errors import LinkOver, NoSuchFile, NoSuchLink
from posthouse.core.files.links import Link, members_by_link, open_in_link, read_token
from posthouse.core.files.records import Entry
from posthouse.core.sharing.settings import Reach
from posthouse.protocols.web.shares.admission import Admission
from posthouse.protocols.web.shares.downloads import Downloads
from posthouse.protocols.web.shares.page import (
    TABLE,
    TABLE_END,
    TAIL,
    Row,
    head,
    linked,
    note,
    page,
    password_form,
    rows,
    streamed,
    upload_form,
)
from posthouse.protocols.web.shares.uploads import Uploads
from posthouse.storage.contract import Store
from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.request import Request
from posthouse.webdav.wire.writing import address

PATH = ("share",)
_MEMBERS = 200  # that are read and written at a stretch
_UNITS = ("bytes", "KB", "MB", "GB", "TB")


class SharePages:
    """Answers for every link."""

    def __init__(
        self,
        store: Store,
        admission: Admission,
        downloads: Downloads,
        uploads: Uploads,
        reach: Reach,
        now: Callable[[], int],
    ) -> None:
        self._store = store
        self._reach = reach
        self._admission = admission
        self._downloads = downloads
        self._uploads = uploads
        self._now = now

    async def __call__(self, request: Request) -> Answer:
        """The answer; refusals are pages, too."""
        if request.method not in ("GET", "HEAD", "POST"):
            raise HttpError(405, "a link is read, or sent files to", ((b"allow", b"GET, HEAD, POST"),))
        try:
            return await self._answer(request)
        except (NoSuchLink, NoSuchFile):
            return page("Nothing here", note("This link leads nowhere, or not any more."), 404)
        except LinkOver:
            return page("This link is over", note("It has expired, or was used as often as it may be."), 410)
        except HttpError as error:
            return page("That did not work", note(error.text, is_alert=True), error.status, error.fields)

    async def _answer(self, request: Request) -> Answer:
        token, *path = request.segments[1:] or ("",)
        now = self._now()
        link, name, entry = await self._store.read(open_in_link, read_token(token), path, self._reach, now)
        title = name or "Files"
        if not self._admission.is_known(request, link, now):
            return await self._ask_password(request, link, now)
        if link.record.mode == "upload":
            if path:
                raise NoSuchFile(title)  # what is there is not shown
            return await self._upload(request, link, title, entry)
        if request.method == "POST":
            raise HttpError(405, "files can be read here, not sent", ((b"allow", b"GET, HEAD"),))
        if not entry.is_folder:
            if "thumbnail" in request.query:
                return await self._downloads.picture(request, link, entry)
            if path:
                return await self._downloads.document(request, link, name, entry, now)
            return page(title, _document(request, name, entry))
        if "zip" in request.query:
            return await self._downloads.archive(request, link, title, entry, now)
        return streamed(self._listing(request.segments, link, title, entry))

    async def _ask_password(self, request: Request, link: Link, now: int) -> Answer:
        where = address(request.segments, is_folder=True)
        if request.method != "POST":
            return page("A password is asked for", password_form(where))
        top = address(request.segments[:2], is_folder=True)
        cookie = await self._admission.admit(request, link, top, now)
        if cookie is None:
            return page("A password is asked for", password_form(where, "That is not the password."), 403)
        onward = ((b"location", where.encode()), (b"set-cookie", cookie))
        return page("Welcome", linked("Go on", where), 303, onward)

    async def _upload(self, request: Request, link: Link, title: str, folder: Entry) -> Answer:
        form = upload_form(address(request.segments[:2], is_folder=True))
        if request.method != "POST":
            return page(f"Send files to {title}", form)
        names = await self._uploads.take(request, link, folder)
        said = f"Received: {', '.join(names)}" if names else "No file was chosen."
        return page(f"Send files to {title}", note(said, is_alert=not names) + form, 201 if names else 400)

    async def _listing(self, segments: tuple[str, ...], link: Link, title: str, folder: Entry) -> AsyncIterator[str]:
        base = address(segments, is_folder=True)
        up = f"<p>{linked('Up', address(segments[:-1], is_folder=True))}</p>\n" if len(segments) > 2 else ""
        yield f"{head(title)}{up}<p>{linked('Download all as zip', f'{base}?zip', is_button=True)}</p>\n{TABLE}"
        after: str | None = ""
        while after is not None:
            found = await self._store.read(members_by_link, link, folder.node, after, _MEMBERS, self._reach)
            yield rows([self._row(segments, name, entry, link) for name, entry in found.members])
            after = found.after
        yield TABLE_END + TAIL

    def _row(self, segments: tuple[str, ...], name: str, entry: Entry, link: Link) -> Row:
        where = address((*segments, name), is_folder=entry.is_folder)
        text, size = (f"{name}/", "") if entry.is_folder else (name, size_text(entry.size))
        has_picture = not link.record.downloads and self._downloads.has_picture(entry)
        picture = f"{where}?thumbnail=64" if has_picture else ""
        return Row(text, where, size, _moment(entry.modified), picture)


def _document(request: Request, name: str, entry: Entry) -> str:
    where = address((*request.segments[:2], name), is_folder=False)
    told = f"<p>{size_text(entry.size)}, changed {_moment(entry.modified)}</p>\n"
    return f"{told}<p>{linked('Download', where, is_button=True)}</p>\n"


def size_text(octets: int) -> str:
    """As people say it: 3 bytes, 1.5 MB."""
    amount, unit = float(octets), 0
    while amount >= 1000 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{octets} {_UNITS[0]}" if not unit else f"{amount:.1f} {_UNITS[unit]}"


def _moment(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
