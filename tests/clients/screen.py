"""A program that wants a screen, given one: its keys are pushed, what it draws is kept for when it fails."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import termios
import time
from collections.abc import Callable

PATIENCE_SECONDS = 60.0
SIZE = (40, 120)  # lines, columns


class Screen:
    """One run of a program."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        os.set_blocking(self._ours, False)
        termios.tcsetwinsize(theirs, SIZE)
        self._drawn = b""
        self._process = subprocess.Popen(
            ["setsid", "--ctty", *command],  # it is the terminal of a session of its own
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env={**os.environ, "TERM": "xterm", **environment},
        )
        os.close(theirs)

    def press(self, keys: str) -> None:
        """Type them."""
        os.write(self._ours, keys.encode())

    def wait_for(self, done: Callable[[], bool], what: str) -> None:
        """Let the program draw until `done`; raises AssertionError when it is not in time."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while not done():
            is_over = self._process.poll() is not None or time.monotonic() > ends
            self._draw(0.1)
            if is_over and not done():
                raise AssertionError(f"{what}; drawn last: {self._drawn[-3000:]!r}")

    def wait_for_text(self, text: str) -> None:
        """Return when it has drawn that since the last time."""
        self.wait_for(lambda: text.encode() in self._drawn, f"{text!r} was not drawn")
        self._drawn = b""

    def end(self) -> int:
        """Return when it has ended by itself; its status."""
        self.wait_for(lambda: self._process.poll() is not None, "it does not end")
        return self._process.wait()

    def close(self) -> None:
        """End it, however it stands."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._ours)

    def _draw(self, seconds: float) -> None:
        if not select.select([self._ours], [], [], seconds)[0]:
            return
        try:
            self._drawn += os.read(self._ours, 65_536)
        except OSError:  # it has closed its screen
            time.sleep(seconds)
