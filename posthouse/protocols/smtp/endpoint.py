"""SMTP and LMTP over a transport: TLS at once (RFC 8314) or by STARTTLS (RFC 3207)."""

from __future__ import annotations

from typing import Any

from posthouse.protocols.sessions import SessionFactory
from posthouse.protocols.smtp.contracts import Contracts
from posthouse.protocols.smtp.session import Session


def smtp_factory(
    contracts: Contracts, tls_context_factory: Any = None, *, implicit_tls: bool = False
) -> SessionFactory:
    """What serves one listener."""
    return SessionFactory(Session, contracts, tls_context_factory, implicit_tls=implicit_tls)
