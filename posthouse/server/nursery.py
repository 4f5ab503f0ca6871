"""The nursery: a process that has imported what workers and store need and does nothing but fork them.

Children share its memory pages and are there in milliseconds (docs/decisions/0004-nursery.md). It has no event loop,
no threads and no connections, so that a fork of it is as good as a fresh interpreter.
"""

from __future__ import annotations

import ctypes
import gc
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import structlog

MAX_DESCRIPTORS = 250  # Linux takes 253 in one message
ANSWER_SECONDS = 30.0
LAST_DESCRIPTOR = 2**31 - 1
PR_SET_NAME = 15
_MESSAGE = 1 << 20
_LIBC = ctypes.CDLL(None)  # here, so that children share what ctypes makes of it

Role = Callable[[bytes, list[int]], None]

log = structlog.get_logger()


class NurseryGone(Exception):
    """The nursery does not answer."""


class Nursery:
    """The supervisor's end."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._line.settimeout(ANSWER_SECONDS)

    def spawn(self, role: str, briefing: bytes, descriptors: Sequence[int]) -> int:
        """Start a process of `role` with copies of `descriptors`; its process id. Raises NurseryGone."""
        try:
            socket.send_fds(self._line, [role.encode() + b"\0" + briefing], list(descriptors))
            answer = self._line.recv(16)
        except OSError as error:
            raise NurseryGone(str(error)) from error
        if not answer:
            raise NurseryGone("it ended")
        return int(answer)

    def close(self) -> None:
        """Let it end."""
        self._line.close()


def socket_pair() -> tuple[socket.socket, socket.socket]:
    """The line between supervisor and nursery: it keeps messages apart and briefings may be large."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in (ours, theirs):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _MESSAGE)
    return ours, theirs


def fork_nursery(roles: dict[str, Role], *, close: Callable[[], None]) -> Nursery:
    """Fork a nursery off this process, which must have no event loop or threads yet; `close` what it must not hold."""
    ours, theirs = socket_pair()
    if os.fork() == 0:
        try:
            ours.close()
            close()
            run_nursery(theirs, roles)
        finally:
            os._exit(1)
    theirs.close()
    return Nursery(ours)


def start_nursery(file: Path) -> Nursery:
    """Start a nursery afresh, in place of one that died; `file` is the configuration, for whoever reads `ps`."""
    ours, theirs = socket_pair()
    with theirs:
        command = [sys.executable, "-m", "posthouse.server.supervisor", "--config", str(file)]
        command += ["--nursery", str(theirs.fileno())]
        subprocess.Popen(command, pass_fds=(theirs.fileno(),), close_fds=True)  # noqa: S603 - our own interpreter
    return Nursery(ours)


def run_nursery(line: socket.socket, roles: dict[str, Role]) -> NoReturn:
    """Fork what the supervisor asks for until it is gone."""
    os.setpgid(0, 0)  # Ctrl-C is for the supervisor
    name_process("nursery")
    gc.collect()
    gc.freeze()  # collections in children do not touch, so not copy, what they share
    line.setblocking(True)
    waiting = select.poll()
    waiting.register(line, select.POLLIN)
    children: dict[int, int] = {}  # pidfd -> pid
    while True:
        for descriptor, _ in waiting.poll():
            if descriptor in children:
                waiting.unregister(descriptor)
                _bury(children.pop(descriptor), descriptor)
                continue
            pid = _serve(line, roles)
            pidfd = os.pidfd_open(pid)
            children[pidfd] = pid
            waiting.register(pidfd, select.POLLIN)
            line.send(str(pid).encode())


def _serve(line: socket.socket, roles: dict[str, Role]) -> int:
    """One request; in the child this does not return."""
    message, descriptors, _flags, _address = socket.recv_fds(line, _MESSAGE, MAX_DESCRIPTORS)
    if not message:
        os._exit(0)  # the supervisor is gone
    pid = os.fork()
    if pid == 0:
        _live(message, descriptors, roles)
    for descriptor in descriptors:
        os.close(descriptor)
    return pid


def _live(message: bytes, descriptors: list[int], roles: dict[str, Role]) -> NoReturn:
    """The life of a child."""
    status = 1
    try:
        _close_others(descriptors)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGHUP,))  # the supervisor waits with it
        role, _, briefing = message.partition(b"\0")
        name_process(role.decode())
        roles[role.decode().partition(" ")[0]](briefing, descriptors)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        log.exception("process failed")
    finally:
        os._exit(status)


def _bury(pid: int, pidfd: int) -> None:
    os.close(pidfd)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    if code:
        log.warning("process ended", pid=pid, **({"signal": -code} if code < 0 else {"status": code}))


def _close_others(wanted: list[int]) -> None:
    """Close every descriptor but standard ones and `wanted`."""
    low = 3
    for descriptor in sorted(wanted):
        os.closerange(low, descriptor)
        low = descriptor + 1
    os.closerange(low, LAST_DESCRIPTOR)


def name_process(name: str) -> None:
    """What `ps` and `top` show; Linux takes 15 characters."""
    # by prctl(2), since /proc/self is closed to a process that gave its privileges up
    _LIBC.prctl(PR_SET_NAME, f"ph {name}"[:15].encode(), 0, 0, 0)
