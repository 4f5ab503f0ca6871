"""What is said of a file beside its contents: properties that clients keep there (RFC 4918 4), times, tags, a note."""

from __future__ import annotations

import msgspec

from posthouse.core.files.access import access_of
from posthouse.core.files.conditions import Conditions
from posthouse.core.files.covering import Locks
from posthouse.core.files.errors import TooManyProperties
from posthouse.core.files.filing import Filing
from posthouse.core.files.records import ENCODER, ROOT, Earlier, Entry
from posthouse.core.files.revisions import list_revisions
from posthouse.core.files.settings import FileLimits
from posthouse.core.files.tree import above, files_collection, locate, read_place
from posthouse.core.mail.keywords import keyword_bits, named_by
from posthouse.core.sharing.rights import Right
from posthouse.storage.contract import MAX_KEY_OCTETS, ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.items import decode_item
from posthouse.storage.spaces import FILE_NODE, FILE_PROPERTY, ITEM

MAX_NAME_OCTETS = MAX_KEY_OCTETS - len(FILE_PROPERTY.key(0, 0, ""))
MAX_NOTE_OCTETS = 100_000
MAX_TAG_OCTETS = 200
MAX_TAGS = 100  # of one file


class FileChange(msgspec.Struct, array_like=True, frozen=True):
    """What shall be otherwise: what is None stays as it is. `properties` are set, with None removed."""

    properties: list[tuple[str, bytes | None]] = []
    created: int | None = None
    modified: int | None = None
    media_type: str | None = None
    note: str | None = None
    tags: tuple[str, ...] | None = None


class Description(msgspec.Struct, array_like=True, frozen=True):
    """A file's properties by name, its tags and note."""

    properties: dict[str, bytes]
    tags: list[str]
    note: str


@query
def describe(txn: ReadTransaction, account: int, node: int) -> Description:
    """All that is said of a node; raises NoSuchFile."""
    found = locate(txn, account, node)
    return Description(properties_of(txn, account, node), tags_of(txn, account, [node])[0], found.place.note)


@query
def properties_of(txn: ReadTransaction, account: int, node: int) -> dict[str, bytes]:
    """The properties that clients keep of a node; an entry says whether there are any."""
    return {FILE_PROPERTY.parse(key)[2]: value for key, value in txn.scan(*FILE_PROPERTY.range(account, node))}


@query
def tags_of(txn: ReadTransaction, account: int, nodes: list[int]) -> list[list[str]]:
    """The tags of each node."""
    collection = files_collection(txn, account)
    if collection is None:
        return [[] for _ in nodes]
    number, record = collection
    found = []
    for value in txn.get_many([ITEM.key(account, number, node) for node in nodes]):
        bits = 0 if value is None else decode_item(value).keywords
        found.append(list(named_by(record.keywords, bits)))
    return found


@query
def told_of(
    txn: ReadTransaction, account: int, nodes: list[int]
) -> list[tuple[list[str], str, list[tuple[int, Earlier]]]]:
    """The tags and note of each node, and its revisions with their earlier contents, the oldest first."""
    found = []
    for node, tags in zip(nodes, tags_of(txn, account, nodes), strict=True):
        place = read_place(txn, account, node)
        found.append((tags, "" if place is None else place.note, list_revisions(txn, account, node)))
    return found


@operation
def change_file(
    txn: WriteTransaction,
    account: int,
    node: int,
    change: FileChange,
    conditions: Conditions,
    limits: FileLimits,
    now: int,
) -> Entry:
    """Change what is said of a node, all or nothing (RFC 4918 9.2). The root has only properties.

    Raises NoSuchFile, NotPermitted, ConditionFailed, Locked, TooManyProperties, TooManyKeywords.
    """
    nodes = above(txn, account, node)
    found = locate(txn, account, node)
    access_of(txn, account, conditions).need(nodes, Right.WRITE, found.entry)
    conditions.check(found.place.name, found.entry)
    Locks(txn, account, now).guard(nodes, conditions)
    entry = msgspec.structs.replace(found.entry)
    with Filing(txn, account, now) as filing:
        if change.properties:
            entry.properties = _set_properties(txn, account, node, change.properties, limits)
        if node == ROOT:
            return entry
        entry.created = entry.created if change.created is None else change.created
        entry.modified = entry.modified if change.modified is None else change.modified
        entry.media_type = entry.media_type if change.media_type is None else change.media_type
        if change.note is not None:
            _set_note(txn, account, node, change.note)
        filing.replace(found, entry)
        if change.tags is not None:
            if len(change.tags) > MAX_TAGS:
                raise TooManyProperties("tags", MAX_TAGS)
            if any(len(tag.encode()) > MAX_TAG_OCTETS for tag in change.tags):
                raise TooManyProperties("octets", MAX_TAG_OCTETS)
            bits = keyword_bits(filing.collection(filing.number), change.tags)
            item = decode_item(txn.get(ITEM.key(account, filing.number, node)) or b"")
            item.keywords = bits
            filing.update(filing.number, node, item)
    return entry


def _set_properties(
    txn: WriteTransaction, account: int, node: int, properties: list[tuple[str, bytes | None]], limits: FileLimits
) -> int:
    for name, value in properties:
        if len(name.encode()) > MAX_NAME_OCTETS:
            raise TooManyProperties("octets", MAX_NAME_OCTETS)
        key = FILE_PROPERTY.key(account, node, name)
        if value is None:
            txn.delete(key)
        else:
            txn.put(key, value)
    held = [len(key) + len(value) for key, value in txn.scan(*FILE_PROPERTY.range(account, node))]
    if len(held) > limits.properties:
        raise TooManyProperties("entries", limits.properties)
    if sum(held) > limits.property_octets:
        raise TooManyProperties("octets", limits.property_octets)
    return len(held)


def _set_note(txn: WriteTransaction, account: int, node: int, note: str) -> None:
    if len(note.encode()) > MAX_NOTE_OCTETS:
        raise TooManyProperties("octets", MAX_NOTE_OCTETS)
    place = read_place(txn, account, node)
    if place is not None:
        place.note = note
        txn.put(FILE_NODE.key(account, node), ENCODER.encode(place))
