"""An IMAP client that costs little: raw bytes on a blocking socket, answers cut at the tagged line."""

from __future__ import annotations

import re
import socket
from types import TracebackType


class ImapClient:
    """One connection, logged in when a name is given."""

    def __init__(self, port: int, name: str | None = None, password: str = "") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._number = 0
        self.greeting = self.socket.recv(4096)
        if name is not None:
            self.command(f'LOGIN "{name}" "{password}"'.encode())

    def __enter__(self) -> ImapClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def command(self, line: bytes, *, keep: bool = True) -> bytes:
        """The whole answer (its last 4 KB when not kept); raises RuntimeError when it is not OK."""
        self._number += 1
        tag = b"b%d" % self._number
        self.socket.sendall(tag + b" " + line + b"\r\n")
        return self.answer(tag, keep=keep)

    def answer(self, tag: bytes, *, keep: bool = True) -> bytes:
        """What comes up to the line tagged `tag`."""
        chunks: list[bytes] = []
        tail = begun = b""  # `begun`: how the last line begins, which may be long (COPYUID)
        self.received = 0
        while True:
            chunk = self.socket.recv(1 << 18)
            if not chunk:
                raise ConnectionError("the server closed")
            self.received += len(chunk)
            if keep:
                chunks.append(chunk)
            text = tail + chunk
            end = text.rfind(b"\r\n", 0, -2)
            if end >= 0:
                begun = text[end + 2 : end + 202]
            elif len(text) == self.received:
                begun = text[:200]
            tail = text[-4096:]
            if tail.endswith(b"\r\n") and begun.startswith(tag + b" "):
                if not begun.startswith(tag + b" OK"):
                    raise RuntimeError(begun.decode(errors="replace"))
                return b"".join(chunks) if keep else tail

    def append(self, mailbox: str, *letters: bytes) -> None:
        """APPEND with non-synchronising literals, one or (MULTIAPPEND) several."""
        self._number += 1
        tag = b"b%d" % self._number
        literals = [b" {%d+}\r\n%b" % (len(octets), octets) for octets in letters]
        self.socket.sendall(b'%s APPEND "%s"%b\r\n' % (tag, mailbox.encode(), b"".join(literals)))
        self.answer(tag)

    def exists(self, mailbox: str) -> int:
        """How many messages STATUS counts."""
        found = re.search(rb"MESSAGES (\d+)", self.command(f'STATUS "{mailbox}" (MESSAGES)'.encode()))
        if found is None:
            raise RuntimeError("no MESSAGES in STATUS")
        return int(found[1])
