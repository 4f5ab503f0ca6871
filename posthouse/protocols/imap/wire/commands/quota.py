"""Commands about quotas; RFC 9208 4.1."""

from __future__ import annotations

from posthouse.protocols.imap.wire.commands.command import Command


class GetQuota(Command, frozen=True):
    """GETQUOTA; RFC 9208 4.1.1."""

    root: str


class GetQuotaRoot(Command, frozen=True):
    """GETQUOTAROOT; RFC 9208 4.1.2."""

    name: str


class SetQuota(Command, frozen=True):
    """SETQUOTA; RFC 9208 4.1.3. Resources in capitals with their new limits."""

    root: str
    limits: tuple[tuple[str, int], ...]
