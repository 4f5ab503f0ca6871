"""Relaying: letters for an address outside, taken by SMTP, queued and carried to smtp-sink; against Postfix."""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.ours import Posthouse
from benchmarks.peers import DOMAIN, Postfix, free_port, wait_for_port

MESSAGES = 2000
SESSIONS = 20
SIZE = 4096
OUTSIDE = "ann@example.net"
SETTINGS = """
virtual_mailbox_domains =
relay_domains = example.net
smtp_tls_security_level = none
default_destination_concurrency_limit = 20
relayhost = [127.0.0.1]:{sink}
"""


class Sink:
    """smtp-sink, which counts what it takes."""

    def __init__(self, directory: Path) -> None:
        self.port = free_port()
        self._counters = directory / f"sink-{self.port}"

    def start(self) -> None:
        with self._counters.open("wb") as out:
            self._process = subprocess.Popen(
                ["smtp-sink", "-c", "-u", "nobody", f"127.0.0.1:{self.port}", "1000"], stdout=out, stderr=out
            )
        wait_for_port(self.port)

    def messages(self) -> int:
        """How many it has taken: the last of the counters that it prints, sess=N quit=N mesg=N."""
        last = self._counters.read_bytes()[-200:].rpartition(b"mesg=")[2]
        digits = last.split(b"\r")[0].split(b"\n")[0].split()
        return int(digits[0]) if digits and digits[0].isdigit() else 0

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


def run() -> list[Figure]:
    """Letters a second from the first command to the last letter at the sink."""
    with tempfile.TemporaryDirectory(prefix="posthouse-bench-") as name:
        directory = Path(name)
        directory.chmod(0o755)
        theirs_sink, ours_sink = Sink(directory), Sink(directory)
        postfix = Postfix(directory / "postfix", free_port(), SETTINGS.format(sink=theirs_sink.port))
        ours = Posthouse(directory / "posthouse", [])
        stops = []
        try:
            for each in (theirs_sink, ours_sink, postfix, ours):
                each.start()
                stops.append(each)
            ours.cli("domain", "change", DOMAIN, "--smart-host", f"127.0.0.1:{ours_sink.port}", "--smart-host-plain")
            ours.cli("alias", "add", f"out@{DOMAIN}", OUTSIDE)
            theirs = _rate(postfix.smtp, OUTSIDE, theirs_sink)
            rate = _rate(ours.port("smtp"), f"out@{DOMAIN}", ours_sink)
            work = f"relaying {MESSAGES} letters to smtp-sink, {SESSIONS} sessions"
            return [Figure(work, "msg/s", rate, "Postfix", theirs, 1.0)]
        finally:
            for each in reversed(stops):
                each.stop()


def _rate(port: int, recipient: str, sink: Sink) -> float:
    before = sink.messages()
    began = time.perf_counter()
    source = ["smtp-source", "-s", str(SESSIONS), "-m", str(MESSAGES), "-l", str(SIZE)]
    subprocess.run([*source, "-f", "sender@example.com", "-t", recipient, f"127.0.0.1:{port}"], check=True)
    while sink.messages() < before + MESSAGES:
        if time.perf_counter() - began > 300:
            raise TimeoutError(f"{sink.messages() - before} of {MESSAGES} letters came")
        time.sleep(0.01)
    return MESSAGES / (time.perf_counter() - began)
