"""A DAV client that costs little: one connection, and answers thrown away where nobody wants them."""

from __future__ import annotations

import base64
import re
import socket
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from benchmarks.dav_peers import USER
from benchmarks.peers import PASSWORD

LOGIN = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)

SCRIPT = """
local number = {first}
local filling = string.rep("posthouse ", 1024)
wrk.headers["Authorization"] = "{login}"
request = function()
  number = number + 1
  {request}
end
"""
PUT = 'return wrk.format("PUT", "{base}/" .. number, nil, string.format("%010d", number) .. filling)'
GET = 'return wrk.format("GET", "{base}/" .. (number % {files} + 1))'


class DavClient:
    """One connection that logs in with each request."""

    def __init__(self, port: int, base: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.base = base

    def __enter__(self) -> DavClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def ask(self, method: str, path: str, body: bytes = b"", *fields: str, keep: bool = False) -> bytes:
        """The answer's body, b"" when not kept; raises RuntimeError for a refusal."""
        self.begin(method, path, len(body), *fields)
        self.socket.sendall(body)
        return self.answer(keep=keep)

    def begin(self, method: str, path: str, length: int, *fields: str) -> None:
        """Send a request's header."""
        lines = [f"{method} {self.base}{path} HTTP/1.1", "Host: x", f"Authorization: {LOGIN}", *fields]
        self.socket.sendall("\r\n".join([*lines, f"Content-Length: {length}", "", ""]).encode())

    def answer(self, *, keep: bool = False, told: Callable[[], None] = lambda: None) -> bytes:
        """Read it whole; `told` is called as it comes."""
        buffer = memoryview(bytearray(1 << 20))
        head = b""
        while b"\r\n\r\n" not in head:
            head += self._some(buffer)
        head, _, rest = head.partition(b"\r\n\r\n")
        if head.split(b" ", 2)[1][:1] != b"2":
            raise RuntimeError(head.decode(errors="replace"))
        kept = [rest]
        length = _LENGTH.search(head)
        if length is None and b"chunked" in head.lower():
            tail = rest[-5:]
            while tail != b"0\r\n\r\n":
                piece = self._some(buffer)
                tail = (tail + piece)[-5:]
                kept.append(piece if keep else b"")
            return b"".join(kept)
        left = (int(length[1]) if length else 0) - len(rest)
        while left > 0:
            read = self.socket.recv_into(buffer[: min(left, len(buffer))])
            if not read:
                raise ConnectionError("the server closed")
            left -= read
            kept.append(bytes(buffer[:read]) if keep else b"")
            told()
        return b"".join(kept) if keep else b""

    def _some(self, buffer: memoryview) -> bytes:
        read = self.socket.recv_into(buffer)
        if not read:
            raise ConnectionError("the server closed")
        return bytes(buffer[:read])


def rate(port: int, base: str, request: str, clients: int, seconds: int, first: int = 0) -> float:
    """Requests a second of so many clients, by wrk; raises RuntimeError when one is refused."""
    with tempfile.TemporaryDirectory() as name:
        script = Path(name) / "script.lua"
        script.write_text(SCRIPT.format(first=first, login=LOGIN, request=request.replace("{base}", base)))
        command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{port}"]
        said = subprocess.run(command, check=True, text=True, capture_output=True).stdout
    found = re.search(r"Requests/sec: +([\d.]+)", said)
    if found is None or "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(said)
    return float(found[1])
