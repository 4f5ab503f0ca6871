"""A process that was seen alive and gives no sign of it for too long is killed; real processes."""

from __future__ import annotations

import asyncio
import os
import subprocess

from posthouse.server.supervisor.post import Child
from posthouse.server.supervisor.pulse import CHECKS, Pulse


class Watched:
    """A process that lives, and the pipe that speaks for it."""

    def __init__(self, silent_seconds: float) -> None:
        self.process = subprocess.Popen(["sleep", "60"])
        self.child = Child("test", self.process.pid)
        pipe, self.beats = os.pipe()
        self.pulse = Pulse(self.child, pipe, silent_seconds)

    def beat(self) -> None:
        os.write(self.beats, b"1")

    async def end(self) -> None:
        os.close(self.beats)
        self.child.kill()
        await self.child.wait_ended(30)
        self.process.wait()


async def test_the_first_beat_says_that_it_serves_and_silence_is_its_end() -> None:
    watched = Watched(0.2)
    watched.beat()
    assert await watched.child.wait_ready(30)
    async with asyncio.timeout(30):
        await watched.child.ended
    assert watched.process.wait() == -9
    await watched.end()


async def test_who_beats_lives_on_and_who_does_not_serve_yet_is_not_watched() -> None:
    alive, starting, unwatched = Watched(0.2), Watched(0.2), Watched(0)
    unwatched.beat()
    for _ in range(3 * CHECKS):
        alive.beat()
        await asyncio.sleep(0.2 / CHECKS)  # time is what this is about
    assert alive.child.is_up
    assert unwatched.child.is_up
    assert not starting.child.ended.done()
    for watched in (alive, starting, unwatched):
        await watched.end()


async def test_a_pipe_that_is_closed_is_watched_no_more() -> None:
    watched = Watched(0.2)
    watched.beat()
    assert await watched.child.wait_ready(30)
    os.close(watched.beats)
    watched.beats = os.open(os.devnull, os.O_WRONLY)
    await asyncio.sleep(0.5)
    assert watched.child.is_up
    await watched.end()
