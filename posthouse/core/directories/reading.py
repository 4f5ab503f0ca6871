"""Reading a mapped directory: always from its root, one level after another, never through a symbolic link.

Each level is opened relative to the one above (openat, O_NOFOLLOW): whatever others do to the tree meanwhile, nothing
outside of it is reached. Only folders and plain files are there; links, devices, sockets and pipes are not, nor are
names that are no UTF-8. All of it waits for the file system and raises OSError: it is for threads.
"""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from errno import EINVAL, ENOENT, ENOTDIR, EOVERFLOW
from io import FileIO

import msgspec

from posthouse.core.files.names import canonical

OWN = ".posthouse-"  # what our own names begin with while something is being made; never shown
STALE_SECONDS = 86_400  # after which what a process that died left is cleared away
_WAY = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Seen(msgspec.Struct, frozen=True, gc=False):
    """What stands under a name: `modified` in ms; `tag` names these very contents, without the quotes of an ETag."""

    name: str
    is_folder: bool
    size: int
    modified: int
    tag: str


class Spot(msgspec.Struct, frozen=True):
    """What is at a path as it is spelled there; `has_folder` when the folder is there that it is or would be in."""

    path: tuple[str, ...]
    has_folder: bool
    seen: Seen | None


class Tree(msgspec.Struct, frozen=True):
    """A mapped directory: its root, and whether names that begin with a dot are there."""

    root: str
    dot_files: bool

    def has(self, name: str) -> bool:
        """False for names that nothing in it is called by."""
        if name in ("", ".", "..") or "/" in name or "\x00" in name or name.startswith(OWN):
            return False
        return self.dot_files or not name.startswith(".")

    @contextmanager
    def folder(self, path: Sequence[str]) -> Iterator[int]:
        """A descriptor of the folder at a path."""
        descriptor = os.open(self.root, _WAY if path else _FOLDER)
        try:
            for at, step in enumerate(path):
                if not self.has(step):
                    raise OSError(ENOENT, "there is nothing of that name")
                flags = _FOLDER if at == len(path) - 1 else _WAY
                inner = os.open(step.encode(), flags, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)


def find(tree: Tree, path: Sequence[str]) -> Spot:
    """What is at a path; a name that is not there as it is spelled is looked for as NFC has it."""
    if not path:
        with tree.folder(()) as descriptor:
            return Spot((), True, _seen("", os.fstat(descriptor)))
    named: list[str] = []
    for at, step in enumerate(path):
        try:
            with tree.folder(named) as descriptor:
                seen = look(tree, descriptor, step) or look(tree, descriptor, canonical(step))
        except OSError as error:
            if error.errno in (ENOENT, ENOTDIR):
                return Spot(tuple(path), False, None)
            raise
        if seen is None:
            return Spot((*named, *[canonical(each) for each in path[at:]]), at == len(path) - 1, None)
        named.append(seen.name)
        if at < len(path) - 1 and not seen.is_folder:
            return Spot(tuple(path), False, None)
    return Spot(tuple(named), True, seen)


def look(tree: Tree, folder: int, name: str) -> Seen | None:
    """What stands under a name in an open folder."""
    if not tree.has(name):
        return None
    try:
        return _seen(name, os.stat(name.encode(), dir_fd=folder, follow_symlinks=False))
    except OSError as error:
        if error.errno in (ENOENT, ENOTDIR):
            return None
        raise


def names_in(tree: Tree, path: Sequence[str], most: int) -> list[str]:
    """The names in a folder, sorted by their octets; raises OSError (EOVERFLOW) for more than `most`."""
    found = []
    with tree.folder(path) as descriptor, os.scandir(descriptor) as entries:
        for entry in entries:
            octets = os.fsencode(entry.name)
            if octets.startswith(OWN.encode()):
                _clear_stale(descriptor, octets)
                continue
            with suppress(UnicodeDecodeError):
                name = octets.decode()
                if tree.has(name):
                    found.append(octets)
            if len(found) > most:
                raise OSError(EOVERFLOW, "the folder has too many names")
    return [octets.decode() for octets in sorted(found)]


def look_at(tree: Tree, path: Sequence[str], names: Sequence[str]) -> list[Seen]:
    """What stands under some names in a folder; what went meanwhile is left out."""
    with tree.folder(path) as descriptor:
        return [seen for name in names if (seen := look(tree, descriptor, name)) is not None]


def open_file(tree: Tree, path: Sequence[str], tag: str) -> FileIO:
    """The document at a path while it is still the one of that tag; raises OSError (ENOENT)."""
    with tree.folder(path[:-1]) as folder:
        descriptor = open_in(tree, folder, path[-1])
    held = _seen(path[-1], os.fstat(descriptor))
    if held is None or held.is_folder or (tag and held.tag != tag):
        os.close(descriptor)
        raise OSError(ENOENT, "it is another one now")
    return FileIO(descriptor)


def open_in(tree: Tree, folder: int, name: str) -> int:
    """A descriptor of what stands under a name in an open folder; raises OSError for what is neither file nor folder.

    It is looked at before it is opened: opening a device may do something.
    """
    if look(tree, folder, name) is None:
        raise OSError(ENOENT, "there is nothing of that name")
    return os.open(name.encode(), _FILE, dir_fd=folder)


def room_in(tree: Tree) -> tuple[int, int]:
    """Octets that are used, and that there is room for, on the root's file system."""
    with tree.folder(()) as descriptor:
        held = os.fstatvfs(descriptor)
    return (held.f_blocks - held.f_bfree) * held.f_frsize, held.f_bavail * held.f_frsize


def new_name(tree: Tree, name: str) -> bytes:
    """A name for something new, as it is written; raises OSError (EINVAL) for what nothing can be called."""
    if not tree.has(name):
        raise OSError(EINVAL, "nothing can be called so")
    return name.encode()


def _seen(name: str, held: os.stat_result) -> Seen | None:
    modified = held.st_mtime_ns // 1_000_000
    if stat.S_ISDIR(held.st_mode):
        return Seen(name, True, 0, modified, "")
    if not stat.S_ISREG(held.st_mode):
        return None
    return Seen(name, False, held.st_size, modified, f"{held.st_ino:x}-{held.st_mtime_ns:x}-{held.st_size:x}")


def _clear_stale(folder: int, octets: bytes) -> None:
    """Remove what a process left that died: half a document, half a copy, a folder that it was deleting."""
    with suppress(OSError):
        held = os.stat(octets, dir_fd=folder, follow_symlinks=False)
        if time.time() - held.st_ctime < STALE_SECONDS:
            return
        if stat.S_ISDIR(held.st_mode):
            shutil.rmtree(octets, dir_fd=folder)
        else:
            os.unlink(octets, dir_fd=folder)
