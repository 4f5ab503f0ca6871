"""What the relay client needs of a transport; server gives it, tests script it."""

from __future__ import annotations

from typing import Any, Protocol

from posthouse.core.peer import Peer
from posthouse.core.queue.contracts import Hop
from posthouse.protocols.connection import Output


class TlsFailed(Exception):
    """TLS does not stand, or not with whom it should; `result` as RFC 8460 4.3 has it."""

    def __init__(self, result: str, words: str) -> None:
        super().__init__(words)
        self.result = result
        self.words = words


class Channel(Output, Protocol):
    """One connection that we opened."""

    @property
    def peer(self) -> Peer:
        """Who is at the other end, and whether TLS is between."""

    @property
    def is_quiet(self) -> bool:
        """True while it stands and all that came has been read."""

    async def read(self) -> bytes:
        """What came, waiting for it; b"" when the peer has gone."""

    async def begin_tls(self, creator: Any) -> Any:
        """Begin TLS by an IOpenSSLClientConnectionCreator; the SSL.Connection when the handshake is done.

        What had come in plain text is dropped (RFC 3207 4.2). Raises TlsFailed, behind which the connection is closed.
        """

    def close(self) -> None:
        """Close behind what was written."""

    def abort(self) -> None:
        """Close now."""


class Connector(Protocol):
    """Opens connections."""

    async def connect(self, hop: Hop, seconds: float) -> Channel:
        """To the hop's address, from its source; raises OSError (TimeoutError behind so many seconds)."""


class Judge(Protocol):
    """TLS as one hop must have it."""

    @property
    def creator(self) -> Any:
        """An IOpenSSLClientConnectionCreator."""

    def judge(self, connection: Any) -> bool:
        """True when the peer has proved who it is, False when nobody asked; raises TlsFailed."""
