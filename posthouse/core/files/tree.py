"""Reading an account's tree of files: by path, by node, a folder's children by pages."""

from __future__ import annotations

from itertools import islice

import msgspec

from posthouse.core.files.errors import NoSuchFile, NotAFolder, TooDeep
from posthouse.core.files.names import MAX_NAME_OCTETS, canonical
from posthouse.core.files.records import (
    FIRST_NODE,
    ROOT,
    Entry,
    Place,
    decode_entry,
    decode_place,
    decode_tree,
    root_entry,
)
from posthouse.storage.collections import CollectionRecord, read_collection
from posthouse.storage.contract import ReadTransaction, query
from posthouse.storage.spaces import FILE_CHILD, FILE_NODE, FILE_PROPERTY, FILE_TREE

MAX_LEVELS = 10_000  # no tree is so deep: what seems to be goes in a circle
_PREFIX = 9  # a child's key before its name: tag, account, folder
_SUFFIX = 2  # what ends a text in a key


class Resolved(msgspec.Struct, array_like=True, frozen=True):
    """What is at a path: `parent` is 0 where that folder is not there, `entry` None where nothing is called `name`.

    The root has parent 0, no name, and an entry.
    """

    parent: int
    name: str
    entry: Entry | None


class Found(msgspec.Struct, array_like=True, frozen=True):
    """A node and where it hangs."""

    place: Place
    entry: Entry


class Spot(msgspec.Struct, array_like=True, frozen=True):
    """Where a node is, from the root, and whether it is a folder."""

    path: list[str]
    is_folder: bool


@query
def resolve(txn: ReadTransaction, account: int, path: list[str]) -> Resolved:
    """What is at a path below the root; [] is the root."""
    if not path:
        root = root_entry()
        root.properties = sum(1 for _ in txn.scan(*FILE_PROPERTY.range(account, ROOT)))
        return Resolved(0, "", root)
    parent, name = ROOT, canonical(path[-1])
    for step in path[:-1]:
        entry = read_entry(txn, account, parent, canonical(step))
        if entry is None or not entry.is_folder:
            return Resolved(0, name, None)
        parent = entry.node
    return Resolved(parent, name, read_entry(txn, account, parent, name))


@query
def list_folder(txn: ReadTransaction, account: int, folder: int, after: str, limit: int) -> list[tuple[str, Entry]]:
    """Up to `limit` (name, entry) of a folder's children with names above `after`, in the order of their octets.

    None of a folder that is gone.
    """
    start, end = FILE_CHILD.range(account, folder)
    if after:
        start = FILE_CHILD.key(account, folder, after) + b"\x00"
    return [(key[_PREFIX:-_SUFFIX].decode(), decode_entry(value)) for key, value in islice(txn.scan(start, end), limit)]


@query
def read_node(txn: ReadTransaction, account: int, node: int) -> Found:
    """A node wherever it hangs, in the trash too; raises NoSuchFile."""
    return locate(txn, account, node)


@query
def paths_of(txn: ReadTransaction, account: int, nodes: list[int]) -> list[list[str] | None]:
    """The path of each node from the root; None for one that is not under it (any more)."""
    known: dict[int, list[str] | None] = {ROOT: []}
    for node in nodes:
        walked: list[tuple[int, str]] = []
        at = node
        while at not in known:
            place = read_place(txn, account, at)
            if place is None or len(walked) > MAX_LEVELS:
                known[at] = None
                break
            walked.append((at, place.name))
            at = place.parent
        path = known[at]
        for each, name in reversed(walked):
            path = None if path is None else [*path, name]
            known[each] = path
    return [known[node] for node in nodes]


@query
def spots_of(txn: ReadTransaction, account: int, nodes: list[int]) -> list[Spot | None]:
    """As `paths_of`."""
    paths = paths_of(txn, account, nodes)
    return [
        None if path is None else Spot(path, locate(txn, account, node).entry.is_folder)
        for node, path in zip(nodes, paths, strict=True)
    ]


@query
def state(txn: ReadTransaction, account: int) -> int:
    """The modseq of the last change to any of the account's files; 0 before the first."""
    collection = files_collection(txn, account)
    return 0 if collection is None else collection[1].modseq


def files_collection(txn: ReadTransaction, account: int) -> tuple[int, CollectionRecord] | None:
    """(number, record) of the collection of nodes; None before the first file."""
    value = txn.get(FILE_TREE.key(account))
    if value is None:
        return None
    number = decode_tree(value).collection
    record = read_collection(txn, account, number)
    return None if record is None else (number, record)


def read_entry(txn: ReadTransaction, account: int, folder: int, name: str) -> Entry | None:
    """What is called so (canonically) in a folder."""
    if len(name) > MAX_NAME_OCTETS or len(name.encode()) > MAX_NAME_OCTETS:
        return None  # no key has room for it
    value = txn.get(FILE_CHILD.key(account, folder, name))
    return None if value is None else decode_entry(value)


def read_place(txn: ReadTransaction, account: int, node: int) -> Place | None:
    """Where a node hangs; None for one that is gone, and for those that hang nowhere."""
    value = txn.get(FILE_NODE.key(account, node))
    return None if value is None else decode_place(value)


def locate(txn: ReadTransaction, account: int, node: int) -> Found:
    """A node wherever it hangs; raises NoSuchFile."""
    if node == ROOT:
        return Found(Place(0, ""), root_entry())
    place = read_place(txn, account, node) if node >= FIRST_NODE else None
    entry = None if place is None else read_entry(txn, account, place.parent, place.name)
    if place is None or entry is None:
        raise NoSuchFile(str(node))
    return Found(place, entry)


def chain(txn: ReadTransaction, account: int, folder: int, depth: int) -> list[int]:
    """A folder that may take children, and those above it up to the root.

    Raises NoSuchFile when it is not under the root, NotAFolder, TooDeep when it is at level `depth`.
    """
    found = locate(txn, account, folder)
    if not found.entry.is_folder:
        raise NotAFolder(found.place.name)
    nodes = [folder] if folder == ROOT else [folder, *above(txn, account, found.place.parent)]
    if len(nodes) > depth:
        raise TooDeep(depth)
    return nodes


def above(txn: ReadTransaction, account: int, node: int) -> list[int]:
    """A node and those above it up to the root; raises NoSuchFile when it is not under the root."""
    nodes = [node]
    while nodes[-1] != ROOT:
        place = read_place(txn, account, nodes[-1])
        if place is None or len(nodes) > MAX_LEVELS:
            raise NoSuchFile(str(node))
        nodes.append(place.parent)
    return nodes


def is_under(txn: ReadTransaction, account: int, node: int, folder: int) -> bool:
    """True for the folder itself and all in it."""
    at = node
    for _ in range(MAX_LEVELS):
        if at == folder:
            return True
        place = read_place(txn, account, at)
        if place is None:
            return False
        at = place.parent
    return False
