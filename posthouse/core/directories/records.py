"""The records of mapped directories: which there are, who may do what in them, and locks by path."""

from __future__ import annotations

import hashlib

import msgspec

from posthouse.core.sharing.grants import AclRecord
from posthouse.storage.spaces import MAPPED, MAPPED_LOCK


class MappedRecord(msgspec.Struct, array_like=True, tag=1, frozen=True):
    """A directory of the server machine, by its real and absolute path.

    Numbers of accounts and groups are never used again: what the list names after they are gone means nobody.
    """

    path: str
    created: int
    acl: AclRecord


class MappedLock(msgspec.Struct, array_like=True, tag=1, frozen=True):
    """A write lock (RFC 4918 6) on what is, or will be, at a path below the directory; `owner` is what its client says
    of itself, `who` the account that took it. `is_folder` tells how its address is written; records without it are of
    an earlier version.
    """

    path: list[str]
    is_exclusive: bool
    is_deep: bool
    who: int
    owner: str
    expires: int
    is_folder: bool = False

    def covers(self, path: list[str]) -> bool:
        """True for its own path and, when it is deep, for all below it."""
        return path == self.path or (self.is_deep and path[: len(self.path)] == self.path)


ENCODER = msgspec.msgpack.Encoder()
decode_directory = msgspec.msgpack.Decoder(MappedRecord).decode
decode_lock = msgspec.msgpack.Decoder(MappedLock).decode


def directory_key(name: str) -> bytes:
    """Where the directory of that name stands."""
    return MAPPED.key(name)


def lock_key(name: str, path: list[str], token: str) -> bytes:
    """Where a lock stands; no key has room for a path."""
    return MAPPED_LOCK.key(name, hashlib.sha256("/".join(path).encode()).digest(), token)
