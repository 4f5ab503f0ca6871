"""The trash of an account's or a group's files: listed, restored from, erased."""

from __future__ import annotations

import msgspec

from posthouse.admin.names import address_of
from posthouse.core.files.conditions import Conditions
from posthouse.core.files.settings import FileLimits
from posthouse.core.files.sharing import find_file
from posthouse.core.files.trash import erase_from_trash, list_trash, restore
from posthouse.core.files.tree import paths_of
from posthouse.storage.contract import Store

AT_ONCE = 1000


class TrashShown(msgspec.Struct, frozen=True):
    """What was deleted and can be restored; `path` is where it was, the folder's name left out where that is gone too.
    `deleted` in ms.
    """

    id: int
    path: str
    size: int
    deleted: int


async def list_all(store: Store, owner: str) -> list[TrashShown]:
    """All that is in it, the oldest first; raises BadAddress, NotHere."""
    account, shown, after = await _account(store, owner), list[TrashShown](), ""
    while page := await store.read(list_trash, account, after, AT_ONCE):
        for each in page:
            slash = "/" if each.entry.is_folder else ""
            path = "/".join(["" if each.folder is not None else "...", *(each.folder or ()), each.name]) + slash
            shown.append(TrashShown(each.entry.node, path, each.entry.size, each.discarded))
        after = page[-1].key
    return shown


async def put_back(store: Store, owner: str, id_: int, limits: FileLimits, now: int) -> str:
    """Restore something; its path, with a number in its name where another is called so by now.

    Raises BadAddress, NotHere, NotInTrash, FileExists, Locked.
    """
    account = await _account(store, owner)
    done = await store.write(restore, account, id_, None, None, Conditions(account), limits, now)
    (path,) = await store.read(paths_of, account, [done.entry.node])
    return "/" + "/".join(path or ())


async def erase(store: Store, owner: str, id_: int, now: int) -> None:
    """Erase something for good; raises BadAddress, NotHere, NotInTrash."""
    await store.write(erase_from_trash, await _account(store, owner), id_, now)


async def _account(store: Store, owner: str) -> int:
    return (await store.read(find_file, address_of(owner), [])).account
