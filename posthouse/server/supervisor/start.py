"""From a configuration file to a running supervisor: what must happen before there is an event loop, in order."""
# mypy: disallow-untyped-calls=False

from __future__ import annotations

import asyncio
import fcntl
import gc
import os
import resource
import signal
import sys
from pathlib import Path

import uvloop
from twisted.internet import asyncioreactor

from posthouse.server import nursery, privileges, sockets
from posthouse.server.certificate import BadCertificate
from posthouse.server.configuration import ConfigurationError
from posthouse.server.configuration.tree import Places
from posthouse.server.control import MAX_PATH
from posthouse.server.endpoints import LISTENER_NAMES
from posthouse.server.logs import start_logging
from posthouse.server.pages import give_back_pages
from posthouse.server.supervisor.roles import ROLES
from posthouse.server.supervisor.settled import Settled, settle
from posthouse.server.supervisor.supervision import Supervision


class CannotStart(Exception):
    """The server cannot run as it is configured."""


def serve(file: Path) -> int:
    """Run the server; the status of the process."""
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGHUP,))  # it waits until there is somebody to hear it
    try:
        settled = settle(file)
        start_logging(settled.configuration.log, "supervisor")
        _prepare_process()
        lock = _prepare_run_directory(settled.places)
        bound = sockets.bind_all(settled.configuration.listeners, LISTENER_NAMES, settled.workers, [])
        give_back_pages()
        privileges.drop(settled.configuration.server, (settled.places.run,))
    except (ConfigurationError, BadCertificate, CannotStart, sockets.CannotBind, privileges.UnknownUser) as error:
        for line in str(error).splitlines():
            print(f"posthouse: {line}", file=sys.stderr)
        return 1

    def let_go() -> None:
        os.close(lock)
        sockets.close_all(bound)

    gc.collect()
    gc.freeze()  # collections here and in the children do not touch, so not copy, what they share
    first_nursery = nursery.fork_nursery(ROLES, close=let_go)
    nursery.name_process("supervisor")
    return _run(settled, bound, first_nursery)


def _run(settled: Settled, bound: list[sockets.Bound], first_nursery: nursery.Nursery) -> int:
    """Start the event loop and supervise on it."""
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    asyncioreactor.install(loop)
    return loop.run_until_complete(Supervision(settled, bound, first_nursery).run())


def _prepare_process() -> None:
    """As many connections as the machine allows; what we write is for nobody else."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    os.umask(0o077)


def _prepare_run_directory(where: Places) -> int:
    """The folder of sockets, and its lock against a second server; raises CannotStart."""
    if len(os.fsencode(where.control_socket)) > MAX_PATH:
        raise CannotStart(f"{where.run}: this path is too long for sockets; set server.run_directory to a shorter one")
    try:
        where.run.mkdir(mode=0o750, parents=True, exist_ok=True)
        lock = os.open(where.run / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CannotStart(f"a server already runs on {where.base}") from None
    except OSError as error:
        raise CannotStart(f"{where.run}: {error.strerror}") from None
    return lock
