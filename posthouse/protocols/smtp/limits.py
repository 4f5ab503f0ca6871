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
SHARES = 64  # more workers are not expected


async def count_message(session: Session) -> None:
    """One more message; raises SmtpRefusal for one too many."""
    limit = session.contracts.settings.messages_per_address_per_minute
    if limit and await _hit("messages", session, limit) > limit:
        raise SmtpRefusal(450, "4.7.1", "Your address sends too many messages, try later")


async def count_recipient(session: Session) -> None:
    """One more recipient; raises SmtpRefusal for one too many."""
    limit = session.contracts.settings.recipients_per_address_per_minute
    if limit and await _hit("recipients", session, limit) > limit:
        raise SmtpRefusal(450, "4.7.1", "Your address names too many recipients, try later")


async def count_refusal(session: Session) -> None:
    """One more sender or recipient that was refused; one too many ends the session."""
    session.count_refused_recipient()
    limit = session.contracts.settings.refusals_per_address_per_minute
    if limit and await _hit("refusals", session, limit) > limit:
        session.tires()


async def _hit(what: str, session: Session, limit: int) -> int:
    """How many there were; users have limits of their own, and LMTP's clients are our own servers.

    To ask all workers costs a round trip: a small share of the limit is counted in each worker alone.
    """
    if not session.is_stranger:
        return 0
    key = f"smtp/{what}/{network(session.channel.peer.host)}"
    if await session.contracts.own_counts.hit(key, WINDOW_SECONDS) <= limit // SHARES:
        return 0
    return await session.contracts.registry.hit(key, WINDOW_SECONDS)


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
