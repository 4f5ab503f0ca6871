"""The control socket."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import pytest

from posthouse.server.control import NotRunning, ask, serve_control


async def status() -> dict[str, Any]:
    return {"workers": []}


async def test_a_verb_is_answered_and_only_the_owner_may_ask(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    path.write_bytes(b"left by one that was killed")
    server = await serve_control(path, {"status": status})
    assert path.stat().st_mode & 0o077 == 0
    assert await asyncio.to_thread(ask, path, "status") == {"workers": []}
    with pytest.raises(NotRunning, match="no such verb"):
        await asyncio.to_thread(ask, path, "frobnicate")
    server.close()


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(NotRunning):
        ask(tmp_path / "control.sock", "status")
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "control.sock"))
    with pytest.raises(NotRunning):
        ask(tmp_path / "control.sock", "status")
