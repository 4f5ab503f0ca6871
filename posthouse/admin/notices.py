"""Who is told of changes in which of an account's or a group's folders of files."""

from __future__ import annotations

import msgspec

from posthouse.admin.link import NoSuchAccountHere
from posthouse.admin.names import address_of
from posthouse.core.accounts.lookup import addresses_of, find_login
from posthouse.core.files.conditions import Conditions
from posthouse.core.files.errors import NoSuchFile
from posthouse.core.files.settings import FileLimits
from posthouse.core.files.sharing import find_file
from posthouse.core.files.tree import paths_of
from posthouse.core.files.watching import unwatch, watch, watchers_of
from posthouse.core.sharing.settings import Reach
from posthouse.storage.contract import Store


class WatchShown(msgspec.Struct, frozen=True):
    """Somebody who is told of changes in a folder; `folder` is empty for one in the trash."""

    folder: str
    whom: str


async def set_notices(
    store: Store, owner: str, whom: str, path: str, limits: FileLimits, reach: Reach, *, wanted: bool
) -> None:
    """Tell an account of what others change in the folder at a path, or no more.

    Raises BadAddress, NotHere, NoSuchAccountHere, NoSuchFile, NotPermitted, NotAFolder, NoNotices, TooManyWatches.
    """
    spot = await store.read(find_file, address_of(owner), [step for step in path.split("/") if step])
    found = await store.read(find_login, address_of(whom))
    if found is None:
        raise NoSuchAccountHere(whom)
    if not spot.account:
        raise NoSuchFile(path)
    if not wanted:
        await store.write(unwatch, spot.account, spot.node, found.account)
        return
    try:
        await store.write(watch, spot.account, spot.node, Conditions(found.account, reach=reach), limits)
    except NoSuchFile:
        raise NoSuchFile(path) from None


async def list_all(store: Store, owner: str) -> list[WatchShown]:
    """All who are told, by folder; raises BadAddress, NotHere."""
    spot = await store.read(find_file, address_of(owner), [])
    watchers = await store.read(watchers_of, spot.account)
    paths = await store.read(paths_of, spot.account, [each.node for each in watchers])
    names = await store.read(addresses_of, [each.who for each in watchers])
    shown = [
        WatchShown("" if path is None else "/" + "/".join(path), name)
        for path, name in zip(paths, names, strict=True)
        if name
    ]
    return sorted(shown, key=lambda each: (each.folder, each.whom))
