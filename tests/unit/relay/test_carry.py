"""Messages to a scripted server: what becomes of each recipient, at every step that can go wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from msgspec import structs

from posthouse.core.queue.contracts import CarriedRecipient
from posthouse.storage.blobs.contract import BlobDamaged
from tests.unit.relay.remote import (
    EXTENSIONS,
    GONE,
    HOST,
    MESSAGE,
    NOW,
    QUICK,
    SILENT,
    Octets,
    Remote,
    carried,
    hop,
    message,
    relay_to,
    results,
    session_to,
)

STEP_BY_STEP = ("SIZE 1000000", "8BITMIME")
CHUNKING = (*EXTENSIONS, "CHUNKING", "BINARYMIME")
EVERY_WAY = pytest.mark.parametrize(
    "extensions", [EXTENSIONS, STEP_BY_STEP, CHUNKING], ids=["at once", "steps", "bdat"]
)


@EVERY_WAY
async def test_taken(extensions: tuple[str, ...]) -> None:
    remote = Remote(*extensions)
    outcomes = await carried(remote, "bob@example.net", "carol@example.net")
    assert results(outcomes) == [("taken", 250, "2.0.0")] * 2
    assert outcomes[0].words == "queued as 4711"
    assert outcomes[0].host == HOST
    assert not outcomes[0].reports
    assert remote.messages == [MESSAGE]


async def test_the_envelope_goes_at_once_where_it_may() -> None:
    remote = Remote()
    await carried(remote, "bob@example.net", "carol@example.net")
    assert remote.said[0] == "EHLO mail.example.org"
    assert remote.said[1:] == [
        f"MAIL FROM:<alice@example.org> SIZE={len(MESSAGE)} BODY=8BITMIME",
        "RCPT TO:<bob@example.net>",
        "RCPT TO:<carol@example.net>",
        "DATA",
    ]
    assert max(remote.groups) == 4


async def test_and_step_by_step_where_not() -> None:
    remote = Remote(*STEP_BY_STEP)
    await carried(remote, "bob@example.net", "carol@example.net")
    assert max(remote.groups) == 1


async def test_many_recipients_in_groups() -> None:
    remote = Remote()
    outcomes = await carried(remote, *[f"person{number}@example.net" for number in range(250)])
    assert {outcome.result for outcome in outcomes} == {"taken"}
    assert [outcome.recipient for outcome in outcomes] == list(range(250))
    assert max(remote.groups) == QUICK.pipelined


@EVERY_WAY
@pytest.mark.parametrize(
    ("step", "reply", "result"),
    [
        ("MAIL", "451 4.3.0 not now", ("later", 451, "4.3.0")),
        ("MAIL", "550 5.7.1 not you", ("refused", 550, "5.7.1")),
        ("MAIL", "552 too much", ("refused", 552, "5.3.4")),
        ("RCPT", "450 4.2.1 greylisted", ("later", 450, "4.2.1")),
        ("RCPT", "550 5.1.1 who?", ("refused", 550, "5.1.1")),
        ("RCPT", "550 who?", ("refused", 550, "5.0.0")),
        ("RCPT", "552 too many recipients", ("later", 552, "4.5.3")),
        ("RCPT", "552 5.2.2 full", ("refused", 552, "5.2.2")),
        ("end", "451 4.7.1 later", ("later", 451, "4.7.1")),
        ("end", "554 5.7.1 spam", ("refused", 554, "5.7.1")),
    ],
)
async def test_refusals(extensions: tuple[str, ...], step: str, reply: str, result: tuple[str, int, str]) -> None:
    remote = Remote(*extensions, **{step: reply})
    session = await session_to(remote)
    assert results(await session.carry(message(), Octets())) == [result]
    # the session goes on: the next message comes through
    assert session.is_usable
    remote.replies[step] = {"end": "250 2.0.0 ok"}.get(step, "250 2.1.0 ok")
    assert results(await session.carry(message(), Octets())) == [("taken", 250, "2.0.0")]
    assert remote.messages[-1] == MESSAGE
    await session.quit()
    assert remote.verbs()[-1] == "QUIT"
    assert not session.is_usable


@pytest.mark.parametrize("extensions", [EXTENSIONS, STEP_BY_STEP])
@pytest.mark.parametrize(
    ("reply", "result"),
    [("451 4.3.0 not now", ("later", 451, "4.3.0")), ("554 5.5.1 no", ("refused", 554, "5.5.1"))],
)
async def test_data_is_refused(extensions: tuple[str, ...], reply: str, result: tuple[str, int, str]) -> None:
    remote = Remote(*extensions, DATA=[reply, "354 go on"])
    session = await session_to(remote)
    assert results(await session.carry(message(), Octets())) == [result]
    assert results(await session.carry(message(), Octets())) == [("taken", 250, "2.0.0")]
    assert remote.verbs().count("RSET") == 1


@EVERY_WAY
async def test_each_recipient_has_its_own_outcome(extensions: tuple[str, ...]) -> None:
    remote = Remote(*extensions, RCPT=["250 2.1.5 ok", "550 5.1.1 who?", "451 4.2.1 later", "251 2.1.5 forwarded"])
    outcomes = await carried(remote, "a@x.example", "b@x.example", "c@x.example", "d@x.example")
    assert [outcome.result for outcome in outcomes] == ["taken", "refused", "later", "taken"]
    assert remote.messages == [MESSAGE]


async def test_nobody_is_taken_and_the_server_waits_for_a_message_all_the_same() -> None:
    remote = Remote(RCPT="550 5.1.1 who?", end="554 5.5.1 no valid recipients")
    session = await session_to(remote)
    assert results(await session.carry(message(), Octets())) == [("refused", 550, "5.1.1")]
    assert remote.messages == [b""]
    assert session.is_usable


async def test_rset_comes_only_when_it_must() -> None:
    remote = Remote(
        RCPT=["250 ok", "250 ok", "550 5.1.1 who?", "250 ok"], DATA=["354 go", "354 go", "554 no", "354 go"]
    )
    session = await session_to(remote)
    for _ in range(4):
        await session.carry(message(), Octets())
    assert remote.verbs() == ["EHLO", *["MAIL", "RCPT", "DATA"] * 3, "RSET", "MAIL", "RCPT", "DATA"]


@EVERY_WAY
@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "end"])
@pytest.mark.parametrize("reply", [GONE, SILENT, "421 4.3.2 closing", "hello", "x" * 5000, "250-a\r\n251 b"])
async def test_the_session_breaks(extensions: tuple[str, ...], step: str, reply: str) -> None:
    """Gone, tarpit, closing, nonsense, oversize, contradiction: tried later, on another connection."""
    if step == "DATA" and "CHUNKING" in extensions:
        return  # has none
    remote = Remote(*extensions, **{step: reply})
    session = await session_to(remote)
    (outcome,) = await session.carry(message(), Octets())
    assert outcome.result == "later"
    assert outcome.status[0] == "4"
    assert outcome.code == (421 if reply.startswith("421") else 0)
    assert outcome.words
    assert not session.is_usable
    assert not remote.channels[0].is_open
    assert results(await session.carry(message(), Octets())) == [("later", 0, "4.4.2")]
    await session.quit()


@EVERY_WAY
@pytest.mark.parametrize("last", [GONE, "421 4.7.0 enough"])
async def test_what_was_decided_before_it_broke_stays(extensions: tuple[str, ...], last: str) -> None:
    remote = Remote(*extensions, RCPT=["550 5.1.1 who?", "250 2.1.5 ok", last])
    outcomes = await carried(remote, "a@x.example", "b@x.example", "c@x.example")
    assert [outcome.result for outcome in outcomes] == ["refused", "later", "later"]


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "end"])
async def test_a_reply_that_asks_for_more_where_there_is_none(step: str) -> None:
    remote = Remote(**{step: "354 go on"})
    (outcome,) = await carried(remote)
    assert (outcome.result, outcome.status) == ("later", "4.5.0")


async def test_a_server_that_takes_the_message_before_it_has_come() -> None:
    (outcome,) = await carried(Remote(DATA="250 ok"))
    assert (outcome.result, outcome.status) == ("later", "4.5.0")


@pytest.mark.parametrize("extensions", [EXTENSIONS, CHUNKING])
async def test_a_server_that_takes_no_octets(extensions: tuple[str, ...]) -> None:
    remote = Remote(*extensions)
    session = await session_to(remote)
    remote.channels[0].took_nothing = True
    (outcome,) = await session.carry(message(), Octets())
    assert (outcome.result, outcome.code) == ("later", 0)
    assert "took nothing" in outcome.words
    assert not session.is_usable


@pytest.mark.parametrize(
    ("words", "result"),
    [
        ("552 5.3.4 too large", ("refused", 552, "5.3.4")),
        ("451 4.3.1 disk full", ("later", 451, "4.3.1")),
        ("421 4.3.2 closing", ("later", 421, "4.3.2")),
        ("250 2.0.0 ok", ("later", 0, "4.4.2")),
    ],
)
async def test_what_it_says_before_it_takes_no_more_counts_when_it_is_a_refusal(
    words: str, result: tuple[str, int, str]
) -> None:
    remote = Remote()
    session = await session_to(remote)
    channel = remote.channels[0]

    class Cut(Octets):
        async def chunks(self) -> AsyncIterator[bytes]:
            yield b"Subject: half\r\n"
            channel.reply(words)
            channel.is_open = False
            yield b"\r\nmore\r\n"

    assert results(await session.carry(message(), Cut())) == [result]
    assert not session.is_usable


@EVERY_WAY
async def test_a_message_that_is_damaged_here(extensions: tuple[str, ...]) -> None:
    remote = Remote(*extensions)
    session = await session_to(remote)
    content = Octets(size=1000)
    content.error = BlobDamaged("blob 7", "missing")
    assert results(await session.carry(message(), content)) == [("later", 0, "4.3.0")]
    assert remote.messages == []
    assert not session.is_usable


@pytest.mark.parametrize("size", [len(MESSAGE) - 1, len(MESSAGE) + 1])
async def test_a_chunk_whose_size_is_wrong_is_never_ended(size: int) -> None:
    remote = Remote(*CHUNKING)
    session = await session_to(remote)
    assert results(await session.carry(message(), Octets(size=size))) == [("later", 0, "4.3.0")]
    assert not session.is_usable


async def test_a_carrying_that_is_cancelled_leaves_no_half_message() -> None:
    remote = Remote()
    session = await session_to(remote)
    remote.channels[0].took_nothing = True
    carrying = asyncio.ensure_future(session.carry(message(), Octets()))
    await asyncio.sleep(0)
    carrying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await carrying
    assert not remote.channels[0].is_open
    assert remote.messages == []


# What a message needs and a server has


@pytest.mark.parametrize(
    ("fields", "extensions", "status"),
    [
        ({"body": "BINARYMIME"}, (*EXTENSIONS, "CHUNKING"), "5.6.1"),
        ({"utf8": True}, EXTENSIONS, "5.6.7"),
        ({"sender": "grüße@example.org"}, EXTENSIONS, "5.6.7"),
        ({"size": 1_000_001}, EXTENSIONS, "5.3.4"),
        ({"require_tls": True}, (*EXTENSIONS, "REQUIRETLS"), "5.7.30"),
        ({"deliver_by": NOW + 60_000, "deliver_by_mode": "R"}, EXTENSIONS, "5.3.3"),
        ({"deliver_by": NOW + 60_000, "deliver_by_mode": "R"}, (*EXTENSIONS, "DELIVERBY 61"), "5.4.7"),
        ({"deliver_by": NOW, "deliver_by_mode": "R"}, (*EXTENSIONS, "DELIVERBY"), "5.4.7"),
    ],
)
async def test_what_cannot_be_carried_there(
    fields: dict[str, object], extensions: tuple[str, ...], status: str
) -> None:
    remote = Remote(*extensions)
    (outcome,) = await carried(remote, **fields)
    assert (outcome.result, outcome.code, outcome.status) == ("refused", 0, status)
    assert outcome.words
    assert outcome.again == ("" if fields.get("deliver_by") == NOW else "elsewhere")
    assert remote.verbs() == ["EHLO"]


@pytest.mark.parametrize(
    ("fields", "extensions", "parameters"),
    [
        ({}, ("HELP",), ""),
        ({"body": "7BIT"}, ("8BITMIME",), ""),
        ({"body": "8BITMIME"}, ("SIZE",), f" SIZE={len(MESSAGE)}"),  # as it is, where 8BITMIME is not known
        ({"utf8": True}, ("SMTPUTF8", "8BITMIME"), " BODY=8BITMIME SMTPUTF8"),
        ({"body": "BINARYMIME"}, ("BINARYMIME", "CHUNKING"), " BODY=BINARYMIME"),
        ({"ret": "HDRS", "envelope_id": "QQ+31"}, ("DSN",), " RET=HDRS ENVID=QQ+2B31"),
        ({"ret": "HDRS", "envelope_id": "QQ+31"}, ("HELP",), ""),
        ({"deliver_by": NOW + 60_500, "deliver_by_mode": "R"}, ("DELIVERBY 60",), " BY=60;R"),
        ({"deliver_by": NOW - 5000, "deliver_by_mode": "N", "deliver_by_trace": True}, ("DELIVERBY",), " BY=-5;NT"),
        ({"deliver_by": NOW - 5000, "deliver_by_mode": "N"}, ("HELP",), ""),
        ({"priority": -3}, ("MT-PRIORITY",), " MT-PRIORITY=-3"),
        ({"priority": -3}, ("HELP",), ""),
    ],
)
async def test_parameters_of_mail(fields: dict[str, object], extensions: tuple[str, ...], parameters: str) -> None:
    remote = Remote(*extensions)
    assert results(await carried(remote, **fields))[0][0] == "taken"
    assert remote.said[1] == f"MAIL FROM:<alice@example.org>{parameters}"


async def test_require_tls_is_passed_on_to_who_has_proved_himself() -> None:
    remote = Remote(*EXTENSIONS, "STARTTLS", "REQUIRETLS")
    session = await session_to(remote, "verified", verdict=True)
    assert results(await session.carry(message(require_tls=True), Octets())) == [("taken", 250, "2.0.0")]
    assert " REQUIRETLS" in next(line for line in remote.said if line.startswith("MAIL"))
    remote = Remote(*EXTENSIONS, "STARTTLS")
    session = await session_to(remote, "verified", verdict=True)
    assert results(await session.carry(message(require_tls=True), Octets())) == [("refused", 0, "5.7.30")]


async def test_the_null_sender() -> None:
    remote = Remote("HELP")
    await carried(remote, sender="")
    assert remote.said[1] == "MAIL FROM:<>"


@pytest.mark.parametrize(("extensions", "reports"), [(("DSN",), True), (("HELP",), False)])
async def test_what_recipients_want_reported(extensions: tuple[str, ...], reports: bool) -> None:
    remote = Remote(*extensions)
    session = await session_to(remote)
    wanting = CarriedRecipient(7, "bob@example.net", ("success", "delay"), "rfc822;bob+x@example.org")
    (outcome,) = await session.carry(structs.replace(message(), recipients=(wanting,)), Octets())
    assert outcome.recipient == 7
    assert outcome.reports == reports
    parameters = " NOTIFY=SUCCESS,DELAY ORCPT=rfc822;bob+2Bx@example.org" if reports else ""
    assert remote.said[2] == f"RCPT TO:<bob@example.net>{parameters}"


async def test_who_is_refused_is_not_reported_by_the_server() -> None:
    (outcome,) = await carried(Remote("DSN", end="554 5.7.1 no"))
    assert not outcome.reports


async def test_no_more_recipients_than_the_server_takes() -> None:
    remote = Remote(*EXTENSIONS, "LIMITS RCPTMAX=2")
    outcomes = await carried(remote, "a@x.example", "b@x.example", "c@x.example")
    assert results(outcomes) == [("taken", 250, "2.0.0"), ("taken", 250, "2.0.0"), ("later", 0, "4.5.3")]
    assert [outcome.again for outcome in outcomes] == ["", "", "at once"]


@pytest.mark.parametrize(("first", "again"), [("250 ok", "at once"), ("450 4.2.0 not now", "")])
async def test_too_many_for_the_server_go_at_once_when_it_took_any(first: str, again: str) -> None:
    outcomes = await carried(Remote("HELP", RCPT=[first, "452 4.5.3 too many"]), "a@x.example", "b@x.example")
    assert (outcomes[1].result, outcomes[1].again) == ("later", again)


async def test_no_more_messages_than_the_server_takes() -> None:
    session = await session_to(Remote(*EXTENSIONS, "LIMITS MAILMAX=2"))
    for usable in (True, False):
        await session.carry(message(), Octets())
        assert session.is_usable == usable


async def test_addresses_that_would_break_out_are_refused_here() -> None:
    remote = Remote()
    outcomes = await carried(remote, "a@x.example> SIZE=1", "b@x.example", "c@x\r\nDATA", "")
    assert results(outcomes) == [
        ("refused", 0, "5.1.3"),
        ("taken", 250, "2.0.0"),
        ("refused", 0, "5.1.3"),
        ("refused", 0, "5.1.3"),
    ]
    assert results(await carried(Remote(), sender="a@x\r\nQUIT")) == [("refused", 0, "5.1.7")]


async def test_a_server_that_has_spoken_unasked_is_not_usable() -> None:
    remote = Remote()
    session = await session_to(remote)
    assert session.is_usable
    remote.channels[0].reply("421 4.4.2 idle for too long")
    assert not session.is_usable


@pytest.mark.parametrize("reply", ["221 bye", GONE, SILENT, "500 what?", "nonsense"])
async def test_goodbye_whatever_the_server_makes_of_it(reply: str) -> None:
    remote = Remote(QUIT=reply)
    session = await session_to(remote)
    await session.quit()
    assert not remote.channels[0].is_open
    await relay_to(remote).connect(hop())
