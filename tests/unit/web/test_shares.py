"""Share links as pages: what they show, send and take, for whom and how often."""

from __future__ import annotations

import io
import re
import zipfile

import msgspec
import pytest
from lxml import html

from posthouse.core.accounts.accounts import AccountChange, change_account
from posthouse.core.authentication.settings import AuthenticationSettings
from posthouse.core.files.links import LinkWish, drop_link, link_password, list_links, make_link, new_token, read_token
from posthouse.core.files.writing import put_document
from posthouse.core.registry import LocalRegistry
from posthouse.protocols.web.shares.admission import Admission
from posthouse.protocols.web.shares.downloads import Downloads
from posthouse.protocols.web.shares.site import PATH, SharePages, size_text
from posthouse.protocols.web.shares.uploads import Uploads
from posthouse.storage.blobs.memory import MemoryBlobs
from posthouse.storage.memory import MemoryStore
from posthouse.webdav.http.settings import HttpSettings
from posthouse.webdav.http.site import HttpFactory
from tests.unit.core.filehouse import LIMITS, ME, NOW, at, document, folders, names, node, put, split, with_account
from tests.unit.http.wire import Wire

WEAK = AuthenticationSettings(argon2_memory_kibibytes=1024, argon2_passes=1, failures_per_account=3)
EVIL = "<script>\"&'.txt"


class Said(msgspec.Struct):
    status: int
    fields: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return "".join(html.fromstring(self.body).itertext())


class Painter:
    """Pictures everything that has a kind."""

    def knows(self, media_type: str) -> bool:
        return media_type == "image/png"

    async def picture(self, hash_: bytes, size: int, media_type: str, side: int) -> bytes | None:
        return b"picture" if media_type == "image/png" else None


class ShareHouse:
    """Ann's files and the site of their links."""

    def __init__(self) -> None:
        self.now = NOW
        self.store = MemoryStore()
        self.blobs = MemoryBlobs()
        self.registry = LocalRegistry()
        pages = SharePages(
            self.store,
            Admission(self.registry, WEAK, 600),
            Downloads(self.store, self.blobs, Painter(), 50, "domain"),
            Uploads(self.store, self.blobs, LIMITS, 100_000, "domain", lambda: self.now),
            "domain",
            lambda: self.now,
        )
        self.site = HttpFactory({PATH: pages}, HttpSettings(), secret=PATH)

    async def link(self, path: str, mode: str = "read", **wish: object) -> str:
        """The address of a new link."""
        token = new_token(1, await node(self.store, path))
        told = LinkWish(mode, **wish)  # type: ignore[arg-type]  # wishes of many types
        await self.store.write(make_link, read_token(token), told, ME, LIMITS, NOW)
        return f"/share/{token}/"

    async def ask(self, method: str, target: str, body: bytes = b"", *fields: str) -> Said:
        wire = Wire(self.site)
        lines = [f"{method} {target} HTTP/1.1", "host: x", f"content-length: {len(body)}", *fields, "connection: close"]
        wire.send("\r\n".join([*lines, "", ""]).encode() + body)
        await wire.until(lambda: wire.disconnecting)
        head, _, rest = bytes(wire.out).partition(b"\r\n\r\n")
        status, *said = head.decode().split("\r\n")
        held = dict(line.split(": ", 1) for line in said)
        return Said(int(status.split(" ")[1]), {name.lower(): value for name, value in held.items()}, whole(held, rest))

    async def send(self, target: str, *files: tuple[str, bytes]) -> Said:
        parts = [
            f'--b\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode()
            + octets
            + b"\r\n"
            for name, octets in files
        ]
        return await self.ask(
            "POST", target, b"".join(parts) + b"--b--\r\n", "content-type: multipart/form-data; boundary=b"
        )


def whole(fields: dict[str, str], body: bytes) -> bytes:
    """A body, its chunks joined."""
    if "Transfer-Encoding" not in fields:
        return body
    made = b""
    while True:
        size, _, body = body.partition(b"\r\n")
        if not int(size, 16):
            return made
        made, body = made + body[: int(size, 16)], body[int(size, 16) + 2 :]


async def furnished() -> ShareHouse:
    made = ShareHouse()
    await with_account(made.store)
    await folders(made.store, "top", "top/inner")
    await put(made.store, "top/letter.txt", "hello")
    await put(made.store, f"top/{EVIL}", "evil")
    await put(made.store, "top/inner/deep.txt", "deep")
    await put(made.store, "secret.txt", "secret")
    return made


async def test_a_folder_is_listed_with_all_text_encoded() -> None:
    house = await furnished()
    where = await house.link("top")
    said = await house.ask("GET", where)
    assert said.status == 200
    document = html.fromstring(said.body)
    links = {"".join(each.itertext()): each.get("href") for each in document.iter("a")}
    assert [name for name in links if name != "Download all as zip"] == [EVIL, "inner/", "letter.txt"]
    assert b"<script>" not in said.body
    assert (await house.ask("GET", links[EVIL])).body == b"evil"
    inner = await house.ask("GET", links["inner/"])
    assert "deep.txt" in inner.text
    assert "secret" not in said.text


async def test_what_guards_the_pages() -> None:
    house = await furnished()
    where = await house.link("top")
    said = await house.ask("GET", where)
    policy = said.fields["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "unsafe" not in policy
    assert said.fields["referrer-policy"] == "no-referrer"
    assert said.fields["x-robots-tag"] == "noindex, nofollow"
    assert "no-store" in said.fields["cache-control"]
    document = html.fromstring(said.body)
    assert document.get("lang") == "en"
    assert not list(document.iter("script"))
    assert document.find(".//main/h1") is not None
    assert all(each.get("scope") == "col" for each in document.iter("th"))
    sent = await house.ask("GET", f"{where}letter.txt")
    assert "sandbox" in sent.fields["content-security-policy"]
    assert sent.fields["content-disposition"].startswith("attachment;")


async def test_a_document_has_a_page_and_its_octets_in_part() -> None:
    house = await furnished()
    where = await house.link("top/letter.txt")
    page = await house.ask("GET", where)
    assert "5 bytes" in page.text
    target = html.fromstring(page.body).find(".//a").get("href")
    assert target == f"{where}letter.txt"
    said = await house.ask("GET", target)
    assert (said.status, said.body, said.fields["content-type"]) == (200, b"hello", "text/plain")
    part = await house.ask("GET", target, b"", "range: bytes=1-2")
    assert (part.status, part.body, part.fields["content-range"]) == (206, b"el", "bytes 1-2/5")
    assert (await house.ask("GET", target, b"", f"if-none-match: {said.fields['etag']}")).status == 304
    assert (await house.ask("HEAD", target)).fields["content-length"] == "5"
    for other in ("secret.txt", "letter.txt/x", "%2e%2e/secret.txt"):
        assert (await house.ask("GET", where + other)).status in (400, 404)


async def test_all_as_zip() -> None:
    house = await furnished()
    said = await house.ask("GET", f"{await house.link('top')}?zip")
    archive = zipfile.ZipFile(io.BytesIO(said.body))
    assert archive.testzip() is None
    assert {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")} == {
        "top/letter.txt": b"hello",
        f"top/{EVIL}": b"evil",
        "top/inner/deep.txt": b"deep",
    }
    assert "filename*=UTF-8''top.zip" in said.fields["content-disposition"]
    for number in range(60):
        await put(house.store, f"top/{number}")
    wire = Wire(house.site)
    wire.send(f"GET {await house.link('top')}?zip HTTP/1.1\r\nhost: x\r\n\r\n".encode())
    await wire.until(lambda: wire.is_cut)  # too many: never an archive that lacks some


async def test_downloads_are_counted_and_then_over() -> None:
    house = await furnished()
    where = await house.link("top/letter.txt", downloads=2)
    target = f"{where}letter.txt"
    for _ in range(3):
        assert (await house.ask("GET", where)).status == 200
        assert (await house.ask("HEAD", target)).status == 200
    # a part counts as all, or three parts would be had for one
    assert (await house.ask("GET", target, b"", "range: bytes=1-")).body == b"hello"
    assert (await house.ask("GET", target)).status == 200
    assert (await house.ask("GET", target)).status == 410
    assert "over" in (await house.ask("GET", where)).text
    folder = await house.link("top", downloads=1)
    assert (await house.ask("GET", f"{folder}?zip")).status == 200
    assert (await house.ask("GET", f"{folder}letter.txt")).status == 410


async def test_what_leads_nowhere() -> None:
    house = await furnished()
    where = await house.link("top", expires=NOW + 10)
    for target in ("/share", "/share/", "/share/x/", where[:-2] + "/", f"/share/{new_token(1, 16)}/", f"{where}none"):
        assert (await house.ask("GET", target)).status == 404, target
    house.now = NOW + 10
    assert (await house.ask("GET", where)).status == 410
    house.now = NOW
    await house.store.write(change_account, "ann@example.org", AccountChange(status="disabled"))
    assert (await house.ask("GET", where)).status == 404
    await house.store.write(change_account, "ann@example.org", AccountChange(status="enabled"))
    assert (await house.ask("GET", where)).status == 200
    (held,) = await house.store.read(list_links, 1, None, 10)
    await house.store.write(drop_link, held.key, ME)
    assert (await house.ask("GET", where)).status == 404
    assert (await house.ask("PUT", where)).status == 405
    assert (await house.ask("POST", await house.link("top"))).status == 405


async def test_a_password_is_asked_for_once() -> None:
    house = await furnished()
    where = await house.link("top", password=link_password("sesame", WEAK))
    for target in (where, f"{where}letter.txt", f"{where}?zip"):
        said = await house.ask("GET", target)
        form = html.fromstring(said.body).find(".//form")
        assert (form.get("method"), "hello" in said.text) == ("post", False)
        assert html.fromstring(said.body).find(".//label").get("for") == "password"
    wrong = await house.ask("POST", where, b"password=open")
    assert (wrong.status, 'role="alert"' in wrong.body.decode()) == (403, True)
    right = await house.ask("POST", f"{where}inner/", b"password=sesame")
    assert (right.status, right.fields["location"]) == (303, f"{where}inner/")
    cookie = right.fields["set-cookie"]
    assert "HttpOnly; SameSite=Strict" in cookie
    assert f"Path={where}" in cookie
    kept = cookie.partition(";")[0]
    assert (await house.ask("GET", f"{where}letter.txt", b"", f"cookie: a=b; {kept}")).body == b"hello"
    until = re.search(r"=(\d+)\.", kept)
    assert until is not None
    forged = kept.replace(until[1], str(int(until[1]) + 1))
    for bad in (forged, kept[:-1], "posthouse-share=", "posthouse-share=9999999999.ä"):
        assert b"hello" not in (await house.ask("GET", f"{where}letter.txt", b"", f"cookie: {bad}")).body
    other = await house.link("secret.txt", password=link_password("sesame", WEAK))
    assert (await house.ask("GET", f"{other}secret.txt", b"", f"cookie: {kept}")).body != b"secret"
    house.now += 601_000
    assert (await house.ask("GET", f"{where}letter.txt", b"", f"cookie: {kept}")).body != b"hello"


async def test_guesses_are_throttled() -> None:
    house = await furnished()
    where = await house.link("top", password=link_password("sesame", WEAK))
    for _ in range(WEAK.failures_per_account):
        assert (await house.ask("POST", where, b"password=x")).status == 403
    said = await house.ask("POST", where, b"password=sesame")
    assert (said.status, "retry-after" in said.fields) == (429, True)


async def test_files_are_sent_and_nothing_is_shown_or_overwritten() -> None:
    house = await furnished()
    where = await house.link("top", "upload")
    page = await house.ask("GET", where)
    assert "letter.txt" not in page.text
    form = html.fromstring(page.body).find(".//form")
    assert (form.get("enctype"), form.get("action")) == ("multipart/form-data", where)
    assert (await house.ask("GET", f"{where}letter.txt")).status == 404
    said = await house.send(where, ("letter.txt", b"other"), ("C:\\some\\<b>.txt", bytes(70_000)))
    assert (said.status, "Received: letter (2).txt, <b>.txt" in said.text) == (201, True)
    assert b"<b>" not in said.body
    assert (await house.ask("GET", f"{await house.link('top/letter.txt')}letter.txt")).body == b"hello"
    large = await at(house.store, "top/<b>.txt")
    assert large is not None
    assert (large.size, large.media_type) == (70_000, "text/plain")


@pytest.mark.parametrize("name", ["..", ".", "a\x07b", "x" * 300, "folder/"])
async def test_names_that_no_file_may_have(name: str) -> None:
    house = await furnished()
    said = await house.send(await house.link("top", "upload"), (name, b"x"))
    assert said.status == 400
    assert await names(house.store, "top") == [EVIL, "inner", "letter.txt"]


async def test_uploads_that_do_not_fit() -> None:
    house = await furnished()
    where = await house.link("top", "upload")
    assert (await house.send(where, ("large", bytes(100_001)))).status == 413
    used = AccountChange(quota_octets=100)
    await house.store.write(change_account, "ann@example.org", used)
    said = await house.send(where, ("one", b"x"), ("two", bytes(200)))
    assert (said.status, "two: there is no room for it" in said.text) == (507, True)
    assert await names(house.store, "top") == [EVIL, "inner", "letter.txt", "one"]
    assert (await house.ask("POST", where, b"nonsense", "content-type: text/plain")).status == 400
    cut = await house.ask("POST", where, b"--b\r\n", "content-type: multipart/form-data; boundary=b")
    assert cut.status == 400
    assert (await house.send(where)).status == 400


async def test_an_upload_that_is_cut_leaves_nothing() -> None:
    house = await furnished()
    where = await house.link("top", "upload")
    wire = Wire(house.site)
    head = f"POST {where} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\ncontent-type: multipart/form-data; boundary=b"
    wire.send(f'{head}\r\n\r\n--b\r\nContent-Disposition: form-data; name="f"; filename="half"\r\n\r\nab'.encode())
    wire.lose()
    assert await names(house.store, "top") == [EVIL, "inner", "letter.txt"]


def test_tokens_stand_in_no_log() -> None:
    house = ShareHouse()
    for target in ("/share/1-10-abc/x?zip", "/%73hare/1-10-abc", "//share/1-10-abc", "http://x/share/1-10-abc"):
        assert house.site.shown(target) == "/share/..."
    assert house.site.shown("/dav/files/share/x") == "/dav/files/share/x"


def test_sizes() -> None:
    assert [size_text(size) for size in (0, 999, 1000, 1_500_000, 10**15)] == [
        "0 bytes", "999 bytes", "1.0 KB", "1.5 MB", "1000.0 TB",
    ]  # fmt: skip


async def test_pictures_of_what_can_be_seen() -> None:
    house = await furnished()
    folder, name = await split(house.store, "top/photo.png")
    painted = document("octets", "image/png")
    await house.store.write(put_document, 1, folder, name, painted, ME, LIMITS, NOW)
    where = await house.link("top")
    (picture,) = html.fromstring((await house.ask("GET", where)).body).iter("img")
    assert (picture.get("src"), picture.get("alt")) == (f"{where}photo.png?thumbnail=64", "")
    said = await house.ask("GET", picture.get("src"))
    assert (said.body, said.fields["content-type"]) == (b"picture", "image/webp")
    assert (await house.ask("GET", f"{where}letter.txt?thumbnail")).status == 404
    counted = await house.link("top", downloads=1)
    assert (await house.ask("GET", f"{counted}photo.png?thumbnail")).status == 404
    assert b"<img" not in (await house.ask("GET", counted)).body
