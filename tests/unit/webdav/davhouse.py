"""WebDAV over an account's files in memory: requests on a connection, answers with their XML read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
from lxml import etree

from posthouse.core.accounts.accounts import NewAccount, add_account
from posthouse.core.accounts.domains import add_domain
from posthouse.core.authentication.authenticator import Login
from posthouse.core.authentication.settings import AuthenticationSettings
from posthouse.core.authentication.standing import Grounds
from posthouse.core.directories.settings import DirectorySettings
from posthouse.core.files.settings import FileLimits, FileSettings
from posthouse.core.files.thumbnails import NoThumbnails, Thumbnails
from posthouse.core.sharing.effective import Visitor
from posthouse.core.sharing.settings import SharingSettings
from posthouse.storage.blobs.contract import Blobs
from posthouse.storage.blobs.memory import MemoryBlobs
from posthouse.storage.memory import MemoryStore
from posthouse.webdav.directories.opening import Directories
from posthouse.webdav.files.opening import FileTrees
from posthouse.webdav.http.site import HttpFactory
from posthouse.webdav.principals.directory import Directory
from posthouse.webdav.settings import WebDavSettings
from posthouse.webdav.site import ROOT, DavSite
from posthouse.webdav.tree import Path, Tree
from tests.unit.http.wire import Wire, site

NOW = 1_790_000_000_000
BASE = "/dav/files/ann@example.org"
LOGIN = "authorization: Basic YW5uQGV4YW1wbGUub3JnOng="  # ann@example.org:x
_THREADS = ThreadPoolExecutor(2, thread_name_prefix="directories")


class Porter:
    """Lets everybody in by the name of an account."""

    settings = AuthenticationSettings()
    tokens = None

    def mark(self, secret: str) -> bytes:
        return secret.encode()

    async def grounds(self, login: Login, held: Grounds | None) -> Grounds | None:
        return Grounds([], [])

    async def check_password(self, name: str, password: str, peer_host: str) -> Login:
        return Login({"ann@example.org": 1, "bob@example.org": 2, "cat@example.org": 3}[name], name, 1)


class Said(msgspec.Struct):
    """An answer."""

    status: int
    fields: dict[str, str]
    body: bytes

    @property
    def xml(self) -> Any:
        return etree.fromstring(self.body)

    def rows(self) -> dict[str, dict[str, str]]:
        """By address: the status of each property, or "" -> that of the resource."""
        found: dict[str, dict[str, str]] = {}
        for response in self.xml.iterfind("{DAV:}response"):
            row = found.setdefault(response.findtext("{DAV:}href"), {})
            status = response.findtext("{DAV:}status")
            if status:
                row[""] = status.split()[1]
            for propstat in response.iterfind("{DAV:}propstat"):
                for prop in propstat.find("{DAV:}prop"):
                    row[etree.QName(prop).localname] = propstat.findtext("{DAV:}status").split()[1]
        return found

    def value(self, name: str) -> str:
        """The text in the first element of that name."""
        element = next(self.xml.iter(name if name.startswith("{") else f"{{DAV:}}{name}"))
        return "".join(element.itertext())

    @property
    def condition(self) -> str:
        """What a DAV:error says did not hold."""
        return "" if not self.body.startswith(b"<?xml") else etree.QName(self.xml[0]).localname


class DavHouse:
    """Ann's and Bob's files. `now` may be set."""

    def __init__(self, blobs: Blobs | None = None, **settings: int) -> None:
        self.now = NOW
        self.store = MemoryStore()
        self.files = MemoryBlobs(inline_octets=100)
        self.blobs: Blobs = blobs or self.files
        self.thumbnails: Thumbnails = NoThumbnails()
        self.limits: FileLimits = FileSettings().limits
        self.directories = DirectorySettings()
        self.sharing = SharingSettings()
        dav = DavSite(
            Porter(),  # type: ignore[arg-type] - of an Authenticator, what the site asks for
            {"files": self._files},
            lambda login: Directory(self.store, Visitor(login.account)),
            WebDavSettings(**settings),
        )
        self.site: HttpFactory = site(dav, *ROOT)
        self.wire: Wire | None = None

    async def open(self, quota: int | None = None) -> DavHouse:
        await self.store.write(add_domain, "example.org", None, NOW)
        for name in ("ann", "bob"):
            await self.store.write(add_account, NewAccount(f"{name}@example.org", "", None, quota), NOW)
        return self

    async def ask(self, method: str, path: str, body: bytes | str = b"", *fields: str, login: str = LOGIN) -> Said:
        """The answer to a request; `path` is below Ann's files unless it begins with /dav."""
        return await self.ask_raw(self.request(method, path, body, *fields, login=login))

    async def ask_raw(self, octets: bytes) -> Said:
        if self.wire is None or self.wire.disconnecting:
            self.wire = Wire(self.site, "127.0.0.1")
        self.wire.send(octets)
        return Said(*await self.wire.answer())

    async def head(self, path: str) -> str:
        """The whole answer to a HEAD, in small letters."""
        wire = Wire(self.site, "127.0.0.1")
        wire.send(self.request("HEAD", path))
        await wire.until(lambda: b"\r\n\r\n" in wire.out)
        return bytes(wire.out).decode().lower()

    def request(self, method: str, path: str, body: bytes | str = b"", *fields: str, login: str = LOGIN) -> bytes:
        octets = body.encode() if isinstance(body, str) else body
        target = path if path.startswith("/dav") else BASE + path
        lines = [f"{method} {target} HTTP/1.1", "host: x", f"content-length: {len(octets)}", *fields]
        return "\r\n".join([*lines, *([login] if login else []), "", ""]).encode() + octets

    async def names(self, path: str = "/") -> list[str]:
        """The addresses of a folder's members, below Ann's files."""
        said = await self.ask("PROPFIND", path, "", "depth: 1")
        return [address.removeprefix(BASE) for address in said.rows()][1:]

    async def _files(self, login: Login, whose: str, root: Path, path: Path) -> tuple[Tree, Path] | None:
        def now() -> int:
            return self.now

        directories = Directories(self.store, self.directories, "Directories", _THREADS, now)
        trees = FileTrees(
            self.store, self.blobs, self.limits, self.sharing, "Shared", now, self.thumbnails, directories
        )
        return await trees.open(login, whose, root, path)
