"""IMAP over a transport: TLS at once (RFC 8314) or by STARTTLS (RFC 9051 6.2.1)."""

from __future__ import annotations

from typing import Any

from posthouse.protocols.imap.contracts import Contracts
from posthouse.protocols.imap.session import Session
from posthouse.protocols.sessions import SessionFactory


def imap_factory(
    contracts: Contracts, tls_context_factory: Any = None, *, implicit_tls: bool = False
) -> SessionFactory:
    """What serves one listener."""
    return SessionFactory(Session, contracts, tls_context_factory, implicit_tls=implicit_tls)
