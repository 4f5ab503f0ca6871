"""Sharing files: who may do what with an account's or a group's."""

from __future__ import annotations

from posthouse.admin.names import address_of
from posthouse.admin.share import ShareShown, rights_of
from posthouse.core.accounts.group_folders import open_folders
from posthouse.core.files.conditions import Conditions
from posthouse.core.files.errors import NoSuchFile
from posthouse.core.files.settings import FileLimits
from posthouse.core.files.sharing import file_lists, find_file, set_file_list, share_file
from posthouse.core.files.tree import paths_of
from posthouse.core.sharing.rights import Right, letters, preset_of
from posthouse.core.sharing.settings import SharingSettings
from posthouse.storage.contract import Store


async def list_all(store: Store, owner: str) -> list[ShareShown]:
    """All files that an account or a group shares, by path from a slash on; raises BadAddress, NotHere."""
    spot = await store.read(find_file, address_of(owner), [])
    if not spot.account:
        return []
    lists = await store.read(file_lists, spot.account)
    paths = await store.read(paths_of, spot.account, [each.node for each in lists])
    shown = []
    for held, path in zip(lists, paths, strict=True):
        for grant in () if path is None else held.grants:
            rights = Right(grant.rights)
            shown.append(ShareShown("/" + "/".join(path or ()), grant.name, letters(rights), preset_of(rights)))
    return sorted(shown, key=lambda each: (each.folder, each.whom))


async def set_rights(
    store: Store,
    owner: str,
    whom: str,
    rights: str,
    path: str,
    settings: SharingSettings,
    limits: FileLimits,
    now: int,
) -> ShareShown:
    """Give somebody the rights of a preset, or those of letters, on what is at a path.

    Raises BadAddress, BadRights, NotHere, NoSuchFile, NoSuchGrantee, OwnerHasAll, TooManyGrants, TooManyLists.
    """
    wanted = rights_of(rights)
    address, steps = address_of(owner), _steps(path)
    spot = await store.read(find_file, address, steps)
    if not spot.account:
        await store.write(open_folders, address, now)
        spot = await store.read(find_file, address, steps)
    asking = Conditions(spot.account)  # as the owner
    await store.write(share_file, spot.account, spot.node, whom, "set", int(wanted), asking, settings, limits, now)
    return ShareShown("/" + "/".join(steps), whom, letters(wanted), preset_of(wanted))


async def remove(
    store: Store, owner: str, whom: str | None, path: str, settings: SharingSettings, limits: FileLimits, now: int
) -> None:
    """Take somebody's rights away; without anybody, let it have those of the folder above it again.

    Raises BadAddress, NotHere, NoSuchFile, NoSuchGrantee, OwnerHasAll.
    """
    address = address_of(owner)
    spot = await store.read(find_file, address, _steps(path))
    if not spot.account:
        raise NoSuchFile(path)
    asking = Conditions(spot.account)
    if whom is None:
        await store.write(set_file_list, spot.account, spot.node, None, asking, settings, limits, now)
    else:
        await store.write(share_file, spot.account, spot.node, whom, "set", 0, asking, settings, limits, now)


def _steps(path: str) -> list[str]:
    return [step for step in path.split("/") if step]
