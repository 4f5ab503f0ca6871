"""Changing a mapped directory: documents are written beside their place and renamed into it, so that others see the
old contents or the new ones; folders come and go by one rename, however much is in them.

The conditions of whoever asks are looked at while the folder is locked (flock) against other processes of this server;
other programs on the machine know nothing of it. For threads, as all of core/directories that asks a file system.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from errno import ECANCELED, EEXIST, EFBIG, EINVAL, EISDIR, ENOENT
from threading import Lock

from posthouse.core.directories.properties import read_properties, write_properties
from posthouse.core.directories.reading import OWN, Seen, Tree, look, new_name, open_in

Check = Callable[[Seen | None], None]  # raises where what is there is not what was meant
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_STRETCH = 8 << 20  # octets that are copied at once
DEEPEST = 200  # levels of a tree that is copied


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
        self._name = _own_name()

    def open(self) -> None:
        """Make a file to write to."""
        with self._turn:
            if self._is_closed:
                return
            with self._tree.folder(self._path) as descriptor:
                self._folder = os.dup(descriptor)
            self._file = os.open(self._name, _NEW, 0o600, dir_fd=self._folder)

    def write(self, octets: bytes) -> None:
        """Write octets behind those before."""
        with self._turn:
            self._check_open()
            _write(self._file, octets)

    def finish(self, name: str, check: Check) -> tuple[Seen, bool]:
        """Give it its name, in place of the document that has it; what stands there now, and whether it is new.

        What it replaces leaves it its permissions and properties; a new one has the permissions of its folder.
        """
        octets = new_name(self._tree, name)
        with self._turn:
            self._check_open()
            os.fsync(self._file)
            with _locked(self._folder):
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
        if held is None and _is_taken(self._folder, octets):
            raise OSError(EEXIST, "something else is called so")
        self._dress(name, held)
        os.rename(self._name, octets, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        self._name = b""
        os.fsync(self._folder)
        seen = look(self._tree, self._folder, name)
        if seen is None:
            raise OSError(ENOENT, "somebody took it away at once")
        return seen, held is None

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


def make_folder(tree: Tree, folder: Sequence[str], name: str, properties: dict[str, bytes], most: int) -> None:
    """Make a folder with these properties, or neither; raises OSError (EEXIST) where something is called so."""
    octets = new_name(tree, name)
    own = _own_name()
    with tree.folder(folder) as descriptor:
        os.mkdir(own, 0o700, dir_fd=descriptor)
        try:
            made = os.open(own, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=descriptor)
            try:
                _permit(made, os.fstat(descriptor).st_mode)
                if properties:
                    write_properties(made, properties, most)
            finally:
                os.close(made)
            with _locked(descriptor):
                if _is_taken(descriptor, octets):
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
        with _locked(descriptor):
            aside = _set_aside(tree, descriptor, name, check)
        _erase(descriptor, aside, name)


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
    _check_apart(source, target)
    with tree.folder(source[:-1]) as from_, tree.folder(target[:-1]) as into:
        octets = new_name(tree, target[-1])
        with _locked(into):
            held = look(tree, from_, source[-1])
            if held is None:
                raise OSError(ENOENT, "it is there no more")
            check(held)
            aside = _make_way(tree, into, target[-1], octets, check_target)
            try:
                os.rename(source[-1].encode(), octets, src_dir_fd=from_, dst_dir_fd=into)
            except BaseException:
                if aside:
                    os.rename(aside, octets, src_dir_fd=into, dst_dir_fd=into)
                raise
            os.fsync(into)
            os.fsync(from_)
        if aside:
            _erase(into, aside, "")
        return not aside


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
    _check_apart(source, target)
    own = _own_name()
    with tree.folder(source[:-1]) as from_, tree.folder(target[:-1]) as into:
        octets = new_name(tree, target[-1])
        check(look(tree, from_, source[-1]))
        try:
            _copy(tree, from_, source[-1], into, own, most if is_deep else 0, DEEPEST)
            with _locked(into):
                aside = _make_way(tree, into, target[-1], octets, check_target)
                os.rename(own, octets, src_dir_fd=into, dst_dir_fd=into)
                os.fsync(into)
        except BaseException:
            _drop(into, own)
            raise
        if aside:
            _erase(into, aside, "")
        return not aside


def _write(file: int, octets: bytes) -> None:
    left = memoryview(octets)
    while left:
        left = left[os.write(file, left) :]


@contextmanager
def _locked(folder: int) -> Iterator[None]:
    """No other process of this server changes what this folder's names mean meanwhile."""
    fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(folder, fcntl.LOCK_UN)


def _permit(folder: int, mode: int) -> None:
    """Give a new folder the permissions of another, with its group for what will be in it (setgid) where that may be
    set: a sandbox may forbid it (systemd's RestrictSUIDSGID).
    """
    try:
        os.fchmod(folder, mode & 0o3777)
    except PermissionError:
        os.fchmod(folder, mode & 0o777)


def _own_name() -> bytes:
    return f"{OWN}{secrets.token_hex(12)}".encode()


def _is_taken(folder: int, octets: bytes) -> bool:
    """Whether anything is called so, also what is never shown: it is not written over."""
    try:
        os.stat(octets, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _check_apart(source: Sequence[str], target: Sequence[str]) -> None:
    if list(target[: len(source)]) == list(source) or list(source[: len(target)]) == list(target):
        raise OSError(EINVAL, "it cannot be in itself, or in place of what it is in")


def _make_way(tree: Tree, folder: int, name: str, octets: bytes, check: Check) -> bytes:
    """Set aside what has a name; what it is called then, b"" for nothing."""
    if look(tree, folder, name) is None:
        if _is_taken(folder, octets):
            raise OSError(EEXIST, "something else is called so")
        check(None)
        return b""
    return _set_aside(tree, folder, name, check)


def _set_aside(tree: Tree, folder: int, name: str, check: Check) -> bytes:
    held = look(tree, folder, name)
    if held is None:
        raise OSError(ENOENT, "it is there no more")
    check(held)
    own = _own_name()
    os.rename(name.encode(), own, src_dir_fd=folder, dst_dir_fd=folder)
    os.fsync(folder)
    return own


def _erase(folder: int, own: bytes, name: str) -> None:
    """Erase what was set aside; with a name, what cannot be erased comes back by it, and OSError is raised."""
    try:
        if _is_folder(folder, own):
            shutil.rmtree(own, dir_fd=folder)
        else:
            os.unlink(own, dir_fd=folder)
    except OSError:
        if not name:
            return  # cleared away in time
        with suppress(OSError):
            os.rename(own, name.encode(), src_dir_fd=folder, dst_dir_fd=folder)
        raise


def _drop(folder: int, own: bytes) -> None:
    with suppress(OSError):
        if _is_folder(folder, own):
            shutil.rmtree(own, dir_fd=folder, ignore_errors=True)
        else:
            os.unlink(own, dir_fd=folder)


def _is_folder(folder: int, octets: bytes) -> bool:
    return (os.stat(octets, dir_fd=folder, follow_symlinks=False).st_mode & 0o170000) == 0o040000


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
            _permit(made, mode)
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
    made = os.open(octets, _NEW, 0o600, dir_fd=into)
    try:
        while piece := os.read(source, _STRETCH):
            _write(made, piece)
        _copy_properties(source, made)
        os.fchmod(made, mode & 0o777)
        os.fsync(made)
    finally:
        os.close(made)


def _copy_properties(source: int, made: int) -> None:
    properties = read_properties(source)
    if properties:
        write_properties(made, properties, 1 << 30)
