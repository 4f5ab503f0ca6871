"""Postfix from Debian, in a folder of its own on a loopback port: for tests and benchmarks."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from pathlib import Path

PATIENCE_SECONDS = 30.0

MASTER = """
127.0.0.1:{port} inet n - n - 200 smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - n - 40 lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

MAIN = """
compatibility_level = 3.6
queue_directory = {dir}/spool
data_directory = {dir}/data
mail_owner = postfix
maillog_file = {dir}/postfix.log
maillog_file_prefixes = {dir}
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
"""


class PostfixServer:
    """One of them; `settings` are more lines of main.cf."""

    def __init__(self, directory: Path, settings: str, port: int = 0) -> None:
        self.directory = directory
        self.port = port or free_port()
        self._settings = settings

    def start(self) -> None:
        """Set up and serve."""
        for name in ("etc", "spool", "data"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o755)
        shutil.chown(self.directory / "data", "postfix", "postfix")
        (self.directory / "etc/main.cf").write_text(MAIN.format(dir=self.directory) + self._settings)
        (self.directory / "etc/master.cf").write_text(MASTER.format(port=self.port))
        self._run("start")
        wait_for_port(self.port)

    def stop(self) -> None:
        """End it."""
        self._run("stop")

    def _run(self, verb: str) -> None:
        command = ["postfix", "-c", str(self.directory / "etc"), verb]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def free_port() -> int:
    """A loopback port that nothing listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def wait_for_port(port: int, seconds: float = PATIENCE_SECONDS) -> None:
    """Return when something accepts connections on `port`; raises TimeoutError."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)  # asks again until it listens
        else:
            return
    raise TimeoutError(f"nothing listens on port {port}")
