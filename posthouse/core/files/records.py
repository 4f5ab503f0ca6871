"""The records of files. What a node is stands in one place, its entry in its folder: a listing is one scan.

Folders hang their children on their own node number, so a folder that moves takes all under it along by one entry.
"""

from __future__ import annotations

from typing import Literal

import msgspec

KIND = "files"
ROLE = "files"
COLLECTION_NAME = "/files"  # no mailbox can be called so: the names of all collections are looked at together

# Nodes that every account has and that have no records: what hangs on them is all that there is of them
ROOT = 1
TRASH = 2  # what can be restored, called by when it was deleted
DOOMED = 3  # what is being erased
STAGING = 4  # copies of trees until they are whole, called by when they began
FIRST_NODE = 16


class FileTree(msgspec.Struct, array_like=True, tag=1, frozen=True):
    """Which collection has an account's nodes as its items."""

    collection: int


class Entry(msgspec.Struct, array_like=True, tag=1, gc=False):
    """A node as its folder shows it; times in ms since the epoch, `who` is the account that wrote its contents.

    `hash` is empty for a folder. `revision` counts contents, `properties` those that clients keep of it.
    """

    node: int
    is_folder: bool
    hash: bytes
    size: int
    media_type: str
    created: int
    modified: int
    who: int
    revision: int = 1
    properties: int = 0

    @property
    def etag(self) -> str:
        """What names these very contents, a strong validator without its quotes (RFC 9110 8.8.3); "" for a folder."""
        return self.hash[:16].hex()


class Place(msgspec.Struct, array_like=True, tag=1):
    """Where a node hangs, and what is seldom asked of it; `origin` (folder, name) is where it was before the trash."""

    parent: int
    name: str
    note: str = ""
    origin: tuple[int, str] | None = None
    discarded: int = 0


class Earlier(msgspec.Struct, array_like=True, tag=1, frozen=True):
    """Contents that a document had; `replaced` says when (ms) it got others."""

    hash: bytes
    size: int
    media_type: str
    modified: int
    who: int
    replaced: int


class LockRecord(msgspec.Struct, array_like=True, tag=1):
    """A write lock (RFC 4918 6); `owner` is what its client says of itself, `who` the account that took it."""

    is_exclusive: bool
    is_deep: bool
    who: int
    owner: str
    created: int
    expires: int


class LinkRecord(msgspec.Struct, array_like=True, tag=1):
    """A share link: its password's argon2id hash, when (ms) it `expires`, how many `downloads`; "" and 0: none."""

    mode: Literal["read", "upload"]
    who: int
    created: int
    password: str = ""
    expires: int = 0
    downloads: int = 0
    label: str = ""
    used: int = 0


ENCODER = msgspec.msgpack.Encoder()
decode_tree = msgspec.msgpack.Decoder(FileTree).decode
decode_entry = msgspec.msgpack.Decoder(Entry).decode
decode_place = msgspec.msgpack.Decoder(Place).decode
decode_earlier = msgspec.msgpack.Decoder(Earlier).decode
decode_lock = msgspec.msgpack.Decoder(LockRecord).decode
decode_link = msgspec.msgpack.Decoder(LinkRecord).decode


def root_entry() -> Entry:
    """The root as if it hung somewhere."""
    return Entry(ROOT, True, b"", 0, "", 0, 0, 0, 0)
