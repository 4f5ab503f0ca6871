"""Sessions in every state, spoiled: what comes is answered as the grammar has it, nothing fails inside, and they go on.

What is spoiled are the clients' lines of all transcripts. Short by default; POSTHOUSE_TEST_LONG makes it long. The seed
is printed; POSTHOUSE_TEST_SEED takes it.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from posthouse.protocols.imap.wire.limits import WireLimits
from tests.transcripts.runner import MemoryTransport
from tests.unit.imap.test_session import fill
from tests.unit.imap.world import World, open_world

ROUNDS = 400 if os.environ.get("POSTHOUSE_TEST_LONG") else 25
LINES = [
    line.split(": ", 1)[1].encode()
    for path in sorted((Path(__file__).parents[2] / "transcripts/imap").glob("*.txt"))
    for line in path.read_text().splitlines()
    if re.match(r"C\d?: .", line)
]
LOGIN = b"l LOGIN alice@example.org secret\r\n"
STATES = {
    "not authenticated": b"",
    "authenticating": b"x AUTHENTICATE PLAIN\r\n",
    "authenticated": LOGIN,
    "enabled": LOGIN + b"e ENABLE CONDSTORE QRESYNC IMAP4rev2 UTF8=ACCEPT\r\ns SELECT INBOX\r\n",
    "selected": LOGIN + b"s SELECT INBOX\r\n",
    "examined": LOGIN + b"s EXAMINE INBOX\r\n",
    "idling": LOGIN + b"s SELECT INBOX\r\ni IDLE\r\n",
    "notifying": LOGIN
    + b"s SELECT INBOX\r\nn NOTIFY SET STATUS (SELECTED (MessageNew (FLAGS) MessageExpunge FlagChange)) "
    + b"(PERSONAL (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange))\r\n",
    "without numbers": LOGIN + b"e ENABLE UIDONLY QRESYNC\r\ns SELECT INBOX\r\n",
    "in a search folder": LOGIN
    + b'c CREATE Some\r\nm SETMETADATA Some (/private/vendor/posthouse/search "SEEN OR FLAGGED UNDELETED" '
    + b"/private/vendor/posthouse/search-main INBOX)\r\ns SELECT Some\r\n",
    "in German": b"g LANGUAGE de\r\n" + LOGIN + b"s SELECT INBOX\r\n",
    "in a literal": LOGIN + b"a APPEND INBOX {20+}\r\nSubj",
    "among parts": LOGIN + b"s SELECT INBOX\r\na UID REPLACE 1 INBOX CATENATE (URL ;UID=1 TEXT {9+}\r\nabc",
    "logged out": LOGIN + b"o LOGOUT\r\n",
}
SIGNS = [b"{3}\r\n", b"{7+}\r\n", b"(", b")", b'"', b"\\", b"\0", b" ", b"*", b"\r\n"]
_ANSWER = re.compile(rb"(\*|\+|[^\x00-\x20(){%*\"\\+\x7f-\xff]+) ")
_LITERAL = re.compile(rb"~?\{(\d+)\}\Z")
_LARGE_LITERAL = re.compile(rb"\{\d{4,}")
_ENDS_ANYTHING = b"\r\n" * 1200 + b"DONE\r\n*\r\nfirst NOOP\r\nlast NOOP\r\n"


def spoilt(choice: random.Random) -> bytes:
    """Some lines, with octets changed, lost, doubled and put in."""
    octets = bytearray(b"\r\n".join(choice.choices(LINES, k=choice.randint(1, 4))) + b"\r\n")
    for _ in range(choice.choice([0, 1, 1, 2, 5, 20])):
        at = choice.randrange(len(octets))
        kind = choice.randrange(5)
        if kind == 0:
            octets[at] = choice.randrange(256)
        elif kind == 1:
            del octets[at : at + choice.randint(1, 8)]
        elif kind == 2:
            octets[at:at] = octets[at : at + choice.randint(1, 30)]
        elif kind == 3:
            octets[at:at] = choice.choice(SIGNS)
        else:
            octets[at:at] = choice.choice(LINES)
        octets = octets or bytearray(b"\r\n")
    return _LARGE_LITERAL.sub(b"{99", bytes(octets))  # larger ones swallow what follows, and rightly


async def said(transport: MemoryTransport) -> list[bytes]:
    """What the server has said, response by response, until it says no more."""
    for _ in range(30):
        await asyncio.sleep(0)
    session = getattr(transport.protocol, "session", None)  # which goes with its connection
    # nobody tells when a session waits for a line again
    while session is not None and session.is_busy and session._line is None and not transport.is_closed:  # noqa: ASYNC110
        await asyncio.sleep(0.001)  # a thread hashes
    octets = bytes(transport.received)
    transport.received.clear()
    responses = []
    whole = b""
    while octets:
        line, end, octets = octets.partition(b"\r\n")
        assert end, f"half a line: {line!r}"
        whole += line
        literal = _LITERAL.search(line)
        if literal is not None:
            size = int(literal[1])
            assert len(octets) >= size
            whole, octets = whole + b"\r\n" + octets[:size], octets[size:]
            continue
        assert _ANSWER.match(whole) or whole == b"+", whole
        responses.append(whole)
        whole = b""
    return responses


async def play(world: World, state: str, choice: random.Random) -> None:
    transport = MemoryTransport()
    world.begin(transport)
    transport.send(STATES[state])
    await said(transport)
    octets = spoilt(choice)
    while octets and not transport.is_closed:
        cut = choice.choice([1, 5, 50, 10_000])
        transport.send(octets[:cut])
        octets = octets[cut:]
        await asyncio.sleep(0)
    await said(transport)
    if not transport.is_closed:
        transport.send(_ENDS_ANYTHING)
        responses = await said(transport)
        # NOTIFY may tell of mailboxes behind an answer
        tagged = [each for each in responses if not each.startswith((b"* ", b"+ "))]
        is_answered = bool(tagged) and tagged[-1].startswith(b"last OK")
        assert transport.is_closed or is_answered or responses[-1].startswith(b"* BYE"), responses[-3:]
    await transport.hang_up()
    assert not world.factory.connections


@pytest.mark.parametrize("state", list(STATES))
async def test_a_spoilt_session_lives(state: str) -> None:
    seed = int(os.environ.get("POSTHOUSE_TEST_SEED") or random.randrange(1 << 32))
    print(f"{state}, seed {seed}")
    choice = random.Random(f"{state} {seed}")
    limits = WireLimits(line_octets=3000, literal_octets=1000, command_octets=5000)
    for _ in range(ROUNDS):
        world = await open_world(
            message_octets=1024, bad_commands=10_000, failed_logins=1000, wire=limits, inline_octets=64
        )
        await fill(world, 5)
        with capture_logs() as logs:
            await play(world, state, choice)
        assert [entry for entry in logs if entry["log_level"] in ("error", "critical")] == []
