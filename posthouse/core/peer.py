"""Who is at the other end of a connection, and what may be said there."""

from __future__ import annotations

import msgspec


class Peer(msgspec.Struct, frozen=True):
    """Who is at the other end."""

    host: str
    port: int
    tls: bool

    @property
    def is_loopback(self) -> bool:
        """True for a peer on this machine."""
        return self.host in ("127.0.0.1", "::1", "::ffff:127.0.0.1", "") or self.host.startswith("127.")

    @property
    def may_send_password(self) -> bool:
        """True where nobody can listen: over TLS, or from this machine (RFC 9051 11.1, RFC 4954 4)."""
        return self.tls or self.is_loopback
