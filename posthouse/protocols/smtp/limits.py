"""Limits for one address of other servers, counted over all workers; addresses in networks."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import TYPE_CHECKING

from posthouse.core.authentication.authenticator import network
from posthouse.protocols.smtp.wire.reply import SmtpRefusal

if TYPE_CHECKING:
    from posthouse.protocols.smtp.session import Session

WINDOW_SECONDS = 60.0


async def count_message(session: Session) -> None:
    """One more message; raises SmtpRefusal for one too many."""
    limit = session.contracts.settings.messages_per_address_per_minute
    if limit and await _hit("messages", session) > limit:
        raise SmtpRefusal(450, "4.7.1", "Your address sends too many messages, try later")


async def count_recipient(session: Session) -> None:
    """One more recipient; raises SmtpRefusal for one too many."""
    limit = session.contracts.settings.recipients_per_address_per_minute
    if limit and await _hit("recipients", session) > limit:
        raise SmtpRefusal(450, "4.7.1", "Your address names too many recipients, try later")


async def count_refusal(session: Session) -> None:
    """One more sender or recipient that was refused; one too many ends the session."""
    session.count_refused_recipient()
    limit = session.contracts.settings.refusals_per_address_per_minute
    if limit and await _hit("refusals", session) > limit:
        session.tires()


async def _hit(what: str, session: Session) -> int:
    """How many there were; users have limits of their own, and LMTP's clients are our own servers."""
    if not session.is_stranger:
        return 0
    return await session.contracts.registry.hit(f"smtp/{what}/{network(session.channel.peer.host)}", WINDOW_SECONDS)


def is_in(host: str, networks: Sequence[str]) -> bool:
    """True for an address in one of these networks."""
    if not networks:
        return False
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False  # a UNIX socket
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in ipaddress.ip_network(network) for network in networks)
