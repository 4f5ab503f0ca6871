"""Listening sockets: a queue for each worker, one port for all, kept over reloads."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from msgspec import structs

from posthouse.server.settings import Listeners, ListenerSettings
from posthouse.server.sockets import Bound, CannotBind, bind_all, close_all

NAMES = frozenset({"smtp", "imap"})


def listeners(**ports: int) -> Listeners:
    here = {name: ListenerSettings(port=port, hosts=("127.0.0.1",)) for name, port in ports.items()}
    return structs.replace(Listeners(), **here)


@pytest.fixture
def bound() -> Iterator[list[Bound]]:
    opened = bind_all(listeners(smtp=0, imap=0), NAMES, 3, [])
    yield opened
    close_all(opened)


def test_each_worker_has_a_socket_on_the_same_port(bound: list[Bound]) -> None:
    assert [each.name for each in bound] == ["smtp", "imap"]
    for each in bound:
        assert {listening.getsockname()[1] for listening in each.sockets} == {each.port}
        assert len(each.sockets) == 3
    assert bound[0].port != bound[1].port


def test_connections_spread_over_the_workers(bound: list[Bound]) -> None:
    smtp = bound[0]
    clients = [socket.create_connection(("127.0.0.1", smtp.port), 5) for _ in range(64)]
    accepted = [count(listening) for listening in smtp.sockets]
    assert sum(accepted) == 64
    assert all(accepted)
    for client in clients:
        client.close()


def test_silent_peers_are_probed() -> None:
    asked = listeners(smtp=0, imap=0)
    for seconds in (120, 7, 0):
        settings = structs.replace(asked, imap=structs.replace(asked.imap, keepalive_seconds=seconds))
        opened = bind_all(settings, frozenset({"imap"}), 1, [])
        with socket.create_connection(("127.0.0.1", opened[0].port), 5):
            opened[0].sockets[0].setblocking(True)
            accepted, _ = opened[0].sockets[0].accept()
            with accepted:
                assert bool(accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)) is (seconds > 0)
                if seconds:
                    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == seconds
                    assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == min(seconds, 60)
        close_all(opened)


def count(listening: socket.socket) -> int:
    accepted = 0
    while True:
        try:
            listening.accept()[0].close()
        except BlockingIOError:
            return accepted
        accepted += 1


def test_a_rebinding_keeps_what_still_fits_and_adds_workers(bound: list[Bound]) -> None:
    again = bind_all(listeners(smtp=0, imap=0), NAMES, 4, bound)
    assert [(each.port, len(each.sockets)) for each in again] == [(each.port, 4) for each in bound]
    assert again[0].sockets[0] is bound[0].sockets[0]


def test_a_disabled_listener_is_left_out() -> None:
    settings = structs.replace(Listeners(), smtp=ListenerSettings(port=0, enabled=False))
    assert bind_all(settings, frozenset({"smtp"}), 1, []) == []


def test_a_port_that_another_program_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("posthouse.server.sockets.PATIENCE_SECONDS", 0.0)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)  # it might be another Posthouse
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(CannotBind, match=f"imap: cannot listen on 127.0.0.1 port {port}: Address already in use"):
            bind_all(listeners(smtp=0, imap=port), NAMES, 1, [])


def test_all_hosts_of_any_port_share_the_one_that_was_chosen() -> None:
    both = ListenerSettings(port=0, hosts=("127.0.0.1", "127.0.0.2"))
    opened = bind_all(structs.replace(Listeners(), smtp=both), frozenset({"smtp"}), 1, [])
    assert len({each.port for each in opened}) == 1
    close_all(opened)


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(CannotBind, match=r"cannot listen on 192\.0\.2\.1"):
        bind_all(
            structs.replace(Listeners(), smtp=ListenerSettings(port=0, hosts=("192.0.2.1",))),
            frozenset({"smtp"}),
            1,
            [],
        )
