"""IMAP's SEARCH answers the same with an index, with half of one and without any."""

from __future__ import annotations

import base64
import quopri
import random
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from posthouse.core.search.index import Index
from posthouse.core.search.indexer import Indexer, Notices
from posthouse.core.search.lull import Lull
from posthouse.core.search.reading import MessageReader
from posthouse.core.search.searcher import IndexSearch
from posthouse.core.search.settings import SearchSettings
from posthouse.server.indexer.folder import IndexFolder, index_directory
from posthouse.storage.contract import Store
from posthouse.storage.memory import MemoryStore
from tests.conftest import LOOP
from tests.unit.imap.client import Client
from tests.unit.imap.world import PASSWORD, World, open_world
from tests.unit.search.house import Count

SETTINGS = SearchSettings(text_octets=4096)
PIECES = (
    "a",
    "b",
    "A",
    "ab",
    "ß",
    "ss",
    "É",
    "e\u0301",
    "ü",
    "İ",
    "ﬁ",
    "fi",
    "漢",
    "字",
    "漢字",
    "Σ",
    "ς",
    " ",
    "\r\n",
    "=",
    "x",
)


class Indexed:
    """One mail server, and an index of it that is only as far as `catch_up` brought it."""

    def __init__(self, plain: World, base: Path) -> None:
        self.plain = plain
        self._base = base
        self._kept: Store = MemoryStore(None)
        self._executor = ThreadPoolExecutor(1)
        search = IndexSearch(plain.store, self._kept, self._open, self._executor)
        self.world = World(plain.store, msgspec.structs.replace(plain.contracts, search=search))

    def _open(self) -> Index:
        return Index(index_directory(self._base), SETTINGS.language)

    async def catch_up(self) -> None:
        """Index what there is."""
        reader = MessageReader(self.plain.contracts.blobs, SETTINGS, None)
        folder = IndexFolder(self._base, SETTINGS)
        indexer = Indexer(
            self.plain.store, self._kept, folder, reader, SETTINGS, Notices(Lull(0.0, time.monotonic)), Count()
        )
        await indexer.catch_up()

    def close(self) -> None:
        """End its thread."""
        self._executor.shutdown()

    async def clients(self) -> tuple[Client, Client]:
        """One that has the index and one that has not."""
        both = self.world.connect(), self.plain.connect()
        for client in both:
            await client.greeting()
            await client.ok(f"LOGIN alice@example.org {PASSWORD}")
            await client.ok("SELECT INBOX")
        return both


def text(choice: random.Random, most: int) -> str:
    """Some text of few and difficult letters."""
    return "".join(choice.choices(PIECES, k=choice.randint(0, most)))


def leaf(choice: random.Random) -> bytes:
    """A part of text, in whatever dress."""
    charset = choice.choice(["utf-8", "utf-8", "iso-8859-1", "utf-16"])
    octets = text(choice, 40).encode(charset, "replace")
    encoding = choice.choice(
        ["base64", "quoted-printable"] if charset == "utf-16" else ["8bit", "base64", "quoted-printable"]
    )
    coded = {"base64": base64.encodebytes, "quoted-printable": quopri.encodestring}.get(encoding, bytes)(octets)
    subtype = choice.choice(["plain", "html"])
    head = f"Content-Type: text/{subtype}; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + coded.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def message(choice: random.Random) -> bytes:
    """A message of one part or some."""
    subject = base64.b64encode(text(choice, 8).replace("\r\n", " ").encode()).decode()
    head = f"Subject: =?utf-8?b?{subject}?=\r\nFrom: ab <a@b.example>\r\n".encode()
    shape = choice.randrange(5)
    if shape < 3:
        return head + leaf(choice)
    if shape == 3:
        parts = b"".join(b"--x\r\n" + leaf(choice) + b"\r\n" for _ in range(3))
        return head + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + parts + b"--x--\r\n"
    long = b"long " * 1000 + text(choice, 5).encode()
    inner = b"Content-Type: message/rfc822\r\n\r\n" + head + b"\r\n" + choice.choice([b"ab", long])
    return head + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n" + inner + b"\r\n--x--\r\n"


def question(choice: random.Random, depth: int = 2) -> bytes:
    """A search key; texts as literals."""
    kind = choice.randrange(8)
    if depth and kind == 0:
        return b"NOT " + question(choice, depth - 1)
    if depth and kind == 1:
        return b"OR " + question(choice, depth - 1) + b" " + question(choice, depth - 1)
    if depth and kind == 2:
        return question(choice, depth - 1) + b" " + question(choice, depth - 1)
    if kind == 3:
        return b"UNDELETED"
    wanted = choice.choice([text(choice, 4), text(choice, 4).swapcase(), "subject", "long long"]).encode()
    return b"%s {%d+}\r\n%s" % (choice.choice([b"BODY", b"TEXT"]), len(wanted), wanted)


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_the_same_is_found(seed: int) -> None:
    LOOP.run_until_complete(compare(random.Random(seed)))


async def compare(choice: random.Random) -> None:
    with tempfile.TemporaryDirectory() as base:
        both = Indexed(await open_world(inline_octets=choice.choice([0, 4096])), Path(base))
        client, plain = await both.clients()
        for some in range(2):
            for _ in range(choice.randint(1, 6)):
                octets = message(choice)
                await client.ok(b"APPEND INBOX {%d+}\r\n%s" % (len(octets), octets))
            await client.ok(f"STORE {choice.randint(1, len(client.entries))} +FLAGS (\\Deleted)")
            await client.ok(
                choice.choice(["EXPUNGE", "NOOP", "COPY 1 INBOX", "MOVE 1 Trash"])
                if len(client.entries) > 1
                else "NOOP"
            )
            if not some:
                await both.catch_up()
        await client.ok("NOOP")
        await plain.ok("NOOP")
        for _ in range(8):
            asked = b"UID SEARCH CHARSET UTF-8 " + question(choice)
            assert await client.ok(asked) == await plain.ok(asked), asked
        both.close()
