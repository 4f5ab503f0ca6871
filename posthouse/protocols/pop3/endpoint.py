"""POP3 over a transport: TLS at once (RFC 8314) or by STLS (RFC 2595 4)."""

from __future__ import annotations

from typing import Any

from posthouse.protocols.pop3.contracts import Contracts
from posthouse.protocols.pop3.session import Session
from posthouse.protocols.sessions import SessionFactory


def pop3_factory(
    contracts: Contracts, tls_context_factory: Any = None, *, implicit_tls: bool = False
) -> SessionFactory:
    """What serves one listener."""
    return SessionFactory(Session, contracts, tls_context_factory, implicit_tls=implicit_tls)
