"""Properties that clients keep of what is in a mapped directory (RFC 4918 4): in one extended attribute of the file.

So they go along with it, whoever moves or deletes it, and are set all or none. A file system without such attributes
has no properties: then OSError (ENOTSUP), as for one that has no room for them (ENOSPC).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from errno import ENODATA, ENOSPC, ENOTSUP

import msgspec

from posthouse.core.directories.reading import Tree, open_in

_ATTRIBUTE = "user.posthouse.properties"
_decode = msgspec.msgpack.Decoder(dict[str, bytes]).decode


def properties_at(tree: Tree, path: Sequence[str]) -> dict[str, bytes]:
    """The properties of what is at a path, by name in Clark's notation."""
    descriptor = _open(tree, path)
    try:
        return read_properties(descriptor)
    finally:
        os.close(descriptor)


def properties_in(tree: Tree, folder: Sequence[str], names: Sequence[str]) -> dict[str, dict[str, bytes]]:
    """The same of what has these names in a folder, those without any left out; what cannot be read has none."""
    found = {}
    with tree.folder(folder) as descriptor:
        within = f"/proc/self/fd/{descriptor}/".encode()  # the folder, wherever it is by now
        for name in names:
            with suppress(OSError, msgspec.MsgspecError):
                if tree.has(name):
                    found[name] = _decode(os.getxattr(within + name.encode(), _ATTRIBUTE, follow_symlinks=False))
    return found


def change_properties(tree: Tree, path: Sequence[str], changes: Sequence[tuple[str, bytes | None]], most: int) -> None:
    """Keep these, and remove those with None; raises OSError (ENOSPC) where they have more than `most` octets."""
    descriptor = _open(tree, path)
    try:
        held = read_properties(descriptor)
        for name, value in changes:
            if value is None:
                held.pop(name, None)
            else:
                held[name] = value
        write_properties(descriptor, held, most)
    finally:
        os.close(descriptor)


def read_properties(descriptor: int) -> dict[str, bytes]:
    """The properties of an open file or folder; none where they cannot be read."""
    try:
        return _decode(os.getxattr(descriptor, _ATTRIBUTE))
    except OSError as error:
        if error.errno in (ENODATA, ENOTSUP):
            return {}
        raise
    except msgspec.MsgspecError:
        return {}  # somebody else wrote it


def write_properties(descriptor: int, properties: Mapping[str, bytes], most: int) -> None:
    """Give an open file or folder these properties and no others."""
    octets = msgspec.msgpack.encode(dict(properties))
    if properties and len(octets) > most:
        raise OSError(ENOSPC, "there is no room for these properties")
    if properties:
        os.setxattr(descriptor, _ATTRIBUTE, octets)
        return
    try:
        os.removexattr(descriptor, _ATTRIBUTE)
    except OSError as error:
        if error.errno not in (ENODATA, ENOTSUP):
            raise


def _open(tree: Tree, path: Sequence[str]) -> int:
    if not path:
        with tree.folder(()) as descriptor:
            return os.dup(descriptor)
    with tree.folder(path[:-1]) as folder:
        return open_in(tree, folder, path[-1])
