"""A post is filled again whenever its child dies; real processes."""

from __future__ import annotations

import asyncio
import os
import subprocess

import pytest

from posthouse.server.supervisor.post import HOPELESS_DEATHS, Child, Post, StartFailed

LIVES = ["sleep", "60"]
DIES = ["false"]


class Births:
    """Starts `command` and counts."""

    def __init__(self, *command: str) -> None:
        self.command = list(command)
        self.children: list[Child] = []
        self._processes: list[subprocess.Popen[bytes]] = []

    def __call__(self) -> Child:
        process = subprocess.Popen(self.command)
        self._processes.append(process)
        child = Child("test", process.pid)
        if self.command == LIVES:
            child.set_ready()
        self.children.append(child)
        return child

    def end(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


async def test_who_dies_is_replaced_at_once() -> None:
    births = Births(*LIVES)
    post = Post("test", births)
    await post.wait_up()
    first = post.child
    os.kill(first.pid, 9)
    async with asyncio.timeout(30):
        while post.child is first:  # noqa: ASYNC110 - no event tells of a child that is not born yet
            await asyncio.sleep(0.001)
    assert post.child.is_up
    assert not first.is_up
    post.release()
    births.end()


async def test_who_dies_again_and_again_before_it_served_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("posthouse.server.supervisor.post.FIRST_DELAY_SECONDS", 0.0001)
    births = Births(*DIES)
    post = Post("test", births)
    with pytest.raises(StartFailed):
        await post.wait_up()
    assert len(births.children) >= HOPELESS_DEATHS
    post.release()
    births.end()


async def test_a_replaced_child_is_not_missed_and_its_successor_is_kept() -> None:
    births = Births(*LIVES)
    post = Post("test", births)
    old = post.install(births())
    old.kill()
    await old.wait_ended(30)
    assert len(births.children) == 2
    second = post.child
    second.kill()
    async with asyncio.timeout(30):
        while post.child is second:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    post.release()
    births.end()


async def test_who_does_not_end_in_time_is_killed() -> None:
    births = Births(*LIVES)
    child = births()
    await child.wait_ended(0.01)
    assert child.ended.done()
    births.end()


async def test_a_child_that_is_gone_already_has_ended() -> None:
    births = Births(*DIES)
    births()
    births.end()
    child = Child("test", births.children[0].pid)
    assert not await child.wait_ready(1)
    child.kill()
