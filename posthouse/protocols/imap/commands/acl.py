"""SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS; RFC 4314.

Identifiers are addresses of accounts and groups, and "anyone". The owner has all rights and stands first in the list;
his are not to be changed. There are no negative rights.
"""

from __future__ import annotations

from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.finding import NOTICEABLE, Found
from posthouse.core.mail.mailboxes import find_mailbox
from posthouse.core.mail.search_folders.errors import NotForSearchFolders
from posthouse.core.sharing.changing import check_grantee, share, show_acl, unshare
from posthouse.core.sharing.errors import OwnerHasAll
from posthouse.core.sharing.rights import ALL, LETTERS, VIRTUAL, Right
from posthouse.protocols.imap.contracts import Ok, User
from posthouse.protocols.imap.errors import No
from posthouse.protocols.imap.wire import encoder
from posthouse.protocols.imap.wire.commands.acl import DeleteAcl, GetAcl, ListRights, MyRights, SetAcl


async def set_acl(command: SetAcl, user: User) -> Ok:
    """Give somebody rights, more, or fewer."""
    found, number = await _administered(command.name, user)
    _refuse_negative(command.identifier)
    settings = user.contracts.sharing
    whom, mode, rights = command.identifier, command.mode, command.rights
    await user.store.write(share, found.account, number, whom, mode, rights, settings)
    return Ok("Done")


async def delete_acl(command: DeleteAcl, user: User) -> Ok:
    """Take somebody off the list."""
    found, number = await _administered(command.name, user)
    _refuse_negative(command.identifier)
    await user.store.write(unshare, found.account, number, command.identifier, user.contracts.sharing)
    return Ok("Done")


async def get_acl(command: GetAcl, user: User) -> Ok:
    """Show the list."""
    found, number = await _administered(command.name, user)
    shown = await user.store.read(show_acl, found.account, number)
    owner = [] if shown.owner is None else [(shown.owner, int(ALL))]
    grants = [(grant.name, grant.rights) for grant in shown.grants]
    user.output.write(encoder.acl(found.called, owner + grants, utf8=user.dialect.utf8))
    return Ok("That is all")


async def list_rights(command: ListRights, user: User) -> Ok:
    """Which rights somebody can be given: each by itself, but for the owner; none to a search folder."""
    found, number = await _administered(command.name, user)
    _refuse_negative(command.identifier)
    required, optional = Right(0), [*LETTERS, *VIRTUAL]
    try:
        await user.store.read(check_grantee, found.account, number, command.identifier, user.contracts.sharing)
    except OwnerHasAll:
        required, optional = ALL, []
    except NotForSearchFolders:
        optional = []
    line = encoder.list_rights(found.called, command.identifier, required, optional, utf8=user.dialect.utf8)
    user.output.write(line)
    return Ok("That is all")


async def my_rights(command: MyRights, user: User) -> Ok:
    """What one may do oneself; any of these rights suffices to ask (RFC 4314 4)."""
    found = await user.find(command.name)
    if found.account == user.account:
        await user.store.read(find_mailbox, user.account, found.name)
    if not found.rights & NOTICEABLE:
        raise NoSuchMailbox(command.name)
    user.output.write(encoder.my_rights(found.called, found.rights, utf8=user.dialect.utf8))
    return Ok("That is all")


async def _administered(name: str, user: User) -> tuple[Found, int]:
    """A mailbox whose rights the user may see and change, and its number."""
    found = await user.find(name)
    found.need(Right.ADMINISTER)
    if found.account != user.account:
        return found, found.number
    return found, (await user.store.read(find_mailbox, user.account, found.name)).id


def _refuse_negative(identifier: str) -> None:
    if identifier.startswith("-"):
        raise No("There are no negative rights here", "CANNOT")
