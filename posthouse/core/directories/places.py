"""Names in a folder of a mapped directory: taken, set aside for what comes in their place, erased."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from errno import EEXIST, EINVAL, ENOENT

from posthouse.core.directories.reading import OWN, Seen, Tree, look

Check = Callable[[Seen | None], None]  # raises where what is there is not what was meant
NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def locked(folder: int) -> Iterator[None]:
    """No other process of this server changes what this folder's names mean meanwhile."""
    fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(folder, fcntl.LOCK_UN)


def permit(folder: int, mode: int) -> None:
    """Give a new folder the permissions of another, with its group for what will be in it (setgid) where that may be
    set: a sandbox may forbid it (systemd's RestrictSUIDSGID).
    """
    try:
        os.fchmod(folder, mode & 0o3777)
    except PermissionError:
        os.fchmod(folder, mode & 0o777)


def own_name() -> bytes:
    """A new name that only we use, and show to nobody."""
    return f"{OWN}{secrets.token_hex(12)}".encode()


def is_taken(folder: int, octets: bytes) -> bool:
    """Whether anything is called so, also what is never shown: it is not written over."""
    try:
        os.stat(octets, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def check_apart(source: Sequence[str], target: Sequence[str]) -> None:
    """Raise OSError (EINVAL) where one of two paths leads through the other."""
    if list(target[: len(source)]) == list(source) or list(source[: len(target)]) == list(target):
        raise OSError(EINVAL, "it cannot be in itself, or in place of what it is in")


def make_way(tree: Tree, folder: int, name: str, octets: bytes, check: Check) -> bytes:
    """Set aside what has a name; what it is called then, b"" for nothing."""
    if look(tree, folder, name) is None:
        if is_taken(folder, octets):
            raise OSError(EEXIST, "something else is called so")
        check(None)
        return b""
    return set_aside(tree, folder, name, check)


def set_aside(tree: Tree, folder: int, name: str, check: Check) -> bytes:
    """Take from something its name; what it is called then. Raises OSError (ENOENT)."""
    held = look(tree, folder, name)
    if held is None:
        raise OSError(ENOENT, "it is there no more")
    check(held)
    own = own_name()
    os.rename(name.encode(), own, src_dir_fd=folder, dst_dir_fd=folder)
    os.fsync(folder)
    return own


def erase(folder: int, own: bytes, name: str) -> None:
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


def drop(folder: int, own: bytes) -> None:
    """Erase what nobody has seen, as far as that can be done."""
    with suppress(OSError):
        if _is_folder(folder, own):
            shutil.rmtree(own, dir_fd=folder, ignore_errors=True)
        else:
            os.unlink(own, dir_fd=folder)


def _is_folder(folder: int, octets: bytes) -> bool:
    return (os.stat(octets, dir_fd=folder, follow_symlinks=False).st_mode & 0o170000) == 0o040000
