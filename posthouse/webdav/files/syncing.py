"""An account's files as a tree of resources: what changed in a folder; RFC 6578, one level at a time.

A token names a folder, the modseq up to which its changes are known, and, where a first listing goes on, the name that
it goes on behind. That of a visitor also names his rights: when they change, he has to begin anew.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, unquote

from posthouse.core.files.changes import file_changes
from posthouse.core.files.tree import list_folder, state
from posthouse.core.files.visiting import glimpse, seen_among, view_of
from posthouse.storage.ranges import Range
from posthouse.webdav.files.drive import Drive, member_of
from posthouse.webdav.files.operations import members_among, names_among
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.tree import Changes, Found, Member
from posthouse.webdav.wire.errors import DavError

MOST = 1_000  # members in one answer
ENTRIES = 500  # of the change log that are read together
NODES = 500  # that are looked at together
_SCHEME = "data:,"


class FileSyncing:
    """The changes of one account's files."""

    def __init__(self, drive: Drive) -> None:
        self._drive = drive

    async def tokens(self) -> Callable[[Member], str]:
        """What names the state of now."""
        now = await self._drive.store.read(state, self._drive.account)
        view, _ = await self._view()
        return lambda folder: _token(folder, view, now)

    async def changes(self, at: Found, token: str, limit: int | None) -> Changes:
        """What became of a folder's members; raises HttpError."""
        folder = at.member
        if folder is None:
            raise HttpError(404, "there is nothing here")
        most = MOST if limit is None else min(limit, MOST)
        view, hides = await self._view()
        if not token:
            return await self._list(folder, view, await self._drive.store.read(state, self._drive.account), "", most)
        since, after = _read(token, folder, view)
        if after:
            return await self._list(folder, view, since, after, most)
        changes = await self._since(at, folder, view, since, most)
        if hides and changes.gone:
            raise stale()  # what went may have been hidden: its name is not told
        return changes

    async def is_unchanged(self, at: Found, token: str) -> bool:
        """Whether a folder's members are still as that token names them."""
        if at.member is None or not at.member.is_folder or not token.startswith(_SCHEME):
            return False
        view, _ = await self._view()
        try:
            since, after = _read(token, at.member, view)
            changes = await self._since(at, at.member, view, since, 1)
        except DavError:
            return False
        return not (after or changes.held or changes.gone or changes.is_cut)

    async def _view(self) -> tuple[str, bool]:
        """What names a visitor's rights, and whether they hide anything."""
        drive = self._drive
        return ("", False) if drive.is_own else await drive.store.read(view_of, drive.account, drive.visitor)

    async def _list(self, folder: Member, view: str, modseq: int, after: str, most: int) -> Changes:
        drive = self._drive
        if drive.is_own:
            page = await drive.store.read(list_folder, drive.account, folder.key, after, most + 1)
            held = [member_of(name, entry) for name, entry in page[:most]]
            following = page[most - 1][0] if len(page) > most else ""
        else:
            seen = await drive.store.read(glimpse, drive.account, folder.key, after, most, drive.visitor)
            held, following = [member_of(*each) for each in seen.members], seen.after or ""
        return Changes(_token(folder, view, modseq, following), held, [], bool(following))

    async def _since(self, at: Found, folder: Member, view: str, since: int, most: int) -> Changes:
        drive = self._drive
        while True:
            found = await drive.store.read(file_changes, drive.account, since, min(ENTRIES, most))
            if not found.is_complete:
                raise stale()
            held: list[Member] = []
            for nodes in _pieces(found.created + found.updated):
                members = await drive.store.read(members_among, drive.account, folder.key, nodes)
                if drive.is_own:
                    held += [member_of(name, entry) for name, entry in members]
                else:
                    seen = await drive.store.read(seen_among, drive.account, folder.key, members, drive.visitor)
                    held += [member_of(*each) for each in seen]
            names = [name for node, name in found.left if node == folder.key]
            taken = await drive.store.read(names_among, drive.account, folder.key, names)
            gone = [(*at.path, name) for name in dict.fromkeys(names) if name not in taken]
            if held or gone or not found.more:
                break
            since = found.modseq
        if len(held) + len(gone) > max(most, MOST):
            raise DavError(507, "{DAV:}number-of-matches-within-limits", "too much has changed: begin anew")
        return Changes(_token(folder, view, found.modseq), held, gone, found.more)


def stale() -> DavError:
    """What is said to a token that names nothing that is known."""
    return DavError(403, "{DAV:}valid-sync-token", "begin anew")


def _token(folder: Member, view: str, modseq: int, after: str = "") -> str:
    return f"{_SCHEME}{folder.key}{view}-{modseq}" + (f"-{quote(after, safe='')}" if after else "")


def _read(token: str, folder: Member, view: str) -> tuple[int, str]:
    parts = token.removeprefix(_SCHEME).split("-", 2)
    if not token.startswith(_SCHEME) or len(parts) < 2 or parts[0] != f"{folder.key}{view}" or not parts[1].isascii():
        raise stale()
    if not parts[1].isdecimal() or len(parts[1]) > 18:
        raise stale()
    return int(parts[1]), unquote(parts[2]) if len(parts) == 3 else ""


def _pieces(ranges: list[Range]) -> list[list[int]]:
    nodes = [node for first, last in ranges for node in range(first, last + 1)]
    return [nodes[at : at + NODES] for at in range(0, len(nodes), NODES)]
