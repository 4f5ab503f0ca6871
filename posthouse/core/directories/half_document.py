"""A document on its way into a mapped directory: written beside its place and renamed into it, so that others see the
old contents or the new ones.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from errno import ECANCELED, EEXIST, EISDIR, ENOENT
from threading import Lock

from posthouse.core.directories.places import NEW_FILE, Check, is_taken, locked, own_name
from posthouse.core.directories.properties import read_properties, write_properties
from posthouse.core.directories.reading import Seen, Tree, look, new_name, open_in
from posthouse.storage.durable import write_all


class HalfDocument:
    """A document on its way into a folder; nobody sees it before it is finished. Whoever waits for `open` may be cut
    off and call `close` meanwhile.
    """

    def __init__(self, tree: Tree, folder: Sequence[str]) -> None:
        self._tree = tree
        self._path = folder
        self._turn = Lock()
        self._is_closed = False
        self._folder = self._file = -1
        self._name = own_name()

    def open(self) -> None:
        """Make a file to write to."""
        with self._turn:
            if self._is_closed:
                return
            with self._tree.folder(self._path) as descriptor:
                self._folder = os.dup(descriptor)
            self._file = os.open(self._name, NEW_FILE, 0o600, dir_fd=self._folder)

    def write(self, octets: bytes) -> None:
        """Write octets behind those before."""
        with self._turn:
            self._check_open()
            write_all(self._file, memoryview(octets))

    def finish(self, name: str, check: Check, modified: int | None = None) -> tuple[Seen, bool]:
        """Give it its name, in place of the document that has it; what stands there now, and whether it is new.

        What it replaces leaves it its permissions and properties; a new one has the permissions of its folder. It was
        changed at `modified` (ms) where the file system takes that, without it now.
        """
        octets = new_name(self._tree, name)
        with self._turn:
            self._check_open()
            if modified is not None:
                self._date(modified)
            os.fsync(self._file)
            with locked(self._folder):
                return self._put(name, octets, check)

    def close(self) -> None:
        """Let go of it; without having been finished it is gone."""
        with self._turn:
            self._is_closed = True
            if self._file >= 0:
                if self._name:
                    with suppress(OSError):
                        os.unlink(self._name, dir_fd=self._folder)
                os.close(self._file)
            if self._folder >= 0:
                os.close(self._folder)

    def _check_open(self) -> None:
        if self._is_closed:
            raise OSError(ECANCELED, "whoever waited for it has gone")

    def _put(self, name: str, octets: bytes, check: Check) -> tuple[Seen, bool]:
        held = look(self._tree, self._folder, name)
        check(held)
        if held is not None and held.is_folder:
            raise OSError(EISDIR, "that is a folder")
        if held is None and is_taken(self._folder, octets):
            raise OSError(EEXIST, "something else is called so")
        self._dress(name, held)
        os.rename(self._name, octets, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        self._name = b""
        os.fsync(self._folder)
        seen = look(self._tree, self._folder, name)
        if seen is None:
            raise OSError(ENOENT, "somebody took it away at once")
        return seen, held is None

    def _date(self, modified: int) -> None:
        # less than a ms more, by chance: contents of one time and size must not share a tag when an inode comes again
        changed = modified * 1_000_000 + secrets.randbelow(1_000_000)
        with suppress(OSError):
            os.utime(self._file, ns=(changed, changed))

    def _dress(self, name: str, held: Seen | None) -> None:
        if held is None:
            os.fchmod(self._file, os.fstat(self._folder).st_mode & 0o666)
            return
        before = open_in(self._tree, self._folder, name)
        try:
            os.fchmod(self._file, os.fstat(before).st_mode & 0o777)
            properties = read_properties(before)
            if properties:
                write_properties(self._file, properties, 1 << 30)
        finally:
            os.close(before)
