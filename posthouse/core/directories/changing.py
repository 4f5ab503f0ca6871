"""Changing a mapped directory: folders come and go, and what is in one moves, by one rename, however much that is.

Documents are written by `half_document`, copies made by `copying`; all three find their `places` in the same way.

The conditions of whoever asks are looked at while the folder is locked (flock) against other processes of this server;
other programs on the machine know nothing of it. For threads, as all of core/directories that asks a file system.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from errno import EEXIST, ENOENT

from posthouse.core.directories.places import (
    Check,
    check_apart,
    erase,
    is_taken,
    locked,
    make_way,
    own_name,
    permit,
    set_aside,
)
from posthouse.core.directories.properties import write_properties
from posthouse.core.directories.reading import Tree, look, new_name


def make_folder(tree: Tree, folder: Sequence[str], name: str, properties: dict[str, bytes], most: int) -> None:
    """Make a folder with these properties, or neither; raises OSError (EEXIST) where something is called so."""
    octets = new_name(tree, name)
    own = own_name()
    with tree.folder(folder) as descriptor:
        os.mkdir(own, 0o700, dir_fd=descriptor)
        try:
            made = os.open(own, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=descriptor)
            try:
                permit(made, os.fstat(descriptor).st_mode)
                if properties:
                    write_properties(made, properties, most)
            finally:
                os.close(made)
            with locked(descriptor):
                if is_taken(descriptor, octets):
                    raise OSError(EEXIST, "something is called so")
                os.rename(own, octets, src_dir_fd=descriptor, dst_dir_fd=descriptor)
                os.fsync(descriptor)
        except BaseException:
            with suppress(OSError):
                os.rmdir(own, dir_fd=descriptor)
            raise


def remove(tree: Tree, folder: Sequence[str], name: str, check: Check) -> None:
    """Delete a document, or a folder with all in it. Of a folder that cannot be deleted, what is left comes back."""
    with tree.folder(folder) as descriptor:
        with locked(descriptor):
            aside = set_aside(tree, descriptor, name, check)
        erase(descriptor, aside, name)


def move(
    tree: Tree,
    source: Sequence[str],
    target: Sequence[str],
    check: Check,
    check_target: Check,
) -> bool:
    """Move what is at a path to another, in place of what is there; True when nothing was.

    Raises OSError (EXDEV) across file systems, (EINVAL) into itself.
    """
    check_apart(source, target)
    with tree.folder(source[:-1]) as from_, tree.folder(target[:-1]) as into:
        octets = new_name(tree, target[-1])
        with locked(into):
            held = look(tree, from_, source[-1])
            if held is None:
                raise OSError(ENOENT, "it is there no more")
            check(held)
            aside = make_way(tree, into, target[-1], octets, check_target)
            try:
                os.rename(source[-1].encode(), octets, src_dir_fd=from_, dst_dir_fd=into)
            except BaseException:
                if aside:
                    os.rename(aside, octets, src_dir_fd=into, dst_dir_fd=into)
                raise
            os.fsync(into)
            os.fsync(from_)
        if aside:
            erase(into, aside, "")
        return not aside
