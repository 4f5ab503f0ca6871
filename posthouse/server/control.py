"""The supervisor's control socket: one JSON line asks, one JSON line answers."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

ANSWER_SECONDS = 120.0  # a reload starts every worker anew
MAX_PATH = 107  # sockaddr_un

Verb = Callable[[], Awaitable[Any]]


class NotRunning(Exception):
    """No supervisor answers."""


async def serve_control(path: Path, verbs: dict[str, Verb]) -> asyncio.Server:
    """Answer at `path`, which only the owner may use."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            verb = verbs.get((await reader.readline()).decode("ascii", "replace").strip())
            answer = {"error": "no such verb"} if verb is None else {"answer": await verb()}
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        except ConnectionError:
            pass  # whoever asked did not wait
        finally:
            writer.close()

    path.unlink(missing_ok=True)  # noqa: ASYNC240 - at start, once
    before = os.umask(0o177)
    try:
        return await asyncio.start_unix_server(talk, path)
    finally:
        os.umask(before)


def ask(path: Path, verb: str) -> Any:
    """What a running supervisor answers; raises NotRunning."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(ANSWER_SECONDS)
        try:
            line.connect(str(path))
            line.sendall(verb.encode() + b"\n")
            answer = line.makefile("rb").readline()
        except OSError as error:
            raise NotRunning(str(error)) from error
    if not answer:
        raise NotRunning("it stopped answering")
    said = json.loads(answer)
    if "error" in said:
        raise NotRunning(said["error"])
    return said["answer"]
