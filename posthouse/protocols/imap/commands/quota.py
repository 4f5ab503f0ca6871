"""GETQUOTA, GETQUOTAROOT, SETQUOTA; RFC 9208. An account is one quota root, called by its address.

An account without limits has no root. What its domain may hold binds it too, and is not told: it says what others hold.
"""

from __future__ import annotations

from posthouse.core.accounts.quota import Allowance, allowance
from posthouse.core.mail.mailboxes import checked_name
from posthouse.core.sharing.rights import Right
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.errors import No
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands.quota import GetQuota, GetQuotaRoot, SetQuota

UNIT = 1024  # octets of STORAGE; RFC 9208 5.1


async def get_quota(command: GetQuota, user: User) -> Ok:
    """What a quota root may hold, and holds; one's own is all that one may ask for."""
    held = await user.store.read(allowance, user.account)
    if command.root != held.address or not _limits(held):
        raise No("There is no such quota root", "NONEXISTENT")
    user.output.write(encoder.quota(held.address, _limits(held)))
    return Ok("That is all")


async def get_quota_root(command: GetQuotaRoot, user: User) -> Ok:
    """Which quota a mailbox counts to, or will when there is one of that name (RFC 9208 4.1.2)."""
    found = await user.find(command.name)
    found.need(Right.READ)
    checked_name(found.name, user.contracts.mail)
    held = await user.store.read(allowance, found.account)
    limits = _limits(held) if found.rights & Right.INSERT else []  # who cannot add anything need not know
    user.output.write(encoder.quota_root(found.called, [held.address] if limits else [], utf8=user.dialect.utf8))
    if limits:
        user.output.write(encoder.quota(held.address, limits))
    return Ok("That is all")


async def set_quota(command: SetQuota, user: User) -> Ok:
    """Nobody sets limits over IMAP: administrators do, with `posthouse account quota`."""
    raise No("Only an administrator sets quotas", "NOPERM")


def _limits(held: Allowance) -> list[tuple[str, int, int]]:
    found = []
    if held.octets is not None:
        found.append(("STORAGE", -(-held.usage.octets // UNIT), held.octets // UNIT))
    if held.messages is not None:
        found.append(("MESSAGE", held.usage.messages, held.messages))
    return found
