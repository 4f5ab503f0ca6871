"""Whatever a client sends, in whichever state: each line gets an answer or ends the session, and nothing is lost."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posthouse.protocols.pop3.wire.grammar import READERS
from tests.conftest import LOOP
from tests.transcripts.runner import MemoryTransport
from tests.unit.pop3.world import MESSAGES, World, open_world

STATES = ("greeted", "named", "authenticating", "logged in")


async def enter(world: World, state: str) -> MemoryTransport:
    client = await world.connect(login=state == "logged in")
    if state == "named":
        client.send(b"USER alice@example.org\r\n")
        await client.read_line()
    elif state == "authenticating":
        client.send(b"AUTH PLAIN\r\n")
        await client.read_line()
    return client


def some_line(choice: random.Random) -> bytes:
    verb = choice.choice([verb for verb in READERS if verb != "QUIT"]).encode()
    words = [b"1", b"2", b"3", b"0", b"-1", b"99999999999999", b"x" * 600, b"=", b"PLAIN", b"\xff", b"\x00", b"*", b""]
    line = b" ".join([verb, *choice.choices(words, k=choice.randint(0, 3))])
    if choice.random() < 0.2:
        line = choice.randbytes(choice.randint(0, 60)).replace(b"\n", b"")
    return line + choice.choice([b"\r\n"] * 9 + [b"\n"])


async def play(seed: int, state: str) -> None:
    choice = random.Random(seed)
    world = await open_world(bad_commands=10_000, failed_logins=1000, line_octets=512)
    await world.put(*MESSAGES)
    client = await enter(world, state)
    said = b"".join([some_line(choice) for _ in range(40)])
    while said and not client.is_closed:
        cut = choice.randint(1, 100)
        client.send(said[:cut])
        said = said[cut:]
    client.send(b"\r\n*\r\nQUIT\r\n")
    last = b""
    while (line := await client.read_line()) != b"[closed]":
        assert b"it was logged" not in line, "our fault"
        last = line
    assert last == b"+OK See you"
    assert len(await world.held()) <= len(MESSAGES)


@pytest.mark.parametrize("state", STATES)
@settings(max_examples=25)
@given(seed=st.integers(0, 2**32))
def test_whatever_comes(state: str, seed: int) -> None:
    LOOP.run_until_complete(play(seed, state))
