"""`posthouse serve` as an operator meets it: start, status, dead processes, reload, stop."""

from __future__ import annotations

import json
import os
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from posthouse import __version__
from posthouse.server.certificate import make_self_signed
from posthouse.server.control import NotRunning, ask
from tests.served import COMMAND, Served


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("served"), workers=2)
    served.start()
    yield served
    assert served.stop() == 0


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Served]:
    """A server that a test may stop or break."""
    served = Served(tmp_path / "served", fixed_ports=True)
    served.start()
    yield served
    served.stop()


def get(server: Served, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port('http')}{path}", timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_status_shows_workers_and_listeners(server: Served) -> None:
    status = json.loads(server.cli("status", "--json"))
    assert set(status) == {"version", "supervisor", "workers", "search", "listeners"}
    assert status["version"] == __version__
    assert status["supervisor"] == {"pid": server.supervisor_pid()}
    assert [worker["up"] for worker in status["workers"]] == [True, True]
    [http] = [listener for listener in status["listeners"] if listener["name"] == "http"]
    assert http == {"name": "http", "host": "127.0.0.1", "port": server.port("http"), "tls": False}
    assert "http" in server.cli("status")


def test_a_second_server_on_the_same_folder_is_refused(server: Served) -> None:
    done = subprocess.run(
        [COMMAND, "--config", str(server.config), "serve"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr == f"posthouse: a server already runs on {server.directory}\n"


def test_health_and_metrics_of_all_workers(server: Served) -> None:
    assert get(server, "/health") == (200, f'{{"status":"ok","version":"{__version__}"}}\n')
    assert get(server, "/")[0] == 200
    assert get(server, "/nothing")[0] == 404
    metrics = get(server, "/metrics")[1]
    for worker in ("0", "1"):
        assert f'posthouse_store_write_seconds_count{{worker="{worker}"}}' in metrics


@pytest.mark.parametrize("victim", ["worker", "store", "nursery"])
def test_what_is_killed_comes_back(server: Served, victim: str) -> None:
    pids = {"worker": lambda: server.worker_pids()[0], "store": server.store_pid, "nursery": server.nursery_pid}
    before = pids[victim]()
    os.kill(before, signal.SIGKILL)
    if victim == "nursery":  # it is missed when it is needed
        os.kill(server.worker_pids()[0], signal.SIGKILL)
    server.wait_for(lambda: pids[victim]() != before, f"no new {victim}")
    server.wait_until_up()
    assert get(server, "/health")[0] == 200


def test_a_killed_supervisor_leaves_no_process_that_hinders_its_successor(fresh: Served) -> None:
    before = {process.pid for process in fresh.processes()}
    os.kill(fresh.supervisor_pid(), signal.SIGKILL)
    fresh.start_again()
    assert get(fresh, "/health")[0] == 200
    fresh.wait_for(lambda: not any(psutil.pid_exists(pid) and is_alive(pid) for pid in before), "old processes stay")


def is_alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_a_stopped_server_says_so_and_starts_again(fresh: Served) -> None:
    assert fresh.stop() == 0
    with pytest.raises(AssertionError, match="the server does not run"):
        fresh.cli("status")
    with pytest.raises(NotRunning):
        ask(fresh.directory / "run" / "control.sock", "status")
    fresh.start_again()
    assert get(fresh, "/health")[0] == 200


def test_a_bad_configuration_is_not_loaded_and_the_server_goes_on(fresh: Served) -> None:
    workers = fresh.worker_pids()
    fresh.config.write_text(fresh.configuration() + "\nimpa = 1\n")
    with pytest.raises(AssertionError, match=r"unknown key 'impa'; did you mean 'imap'\?"):
        fresh.cli("reload")
    os.kill(fresh.supervisor_pid(), signal.SIGHUP)
    fresh.wait_for(lambda: fresh.log.read_text().count("unknown key 'impa'") == 1, "SIGHUP was not heard")
    assert fresh.worker_pids() == workers
    assert get(fresh, "/health")[0] == 200


def test_a_hangup_while_it_starts_is_heard_when_it_serves(fresh: Served) -> None:
    fresh.stop()
    fresh.begin()
    fresh.wait_for(lambda: fresh.nursery_pid() > 0, "no nursery")
    os.kill(fresh.supervisor_pid(), signal.SIGHUP)
    fresh.wait_for(lambda: '"event":"reloaded"' in fresh.log.read_text(), "SIGHUP was not heard")
    assert get(fresh, "/health")[0] == 200


def test_a_reload_changes_ports_and_workers(fresh: Served) -> None:
    old = fresh.port("http")
    fresh.config.write_text(
        fresh.configuration()
        .replace("server.workers = 1", "server.workers = 3")
        .replace(f"http.port = {old}", "http.port = 0")
    )
    fresh.cli("reload")
    status = fresh.status()
    assert len(status["workers"]) == 3
    new = next(each["port"] for each in status["listeners"] if each["name"] == "http")
    assert new != old
    socket.create_connection(("127.0.0.1", new), 5).close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", old), 5)


def test_workers_may_hold_as_many_connections_as_the_machine_allows(server: Served) -> None:
    for pid in server.worker_pids():
        soft, hard = psutil.Process(pid).rlimit(psutil.RLIMIT_NOFILE)
        assert soft == hard


def test_systemd_is_told_what_the_server_does(fresh: Served, tmp_path: Path) -> None:
    fresh.stop()
    told: list[bytes] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))

        def listen() -> None:
            while b"STOPPING=1" not in told:
                told.append(systemd.recv(1000).partition(b"\nMONOTONIC_USEC=")[0])

        listening = threading.Thread(target=listen, daemon=True)
        listening.start()
        fresh.start_again({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"})
        fresh.wait_for(lambda: b"WATCHDOG=1" in told, "the watchdog is not fed")
        fresh.cli("reload")
        pid = fresh.supervisor_pid()
        assert fresh.stop() == 0
        listening.join(20)
    states = [state for state in told if state != b"WATCHDOG=1"]
    assert states == [b"READY=1\nMAINPID=%d" % pid, b"RELOADING=1", b"READY=1", b"STOPPING=1"]


def drain_quickly(server: Served) -> None:
    """From the next reload on; a TLS session ends when its client says so, too, or is cut."""
    server.config.write_text(server.configuration().replace("server.drain_seconds = 5", "server.drain_seconds = 1"))


def test_old_workers_do_not_pile_up(fresh: Served) -> None:
    drain_quickly(fresh)
    with tls_session(fresh), tls_session(fresh):
        for _ in range(3):
            fresh.cli("reload")
        left = ("supervisor", "nursery", "store", "worker", "indexer", "its reader of documents")
        fresh.wait_for(lambda: len(fresh.processes()) <= len(left), "they do")


def test_no_connection_is_refused_while_workers_are_renewed(server: Served) -> None:
    port = server.port("http")
    renewal = subprocess.Popen([COMMAND, "--config", str(server.config), "reload"])
    asked = 0
    while renewal.poll() is None:
        with socket.create_connection(("127.0.0.1", port), 20) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert client.makefile("rb").read().startswith(b"HTTP/1.1 200")
        asked += 1
    assert renewal.returncode == 0
    assert asked > 5


def test_a_new_certificate_is_shown_after_a_reload_and_old_sessions_live(fresh: Served) -> None:
    drain_quickly(fresh)
    old = tls_session(fresh)
    shown = old.getpeercert(True)
    pair = make_self_signed(["localhost"], ["127.0.0.1"])
    fresh.certificate.write_bytes(pair.certificate)
    with pytest.raises(AssertionError, match="do not fit together"):
        fresh.cli("reload")
    fresh.certificate.with_name("key.pem").write_bytes(pair.key)
    fresh.cli("reload")
    with tls_session(fresh) as new:
        assert new.getpeercert(True) == ssl.PEM_cert_to_DER_cert(pair.certificate.decode()) != shown
    assert say(old, b"a NOOP") == [b"a OK"]
    assert fresh.stop() == 0
    assert old.recv(1000).startswith(b"* BYE")


def tls_session(server: Served) -> ssl.SSLSocket:
    """An IMAP session, greeted."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    session = context.wrap_socket(socket.create_connection(("127.0.0.1", server.port("imaps")), 10))
    assert session.recv(1000).startswith(b"* OK")
    return session


def say(session: socket.socket, command: bytes) -> list[bytes]:
    """The first two words of each answer."""
    session.sendall(command + b"\r\n")
    return [b" ".join(line.split()[:2]) for line in session.recv(1000).splitlines()]


def test_failed_logins_count_over_all_workers(tmp_path: Path) -> None:
    served = Served(tmp_path / "served", workers=2, settings="authentication.failures_per_account = 3")
    served.start()
    try:
        clients = [socket.create_connection(("127.0.0.1", served.port("imap")), 10) for _ in range(12)]
        for client in clients:
            assert client.recv(1000).startswith(b"* OK")
        right = f'a LOGIN {served.admin} "{served.password}"'.encode()
        assert say(clients.pop(), right) == [b"a OK"]
        for _ in range(3):
            assert say(clients.pop(), f"a LOGIN {served.admin} wrong".encode()) == [b"a NO"]
        # the kernel spreads connections: these are with both workers, but for one time in 500
        others = [say(client, right.replace(served.password.encode(), b"other password")) for client in clients]
        assert others == [[b"a NO"]] * 8
        assert 'posthouse_logins_total{outcome="wrong",worker="' in get(served, "/metrics")[1]
        wrong = sum(
            float(line.rpartition(" ")[2])
            for line in get(served, "/metrics")[1].splitlines()
            if line.startswith('posthouse_logins_total{outcome="wrong"')
        )
        assert wrong == 3  # the rest were not even looked at
    finally:
        served.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has privileges to drop")
def test_privileges_are_dropped_once_ports_are_bound() -> None:
    with tempfile.TemporaryDirectory(prefix="posthouse-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        served = Served(
            directory / "served", settings='server.user = "nobody"', init=("--user", "nobody"), fixed_ports=True
        )
        served.start()
        assert {process.uids() for process in served.processes()} == {(65534, 65534, 65534)}
        served.cli("reload")
        assert get(served, "/health")[0] == 200
        assert served.stop() == 0


def test_a_store_process_that_hangs_is_replaced_and_nothing_is_lost(tmp_path: Path) -> None:
    served = Served(tmp_path / "served", settings="store.silent_seconds = 2.0")
    served.start()
    before = served.store_pid()
    os.kill(before, signal.SIGSTOP)
    with smtplib.LMTP("127.0.0.1", served.port("lmtp")) as lmtp:
        lmtp.sendmail("ann@example.net", [served.admin], b"Subject: late\r\n\r\nAnd yet it came.\r\n")
    assert served.store_pid() != before
    assert "it gives no sign of life" in served.log.read_text()
    assert served.stop() == 0
