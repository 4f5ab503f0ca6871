"""Copies in mapped directories, seen when all of them is there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from errno import EFBIG

from posthouse.core.directories.places import (
    NEW_FILE,
    Check,
    check_apart,
    drop,
    erase,
    locked,
    make_way,
    own_name,
    permit,
)
from posthouse.core.directories.properties import read_properties, write_properties
from posthouse.core.directories.reading import Tree, look, new_name, open_in
from posthouse.storage.durable import write_all

_STRETCH = 8 << 20  # octets that are copied at once
DEEPEST = 200  # levels of a tree that is copied


def copy(
    tree: Tree,
    source: Sequence[str],
    target: Sequence[str],
    check: Check,
    check_target: Check,
    *,
    is_deep: bool,
    most: int,
) -> bool:
    """Copy what is at a path to another, with what is in it when `is_deep`; seen when all of it is there. True when
    nothing was there before.

    Links, devices and what cannot be seen are left out. Raises OSError (EFBIG) for more than `most` files and folders.
    """
    check_apart(source, target)
    own = own_name()
    with tree.folder(source[:-1]) as from_, tree.folder(target[:-1]) as into:
        octets = new_name(tree, target[-1])
        check(look(tree, from_, source[-1]))
        try:
            _copy(tree, from_, source[-1], into, own, most if is_deep else 0, DEEPEST)
            with locked(into):
                aside = make_way(tree, into, target[-1], octets, check_target)
                os.rename(own, octets, src_dir_fd=into, dst_dir_fd=into)
                os.fsync(into)
        except BaseException:
            drop(into, own)
            raise
        if aside:
            erase(into, aside, "")
        return not aside


def _copy(tree: Tree, from_: int, name: str, into: int, octets: bytes, left: int, levels: int) -> int:
    """Copy one thing under another name; how many more may be copied."""
    source = open_in(tree, from_, name)
    try:
        mode = os.fstat(source).st_mode
        if (mode & 0o170000) != 0o040000:
            _copy_file(source, into, octets, mode)
            return left - 1
        os.mkdir(octets, 0o700, dir_fd=into)
        made = os.open(octets, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=into)
        try:
            _copy_properties(source, made)
            if left:
                left = _copy_members(tree, source, made, left - 1, levels - 1)
            permit(made, mode)
        finally:
            os.close(made)
        return left
    finally:
        os.close(source)


def _copy_members(tree: Tree, source: int, made: int, left: int, levels: int) -> int:
    with os.scandir(source) as entries:
        names = [os.fsencode(entry.name) for entry in entries]
    for octets in names:
        try:
            name = octets.decode()
        except UnicodeDecodeError:
            continue
        if look(tree, source, name) is None:
            continue
        if left < 1 or not levels:
            raise OSError(EFBIG, "that is too much for one copy")
        left = _copy(tree, source, name, made, octets, left, levels)
    return left


def _copy_file(source: int, into: int, octets: bytes, mode: int) -> None:
    made = os.open(octets, NEW_FILE, 0o600, dir_fd=into)
    try:
        while piece := os.read(source, _STRETCH):
            write_all(made, memoryview(piece))
        _copy_properties(source, made)
        os.fchmod(made, mode & 0o777)
        os.fsync(made)
    finally:
        os.close(made)


def _copy_properties(source: int, made: int) -> None:
    properties = read_properties(source)
    if properties:
        write_properties(made, properties, 1 << 30)
