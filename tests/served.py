"""A real Posthouse in a folder of its own: `posthouse init`, then `posthouse serve` on ports that were free."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from posthouse.server.control import NotRunning, ask
from posthouse.server.settings import PORTS

COMMAND = str(Path(sys.executable).with_name("posthouse"))
PASSWORD = "correct horse battery"
PATIENCE_SECONDS = 30.0


class Served:
    """One server. Ports are any free ones; `fixed_ports` keeps them over `start_again`."""

    domain = "example.org"

    def __init__(
        self,
        directory: Path,
        workers: int = 1,
        *,
        fixed_ports: bool = False,
        settings: str = "",
        init: tuple[str, ...] = (),
        wrapping: tuple[str, ...] = (),
    ) -> None:
        """`init` are more arguments of `posthouse init`, `wrapping` is a command that runs `posthouse serve`.

        `settings` is TOML that the configuration ends with: dotted keys, then tables.
        """
        self.directory = directory
        self.config = directory / "posthouse.toml"
        self.certificate = directory / "keys" / "certificate.pem"
        self.log = directory / "serve.log"
        self.admin = f"admin@{self.domain}"
        self.password = PASSWORD
        self._workers = workers
        self._settings = settings
        self._init = init
        self._wrapping = wrapping
        self._ports = dict.fromkeys(PORTS, 0)
        if fixed_ports:
            self._ports = _free_ports(list(PORTS))
        self._process: subprocess.Popen[bytes] | None = None

    # Life

    def start(self) -> None:
        """Set up and serve; returns when every worker serves."""
        init = ["init", *self._init, "--dir", str(self.directory), "--domain", self.domain, "--admin", self.admin]
        _run([*init, "--password-stdin", "--unprivileged", "--yes"], say=self.password)
        self.config.write_text(self.configuration())
        try:
            self.start_again()
        except BaseException:
            self.kill_all()  # nobody else will
            raise

    def configuration(self) -> str:
        """The configuration file."""
        listeners = "".join(
            f'listeners.{name}.port = {port}\nlisteners.{name}.hosts = ["127.0.0.1"]\n'
            for name, port in self._ports.items()
        )
        return (
            f'server.hostname = "mail.{self.domain}"\nserver.workers = {self._workers}\nserver.test = true\n'
            f"server.drain_seconds = 5\nserver.linger_seconds = 60\n{listeners}{self._settings}\n"
        )

    def start_again(self, environment: dict[str, str] | None = None) -> None:
        """Serve what was set up before, after a stop or a kill; `environment` has more variables for the server."""
        self.begin(environment)
        self.wait_until_up()

    def begin(self, environment: dict[str, str] | None = None) -> None:
        """The same, without waiting until it serves."""
        if self._process is not None:
            self._process.wait(PATIENCE_SECONDS)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._wrapping, COMMAND, "--config", str(self.config), "serve"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **(environment or {})},
            )

    def wait_until_up(self) -> None:
        """Return when the supervisor answers and all workers serve."""
        self.wait_for(lambda: all(worker["up"] for worker in self.status()["workers"]))

    def wait_for(self, condition: Callable[[], bool], what: str = "the server is not up") -> None:
        """Ask until `condition` holds; raises AssertionError when it does not in time or the server ends."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < ends:
            try:
                if condition():
                    return
            except (NotRunning, LookupError):
                pass
            if self._process is not None and self._process.poll() is not None:
                break
            time.sleep(0.02)
        raise AssertionError(f"{what}:\n{self.log.read_text()[-4000:]}")

    def stop(self) -> int:
        """Stop gracefully; the status of the supervisor. Raises AssertionError when a process stays."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            status = self._process.wait(PATIENCE_SECONDS)
        finally:
            left = self.processes()
            for process in left:
                process.kill()
        assert left == [], f"left behind: {left}\n{self.log.read_text()[-4000:]}"
        return status

    def kill_all(self) -> None:
        """kill -9 of every process, none of which may finish what it does."""
        processes = self.processes()
        for process in processes:
            process.suspend()
        for process in processes:
            process.kill()
        psutil.wait_procs(processes, PATIENCE_SECONDS)
        assert self.processes() == []

    # Questions

    def status(self) -> dict[str, Any]:
        """What `posthouse status --json` prints; raises NotRunning."""
        answer: dict[str, Any] = ask(self.directory / "run" / "control.sock", "status")
        return answer

    def port(self, name: str) -> int:
        """The port of a listener."""
        if self._ports[name]:
            return self._ports[name]
        return next(int(each["port"]) for each in self.status()["listeners"] if each["name"] == name)

    def cli(self, *arguments: str, say: str = "") -> str:
        """What a verb prints; raises AssertionError, with what it said, when it fails."""
        return _run(["--config", str(self.config), *arguments], say=say)

    def supervisor_pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def worker_pids(self) -> list[int]:
        return [int(worker["pid"]) for worker in self.status()["workers"]]

    def store_pid(self) -> int:
        """The store process's id; raises LookupError."""
        return self._named("ph store")

    def nursery_pid(self) -> int:
        """The nursery's id; raises LookupError."""
        return self._named("ph nursery")

    def processes(self) -> list[psutil.Process]:
        """Every living process of this server."""
        found = []
        for process in psutil.process_iter(["cmdline", "status"]):
            command = process.info["cmdline"] or []
            if str(self.config) in command and "posthouse.server.supervisor" in command:
                found.append(process)
        return [process for process in found if process.info["status"] != psutil.STATUS_ZOMBIE]

    def _named(self, name: str) -> int:
        for process in self.processes():
            try:
                if process.name() == name:
                    return int(process.pid)
            except psutil.NoSuchProcess:
                continue
        raise LookupError(name)


def _run(arguments: list[str], *, say: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "POSTHOUSE_CONFIG"}
    done = subprocess.run(
        [COMMAND, *arguments], input=say + "\n", text=True, capture_output=True, check=False, env=environment
    )
    assert done.returncode == 0, f"posthouse {' '.join(arguments)}: {done.stderr or done.stdout}"
    return done.stdout


def _free_ports(names: list[str]) -> dict[str, int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in names]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return dict(zip(names, ports, strict=True))
