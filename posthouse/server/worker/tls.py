"""TLS as a layer on a `LoopTransport`: Twisted's, but for a peer that does not end it, who is not waited for.

We may close when our own end has been sent (TLS 1.2, 7.2.1; TLS 1.3, 6.1). A client that sleeps sends none for hours.
"""
# mypy: disallow-untyped-calls=False

from __future__ import annotations

from typing import Any, cast

from twisted.protocols.tls import BufferingTLSTransport, TLSMemoryBIOFactory, TLSMemoryBIOProtocol


class _FromTheStart(BufferingTLSTransport):
    def loseConnection(self) -> None:
        super().loseConnection()
        cast(Any, self.transport).end_soon()


class _BehindPlainText(TLSMemoryBIOProtocol):
    def loseConnection(self) -> None:
        super().loseConnection()
        cast(Any, self.transport).end_soon()


class TlsFactory(TLSMemoryBIOFactory):
    """A listener's, whose connections begin with TLS."""

    protocol = _FromTheStart


def tls_behind(context_factory: Any, protocol: Any, *, is_client: bool) -> TLSMemoryBIOProtocol:
    """TLS for a protocol that is connected already, as its server's end or its client's; it is not told again."""
    factory = TLSMemoryBIOFactory(context_factory, is_client, cast(Any, None))
    return _BehindPlainText(factory, protocol, _connectWrapped=False)
