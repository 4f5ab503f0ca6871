"""An account's files as a tree of resources: who may do what with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from posthouse.core.files.records import ROOT
from posthouse.core.files.sharing import file_lists, list_on, set_file_list
from posthouse.core.files.tree import paths_of
from posthouse.core.sharing.changing import ANYONE_NAME, Shared
from posthouse.webdav.files.drive import Drive
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.tree import Ace, Found, Guard, Path


class FileSharing:
    """The access-control lists of one account's files."""

    def __init__(self, drive: Drive) -> None:
        self._drive = drive

    async def lists(self) -> Mapping[Path, Sequence[Ace]]:
        """All lists but those in the trash; what holds for all that a group has is the root's, too."""
        drive = self._drive
        held = await drive.store.read(file_lists, drive.account)
        if not any(each.node == ROOT for each in held):
            above_all = await drive.store.read(list_on, drive.account, ROOT)
            held += [above_all] if above_all.node == ROOT else []
        paths = await drive.store.read(paths_of, drive.account, [each.node for each in held])
        return {
            tuple(path): [Ace(None if one.name == ANYONE_NAME else one.name, one.rights) for one in each.grants]
            for each, path in zip(held, paths, strict=True)
            if path is not None
        }

    async def set_list(self, at: Found, entries: Sequence[Ace] | None, guard: Guard) -> None:
        """Give a file or folder this list, for None none of its own."""
        drive = self._drive
        if at.member is None:
            raise HttpError(404, "there is nothing here")
        given = None if entries is None else [Shared(each.whom or ANYONE_NAME, each.rights) for each in entries]
        conditions = drive.conditions(guard)
        await drive.write(
            set_file_list, drive.account, at.member.key, given, conditions, drive.sharing, drive.limits, drive.now()
        )
