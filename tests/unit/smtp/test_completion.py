"""What becomes of users' own messages: fields that miss, Bcc, signatures."""

from __future__ import annotations

import itertools
import re

import dkim
import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.core.accounts.aliases import add_alias
from posthouse.core.accounts.domains import add_domain
from posthouse.core.dkim.keys import add_keys
from posthouse.core.dkim.records import DkimKey
from posthouse.formats.dkim.body import BodyHash
from posthouse.formats.dkim.keys import ALGORITHMS, generate
from posthouse.protocols.smtp.completion import Completion
from tests.unit.imap.world import NOW
from tests.unit.smtp.test_queueing import login, look, submit
from tests.unit.smtp.world import BOB, open_world

MESSAGES = st.lists(st.sampled_from([b"Bcc", b":", b" ", b"\r\n", b"a", b"\r\n\r\n", b"Date: x\r\n", b"\xff"])).map(
    b"".join
)
DATE, ID = b"Date: now\r\n", b"Message-ID: <1@x>\r\n"


def completed(message: bytes, cuts: list[int]) -> tuple[bytes, Completion]:
    """A message that comes in pieces, as it goes on."""
    completion = Completion("now", "1@x", 1_000_000)
    places = sorted({0, len(message), *(cut % (len(message) + 1) for cut in cuts)})
    through = b"".join(completion.feed(message[start:stop]) for start, stop in itertools.pairwise(places))
    return through + completion.close(), completion


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b"Subject: x\r\n\r\nbody\r\n", DATE + ID + b"Subject: x\r\n\r\nbody\r\n"),
        (b"DATE : x\r\nmessage-id: y\r\n\r\n", b"DATE : x\r\nmessage-id: y\r\n\r\n"),
        (DATE + b"Bcc: a@b,\r\n\tc@d\r\nTo: e@f\r\nbcc:\r\n\r\nBcc: x\r\n", ID + DATE + b"To: e@f\r\n\r\nBcc: x\r\n"),
        (ID + b"To: a\r\n\tbcc: b\r\nResent-Bcc : c\r\n", DATE + ID + b"To: a\r\n\tbcc: b\r\n"),
        (b"just text\r\n", DATE + ID + b"\r\njust text\r\n"),
        (b"just text\r\n\r\nmore\r\n", DATE + ID + b"\r\njust text\r\n\r\nmore\r\n"),
        (b"\r\nbody\r\n\r\n", DATE + ID + b"\r\nbody\r\n\r\n"),
        (b"", DATE + ID),
    ],
)
@given(cuts=st.lists(st.integers(0, 200), max_size=8))
def test_completed(message: bytes, expected: bytes, cuts: list[int]) -> None:
    through, completion = completed(message, cuts)
    assert through == expected
    header, _, body = (b"\r\n" + expected).partition(b"\r\n\r\n")
    whole = BodyHash()
    whole.feed(body)
    assert completion.header == header[2:].removesuffix(b"\r\n") + b"\r\n"
    assert completion.body_hash == whole.digest()


@given(MESSAGES, st.lists(st.integers(0, 200), max_size=8))
def test_any_message_goes_through(message: bytes, cuts: list[int]) -> None:
    through, completion = completed(message, cuts)
    assert through == completed(message, [])[0]
    _, _, body = message.partition(b"\r\n\r\n")
    assert through.endswith(body)
    assert re.search(rb"^bcc[ \t]*:", completion.header, re.IGNORECASE | re.MULTILINE) is None
    assert completion.header.lower().count(b"date:") >= 1


def new_keys(domain: str) -> list[DkimKey]:
    """One of each algorithm."""
    return [
        DkimKey(domain, f"s{number}", algorithm, key.octets(), key.record(), NOW, NOW)
        for number, (algorithm, key) in enumerate((algorithm, generate(algorithm)) for algorithm in ALGORITHMS)
    ]


async def test_a_header_without_end_is_refused() -> None:
    world = await open_world("submission", header_octets=16_384)
    message = "".join(f"X-{number}: {'x' * 60}\r\n" for number in range(400))
    assert (await submit(await login(world), "<alice@example.org>", "<bob@example.org>", message=message)).startswith(
        "552 5.3.4"
    )
    assert await world.inbox(BOB) == []


async def test_a_users_message_is_completed_and_signed() -> None:
    world = await open_world("submission")
    keys = new_keys("example.org")
    await world.store.write(add_keys, keys)
    message = "From: <alice@example.org>\r\nBcc: <carol@example.com>\r\nSubject: a  b\r\n\r\nhello \r\n\r\n"
    reply = await submit(
        await login(world), "<alice@example.org>", "<bob@example.org>", "<ann@example.net>", message=message
    )
    queued, _ = await look(world, reply)
    (stored,) = await world.inbox(BOB)
    assert b"Bcc" not in stored
    assert b"\r\nMessage-ID: <%b@mail.example.org>\r\n" % reply.split()[-1].encode() in stored
    assert b"\r\nDate: Mon, 21 Sep 2026 14:13:20 +0000\r\n" in stored
    assert not stored.startswith(b"DKIM")
    sent = queued.prefix + stored[queued.start :]
    assert queued.size == len(sent)
    records = {f"{key.selector}._domainkey.example.org.".encode(): key for key in keys}

    def txt(name: bytes, timeout: int = 0) -> bytes:
        return records[name].record.encode()

    verifier = dkim.DKIM(sent)
    assert [verifier.verify(number, dnsfunc=txt) for number in range(2)] == [True, True]


@pytest.mark.parametrize(
    ("field", "domain"),
    [
        ("From: Ann <ann@Bücher.example>\r\n", "xn--bcher-kva.example"),
        (
            "From: =?utf-8?q?A=2C?= joe@example.net,\r\n (of ours) <ann@xn--bcher-kva.example>\r\n",
            "xn--bcher-kva.example",
        ),
        ("From: <bob@xn--bcher-kva.example>\r\n", "example.org"),  # of our domain, and not hers
        ("From: <joe@example.net>\r\n", "example.org"),
        ("From: <ann@keyless.example>\r\n", "example.org"),
        ("From: all: ;\r\n", "example.org"),
        ("From: \xff@\r\n", "example.org"),
        ("", "example.org"),
    ],
)
async def test_the_domain_in_from_signs_where_it_is_the_users(field: str, domain: str) -> None:
    """DMARC wants a signature of that domain; the envelope's may be another of the user's."""
    world = await open_world("submission")
    for other in ("xn--bcher-kva.example", "keyless.example"):
        await world.store.write(add_domain, other, None, NOW)
        await world.store.write(add_alias, f"ann@{other}", ["alice@example.org"])
    await world.store.write(add_alias, "bob@bücher.example", ["bob@example.org"])
    for signing in ("example.org", "xn--bcher-kva.example"):
        await world.store.write(add_keys, new_keys(signing))
    mail = "<alice@example.org> SMTPUTF8"
    reply = await submit(await login(world), mail, "<ann@example.net>", message=f"{field}\r\nhello\r\n")
    message, _ = await look(world, reply)
    assert re.findall(rb"[ \t]d=([^;]+);", message.prefix) == [domain.encode()] * 2
