"""Transfer encodings undone in pieces, folding, and texts found across them."""

from __future__ import annotations

import base64
import quopri

from hypothesis import given
from hypothesis import strategies as st

from posthouse.core.mail.criteria.content import open_content
from posthouse.core.mail.octets import Octets
from posthouse.formats.casemap import casemap
from posthouse.formats.mime.decoder import TransferDecoder
from posthouse.formats.mime.scanner import Scanner
from posthouse.storage.blobs.memory import MemoryBlobs
from posthouse.storage.blobs.records import BlobPlace


def decoded(encoding: str, octets: bytes, cuts: list[int]) -> bytes:
    decoder = TransferDecoder(encoding)
    out = b""
    at = 0
    for cut in [*sorted(cuts), len(octets)]:
        out += decoder.feed(octets[at : max(at, cut)])
        at = max(at, cut)
    return out + decoder.finish()


@given(st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=5))
def test_base64_in_pieces(octets: bytes, cuts: list[int]) -> None:
    assert decoded("base64", base64.encodebytes(octets).replace(b"\n", b"\r\n"), cuts) == octets
    assert decoded("BASE64", base64.b64encode(octets).rstrip(b"="), cuts) == octets


@given(st.binary(max_size=300), st.lists(st.integers(0, 900), max_size=5))
def test_quoted_printable_in_pieces(octets: bytes, cuts: list[int]) -> None:
    coded = quopri.encodestring(octets, quotetabs=True)
    assert decoded("quoted-printable", coded, cuts) == quopri.decodestring(coded)


@given(st.sampled_from(["base64", "quoted-printable", "8bit", "x"]), st.binary(), st.lists(st.integers(0, 200)))
def test_nothing_fails(encoding: str, octets: bytes, cuts: list[int]) -> None:
    decoded(encoding, octets, cuts)


async def found(octets: bytes, *texts: str) -> set[str]:
    scanner = Scanner()
    scanner.feed(octets)
    root = scanner.close()
    blobs = MemoryBlobs(inline_octets=0)
    blobs.files["x"] = octets
    place = BlobPlace(b"", len(octets), None, "x")
    content = await open_content(Octets(place, blobs), root, frozenset(casemap(text) for text in texts))
    return content.found


async def test_a_text_across_two_pieces_is_found() -> None:
    for before in (65_530, 65_536, 131_060):
        octets = b"Subject: x\r\n\r\n" + b"a" * before + b"needle" + b"b" * 100_000
        assert await found(octets, "needle", "nothing") == {"NEEDLE"}


async def test_a_large_encoded_text_is_found() -> None:
    text = ("line of text\n" * 20_000 + "die Straße in Köln\n").encode("iso-8859-1")
    head = b"Content-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    assert await found(head + base64.encodebytes(text), "straße in KÖLN") == {casemap("Straße in Köln")}


async def test_what_is_no_text_is_not_searched() -> None:
    head = b"Content-Type: application/pdf\r\n\r\n"
    assert await found(head + b"needle", "needle") == set()
