"""Sharing folders: who may do what with an account's or a group's."""

from __future__ import annotations

import msgspec

from posthouse.admin.names import address_of
from posthouse.core.accounts.group_folders import open_folders
from posthouse.core.mail.sharing import find_folder, list_lists, share_folder, unshare_folder
from posthouse.core.sharing.rights import PRESETS, Right, UnknownRight, letters, parse_rights, preset_of
from posthouse.core.sharing.settings import SharingSettings
from posthouse.storage.contract import Refused, Store


class BadRights(Refused):
    """args: the text."""


class ShareShown(msgspec.Struct, frozen=True):
    """Who may do what with a folder; `folder` is empty for all that a group has, `preset` "custom" for none of them."""

    folder: str
    whom: str
    rights: str
    preset: str


async def list_all(store: Store, owner: str) -> list[ShareShown]:
    """All that an account or a group shares, folder by folder; raises BadAddress, NotHere."""
    shown = []
    for name, grants in await store.read(list_lists, address_of(owner)):
        for grant in grants:
            rights = Right(grant.rights)
            shown.append(ShareShown(name, grant.name, letters(rights), preset_of(rights)))
    return shown


async def set_rights(
    store: Store, owner: str, whom: str, rights: str, folder: str | None, settings: SharingSettings, now: int
) -> ShareShown:
    """Give somebody the rights of a preset, or those of letters, on a folder; on all of a group's for None.

    A group that had no folders can have them from then on. Raises BadAddress, BadRights, NotHere, NoSuchMailbox,
    NoSuchGrantee, OwnerHasAll, TooManyGrants.
    """
    wanted = rights_of(rights)
    address = address_of(owner)
    found = await store.read(find_folder, address, folder)
    if not found.account:
        await store.write(open_folders, address, now)
    await store.write(share_folder, address, folder, whom, int(wanted), settings)
    return ShareShown(folder or "", whom, letters(wanted), preset_of(wanted))


async def remove(store: Store, owner: str, whom: str | None, folder: str | None, settings: SharingSettings) -> None:
    """Take somebody's rights on a folder away; without anybody, let it have those of the folder above it again.

    Raises BadAddress, NotHere, NoSuchMailbox, NoSuchGrantee, OwnerHasAll.
    """
    await store.write(unshare_folder, address_of(owner), folder, whom, settings)


def rights_of(text: str) -> Right:
    """A preset by its name, or letters of RFC 4314; raises BadRights."""
    if text in PRESETS:
        return PRESETS[text]
    try:
        return parse_rights(text)
    except UnknownRight:
        raise BadRights(text) from None
