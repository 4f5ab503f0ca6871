"""Listening sockets: bound once by the supervisor, one per address and worker, and kept while workers come and go.

With SO_REUSEPORT the kernel spreads new connections over the workers' own queues. The supervisor holds every socket
open, so what waits in the queue of a dead worker is served by the one that takes its place.
"""

from __future__ import annotations

import errno
import socket
import time

import msgspec
import structlog
from msgspec import Struct

from posthouse.server.settings import Listeners, ListenerSettings

log = structlog.get_logger()

PATIENCE_SECONDS = 5.0  # a killed supervisor's workers may need this long to let go of a port
PROBE_SECONDS = 60  # between one probe without an answer and the next; after nine the connection is lost
ABSENT_FAMILY = (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


class CannotBind(Exception):
    """A port cannot be had."""


class Bound(Struct):
    """One address of one listener: a socket for each worker."""

    name: str
    host: str
    asked: int  # the port in the configuration, 0 for any
    port: int
    tls: str
    sockets: list[socket.socket]

    @property
    def identity(self) -> tuple[str, str, int]:
        """What stays the same over a reload as long as it means the same port."""
        return self.name, self.host, self.asked


def bind_all(listeners: Listeners, names: frozenset[str], workers: int, kept: list[Bound]) -> list[Bound]:
    """Sockets of all enabled listeners among `names`; those of `kept` that still fit are used again.

    Raises CannotBind, and then has closed what it opened.
    """
    known = {bound.identity: bound for bound in kept}
    opened: list[Bound] = []
    result: list[Bound] = []
    try:
        for name in listeners.__struct_fields__:
            settings: ListenerSettings = getattr(listeners, name)
            if name not in names or not settings.enabled:
                continue
            port = settings.port
            for host in settings.hosts:
                bound = known.get((name, host, settings.port))
                if bound is None:
                    bound = _bind(name, host, settings, port)
                    opened += [bound] if bound is not None else []
                if bound is not None:
                    bound = msgspec.structs.replace(bound, tls=settings.tls)
                    _add_sockets(bound, workers, settings.backlog)
                    for listening in bound.sockets:
                        _keep_alive(listening, settings.keepalive_seconds)
                    result.append(bound)
                    port = bound.port  # port 0: the same one on each address
    except CannotBind:
        close_all(opened)
        raise
    return result


def close_all(bound: list[Bound]) -> None:
    """Stop listening, as far as this process does."""
    for each in bound:
        for listening in each.sockets:
            listening.close()


def _bind(name: str, host: str, settings: ListenerSettings, port: int) -> Bound | None:
    """The sockets of one address; None when it is a default of a family that this machine lacks."""
    try:
        if port:
            _wait_until_free(host, port)
        first = _listen(host, port, settings.backlog)
    except OSError as error:
        if host in ("::", "::1") and error.errno in ABSENT_FAMILY:
            log.warning("no IPv6 on this machine", listener=name)
            return None
        if port and not settings.port:  # another program has it on this address: then any other
            return _bind(name, host, settings, 0)
        raise CannotBind(f"{name}: cannot listen on {host} port {port}: {error.strerror or error}") from error
    return Bound(name, host, settings.port, first.getsockname()[1], settings.tls, [first])


def _add_sockets(bound: Bound, workers: int, backlog: int) -> None:
    """A socket for each worker. There may be more, after a reload to fewer workers; workers share those."""
    while len(bound.sockets) < workers:
        bound.sockets.append(_listen(bound.host, bound.port, backlog))


def _wait_until_free(host: str, port: int) -> None:
    """Raise OSError when another program has the port: SO_REUSEPORT alone would let us share it by mistake."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        with _socket(host) as probe:
            try:
                probe.bind((host, port))
                probe.listen(1)
            except OSError as error:
                if error.errno != errno.EADDRINUSE or time.monotonic() > ends:
                    raise
            else:
                return
        time.sleep(0.02)


def _listen(host: str, port: int, backlog: int) -> socket.socket:
    listening = _socket(host)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.bind((host, port))
        listening.listen(backlog)
    except OSError:
        listening.close()
        raise
    listening.setblocking(False)
    return listening


def _keep_alive(listening: socket.socket, seconds: int) -> None:
    """Let the kernel ask silent peers whether they are there: connections that are accepted do as this one (Linux).

    Routers forget connections over which nothing goes, some within minutes; IDLE may be silent for half an hour.
    """
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, seconds > 0)
    if seconds:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, seconds)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, min(seconds, PROBE_SECONDS))


def _socket(host: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    fresh = socket.socket(family, socket.SOCK_STREAM)
    fresh.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        fresh.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    return fresh
