"""Posthouse as the benchmarks run it: a directory of its own, `posthouse init` and `serve`, ports chosen free."""

from __future__ import annotations

import compileall
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

import posthouse
from benchmarks.peers import DOMAIN, PASSWORD

INDEX_SECONDS = 1800.0
PACKAGE = str(Path(posthouse.__file__).parent)
CONNECTIONS = 5000  # that we make to one listener at a time, at most
COMMAND = str(Path(sys.executable).with_name("posthouse"))


class Posthouse:
    """One running Posthouse."""

    name = "Posthouse"

    def __init__(self, directory: Path, users: list[str], workers: int = 1) -> None:
        self.directory = directory
        self.users = users
        self.workers = workers

    def start(self) -> None:
        compileall.compile_dir(PACKAGE, quiet=1)  # as pip does when it installs: compiling leaves megabytes of holes
        admin = f"admin@{DOMAIN}"
        self._cli("init", "--dir", str(self.directory), "--domain", DOMAIN, "--admin", admin, *INIT_FLAGS, say=PASSWORD)
        accounts = self.directory / "accounts.csv"
        rows = "".join(f"{user}@{DOMAIN},{PASSWORD},,\n" for user in self.users)
        accounts.write_text("address,password,name,quota\n" + rows)
        self._configure()
        self.cli("account", "import", str(accounts))
        self.serve()

    def serve(self) -> None:
        """Serve what was set up, again after a stop."""
        log = self._log.open("ab")
        self._process = subprocess.Popen(
            [COMMAND, "--config", str(self.directory / "posthouse.toml"), "serve"], stdout=log, stderr=log
        )
        self._listeners = self._wait()

    @property
    def _log(self) -> Path:
        return self.directory / "serve.log"

    @property
    def pid(self) -> int:
        return self._process.pid

    def port(self, name: str) -> int:
        """The port that listener `name` got."""
        return next(int(listener["port"]) for listener in self._listeners if listener["name"] == name)

    def wait_indexed(self, seconds: float = INDEX_SECONDS) -> None:
        """Return when the search index has all messages; raises TimeoutError when that takes longer."""
        until = time.monotonic() + seconds
        while (search := self._status()["search"]) is None or search["waiting"] != 0:
            if time.monotonic() > until:
                left = "the indexer tells nothing" if search is None else f"{search['waiting']} messages wait"
                raise TimeoutError(f"the search index is not whole after {seconds:.0f} s: {left}; see {self._log}")
            time.sleep(0.5)  # nobody tells of it outside of the server; asked more often, it would cost the index time

    def worker_pids(self) -> list[int]:
        """The workers' process ids."""
        return [int(worker["pid"]) for worker in self._status()["workers"]]

    def cli(self, *arguments: str, say: str = "") -> str:
        """What a posthouse verb printed."""
        return self._cli("--config", str(self.directory / "posthouse.toml"), *arguments, say=say)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)

    def _configure(self) -> None:
        """Ports of nobody else, and as many workers as the run asks for."""
        file = self.directory / "posthouse.toml"
        text = file.read_text().replace("[server]\n", f"[server]\nworkers = {self.workers}\n")
        listener = f'port = 0, hosts = ["127.0.0.1"], max_connections_per_address = {CONNECTIONS}'
        file.write_text(re.sub(r"port = \d+", listener, text))
        self.cli("config", "check")

    def _wait(self) -> list[dict[str, object]]:
        for _ in range(300):
            try:
                return list(self._status()["listeners"])
            except subprocess.CalledProcessError:
                if self._process.poll() is not None:
                    raise
                psutil.Process().cpu_percent(0.1)
        raise TimeoutError("posthouse did not start")

    def _status(self) -> dict[str, Any]:
        return json.loads(self.cli("status", "--json"))

    def _cli(self, *arguments: str, say: str = "") -> str:
        done = subprocess.run([COMMAND, *arguments], input=say + "\n", check=True, text=True, capture_output=True)
        return done.stdout


INIT_FLAGS = ("--password-stdin", "--unprivileged", "--yes")
