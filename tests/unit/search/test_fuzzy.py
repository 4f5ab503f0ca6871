"""Words found though they are not quite those that stand there, the best first; RFC 6203."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from posthouse.core.search.contract import Field
from posthouse.core.search.settings import SearchSettings
from posthouse.formats.documents.kinds import Kind
from posthouse.formats.documents.reading import document_text
from tests.unit.documents.samples import docx, pdf
from tests.unit.imap.world import open_world
from tests.unit.search.house import House
from tests.unit.search.test_imap import Indexed

EVERYWHERE = tuple(Field)

RUNNING = (
    b"Subject: Running shoes\r\nFrom: =?utf-8?q?Zo=C3=AB?= <zoe@example.org>\r\n\r\n"
    b"The runners' schedule for Saturday.\r\n"
)
RELAY = b"Subject: Relay\r\nFrom: Tom <tom@example.org>\r\n\r\nHe runs, and runs. A schedule follows.\r\n"
HTML = b"Subject: web\r\nContent-Type: text/html\r\n\r\n<style>hidden {}</style><p>Quarterly <b>figures</b></p>\r\n"


def attached(name: str, type_: str, octets: bytes) -> bytes:
    """A message with a file."""
    return (
        b"Subject: see attached\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nhere it is\r\n--x\r\n"
        + f"Content-Type: {type_}; name={name}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode()
        + base64.encodebytes(octets).replace(b"\n", b"\r\n")
        + b"--x--\r\n"
    )


class InPlace:
    """Reads files here."""

    async def text(self, kind: Kind, octets: bytes) -> str:
        return document_text(kind, octets, 10_000)


async def ranked(house: House, text: str, *fields: Field, account: int = 1) -> list[int]:
    """Numbers of the messages, the best first."""
    ranking = await house.search.ranking(account, fields or EVERYWHERE, text)
    assert all(0 < points <= 1 for points in ranking.points.values())
    return sorted(ranking.points, key=lambda number: -ranking.points[number])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("run", [2, 1]),  # word endings
        ("RUNNING", [1, 2]),  # in the subject
        ("schedul", [1, 2]),
        ("shedule saturday", [1]),  # a letter is missing
        ("satur", [1]),  # the beginning of a word
        ("zoe", [1]),  # accents
        ("quarterly figure", [3]),
        ("hidden", []),
        ("saturday relay", []),
        ("", []),
        ("?!", []),
    ],
)
async def test_words(tmp_path: Path, text: str, found: list[int]) -> None:
    house = await House.open(tmp_path)
    await house.add(RUNNING, RELAY, HTML)
    await house.catch_up()
    assert sorted(await ranked(house, text)) == sorted(found)


async def test_the_best_comes_first(tmp_path: Path) -> None:
    house = await House.open(tmp_path)
    await house.add(b"Subject: shoe\r\n\r\nshop\r\n", RUNNING, b"Subject: shore\r\n\r\nnone\r\n")
    await house.catch_up()
    assert await ranked(house, "shore", Field.SUBJECT) == [3, 1, 2]
    assert await ranked(house, "shoes", Field.SUBJECT) == [1, 2, 3]


async def test_fields_and_accounts_are_apart(tmp_path: Path) -> None:
    house = await House.open(tmp_path)
    await house.add(RUNNING, RELAY)
    await house.add(HTML, account=2)
    await house.catch_up()
    assert await ranked(house, "relay", Field.BODY) == []
    assert await ranked(house, "relay", Field.SUBJECT) == [2]
    assert await ranked(house, "tom", Field.FROM) == [2]
    assert await ranked(house, "tom", Field.TO) == []
    assert await ranked(house, "figures") == []
    assert await ranked(house, "figures", account=2) == [1]


async def test_attached_files_are_looked_into(tmp_path: Path) -> None:
    house = await House.open(tmp_path)
    house.attachments = InPlace()
    await house.add(
        attached("report.pdf", "application/pdf", pdf("Revenue of kumquats")),
        attached("letter.docx", "application/octet-stream", docx("Dear marmalade makers")),
        attached("kumquats.png", "image/png", b"no text"),
    )
    await house.catch_up()
    assert sorted(await ranked(house, "kumquat", Field.FILES)) == [1, 3]
    assert await ranked(house, "marmalade", Field.FILES) == [2]
    # a substring is looked for in headers and parts of text alone
    assert await house.found("kumquats") == ({3}, set())
    assert await house.found("marmalade") == (set(), set())


async def test_a_file_that_is_too_large_is_left_out(tmp_path: Path) -> None:
    house = await House.open(tmp_path, SearchSettings(attachment_octets=100))
    house.attachments = InPlace()
    await house.add(attached("report.pdf", "application/pdf", pdf("Revenue")))
    await house.catch_up()
    assert await ranked(house, "revenue", Field.FILES) == []
    assert await ranked(house, "report", Field.FILES) == [1]


async def test_imap_ranks_and_sorts(tmp_path: Path) -> None:
    both = Indexed(await open_world(), tmp_path)
    client, _ = await both.clients()
    for octets in (RELAY, HTML, RUNNING):
        await client.ok(b"APPEND INBOX {%d+}\r\n%s" % (len(octets), octets))
    await both.catch_up()
    assert await client.ok("SEARCH FUZZY SUBJECT runing") == [b"* SEARCH 3"]
    (answer,) = await client.ok("SEARCH RETURN (ALL RELEVANCY) FUZZY TEXT run")
    scores = [int(each) for each in answer.rpartition(b"(")[2].rstrip(b")").split()]
    assert b" ALL 1,3 RELEVANCY (" in answer
    assert max(scores) == 100
    best = [1, 3] if scores[0] > scores[1] else [3, 1]
    assert await client.ok("SORT (RELEVANCY) UTF-8 FUZZY TEXT run") == [b"* SORT %d %d" % tuple(best)]
    assert await client.ok("SORT (REVERSE RELEVANCY) UTF-8 FUZZY TEXT run") == [b"* SORT %d %d" % tuple(best[::-1])]
    assert await client.ok("SEARCH NOT FUZZY TEXT run") == [b"* SEARCH 2"]
    await client.ok(b"APPEND INBOX {%d+}\r\n%s" % (len(RELAY), RELAY))  # not indexed: all words have to be there
    assert await client.ok("SEARCH FUZZY TEXT run") == [b"* SEARCH 1 3 4"]
    assert await client.ok("SEARCH FUZZY TEXT shedule") == [b"* SEARCH 1 3"]
    assert await client.ok("SEARCH RETURN (ALL RELEVANCY) FUZZY SUBJECT relay 4") == [
        b'* ESEARCH (TAG "t%d") ALL 4 RELEVANCY (1)' % client._tags
    ]
    both.close()
