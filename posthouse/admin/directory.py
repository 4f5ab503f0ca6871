"""Directories of the server machine in people's files: mapped, listed, shared, mapped no more."""

from __future__ import annotations

from pathlib import Path

import msgspec

from posthouse.admin.share import rights_of
from posthouse.core.directories.errors import BadDirectory
from posthouse.core.directories.mapping import (
    list_directories,
    map_directory,
    share_directory,
    unmap_directory,
)
from posthouse.core.directories.settings import DirectorySettings
from posthouse.core.sharing.rights import PRESETS, Right, letters, preset_of
from posthouse.core.sharing.settings import SharingSettings
from posthouse.storage.contract import Store

_WRITING = PRESETS["all"]  # what people mean by "write": there is nothing in a directory that it should not be about


class DirectoryShown(msgspec.Struct, frozen=True):
    """A mapped directory and one who may do something in it; `whom` and `rights` are empty where nobody may."""

    name: str
    path: str
    whom: str
    rights: str


async def add(store: Store, name: str, path: str, base: Path, settings: DirectorySettings, now: int) -> DirectoryShown:
    """Map a directory, for nobody yet; `base` is the folder of this server, which is never shown.

    Raises BadDirectory, NameNotAllowed, DirectoryExists, TooManyDirectories.
    """
    real = _real(path, base)
    await store.write(map_directory, name, real, settings.most, now)
    return DirectoryShown(name, real, "", "")


async def list_all(store: Store) -> list[DirectoryShown]:
    """All of them, with all who may do something there."""
    shown = []
    for each in await store.read(list_directories):
        grants = [(grant.name, _words(Right(grant.rights))) for grant in each.grants] or [("", "")]
        shown += [DirectoryShown(each.name, each.path, *grant) for grant in grants]
    return shown


async def share(store: Store, name: str, whom: str, rights: str, settings: SharingSettings) -> str:
    """Give somebody the rights "none", "read" or "write", or those of letters; how they are called.

    Raises BadRights, NoSuchDirectory, NoSuchGrantee, TooManyGrants.
    """
    wanted = _WRITING if rights == "write" else rights_of(rights)
    await store.write(share_directory, name, whom, int(wanted), settings)
    return _words(wanted)


async def remove(store: Store, name: str) -> None:
    """Map it no more; what is in it stays where it is. Raises NoSuchDirectory."""
    await store.write(unmap_directory, name)


def _real(path: str, base: Path) -> str:
    if not Path(path).is_absolute():
        raise BadDirectory(path, "it must begin with a slash")
    real, own = Path(path).resolve(), base.resolve()
    if not real.is_dir():
        raise BadDirectory(path, "there is no such directory")
    if real.is_relative_to(own) or own.is_relative_to(real):
        raise BadDirectory(path, f"this server's own files are in {own}")
    return str(real)


def _words(rights: Right) -> str:
    if rights == _WRITING:
        return "write"
    preset = preset_of(rights)
    return preset if preset in ("none", "read", "full") else letters(rights)
