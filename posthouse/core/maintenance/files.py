"""The files of an account as their entries say they are: what places, items and counts beside them should be.

An entry that cannot be read is left where it is, with all that belongs to it: a backup may have it. What hangs on
nothing is shown under the root.
"""

from __future__ import annotations

from collections import Counter

import msgspec

from posthouse.core.files.records import (
    COLLECTION_NAME,
    DOOMED,
    ENCODER,
    FIRST_NODE,
    KIND,
    ROLE,
    ROOT,
    STAGING,
    TRASH,
    Earlier,
    Entry,
    FileTree,
    LinkRecord,
    LockRecord,
    Place,
)
from posthouse.core.files.watching import Deed, Watch
from posthouse.core.maintenance.counted import Counted
from posthouse.core.maintenance.faults import REBUILD, RESTORE, Fault
from posthouse.core.maintenance.records import get_readable, scan_readable
from posthouse.storage.collections import CollectionRecord
from posthouse.storage.contract import ReadTransaction
from posthouse.storage.items import Item, decode_item, scan_items
from posthouse.storage.spaces import (
    COLLECTION,
    FILE_CHILD,
    FILE_DEED,
    FILE_LINK,
    FILE_LOCK,
    FILE_NODE,
    FILE_PROPERTY,
    FILE_REVISION,
    FILE_TREE,
    FILE_WATCH,
    ITEM,
)

RECOVERED = "Recovered"  # with its number: what a node is called that hung on nothing
_FIXED = (ROOT, TRASH, DOOMED, STAGING)


class FileSurvey(msgspec.Struct):
    """What was found: the collection of nodes (None without files) and what it should count.

    `entries` are by number, `hangs` says where each hangs, `damaged` are nodes whose entries cannot be read. `octets`
    count in the quota, `contents` says how often each blob is held. `faults` are mended by deleting `stray` keys and
    by `amended` records; of `lost` ones a backup may know.
    """

    account: int
    collection: int | None = None
    counted: Counted = msgspec.field(default_factory=Counted)
    entries: dict[int, Entry] = {}
    hangs: dict[int, tuple[int, str]] = {}
    damaged: set[int] = set()
    octets: int = 0
    contents: Counter[bytes] = msgspec.field(default_factory=Counter)
    stray: list[bytes] = []
    amended: dict[bytes, bytes] = {}
    faults: list[Fault] = []
    lost: list[Fault] = []

    def fault(self, what: str, node: int = 0) -> None:
        """Note something that a rebuild mends."""
        of = f"file {node}" if node else "files"
        self.faults.append(Fault(f"account {self.account}, {of}", what, REBUILD))

    def drop(self, what: str, key: bytes, node: int) -> None:
        """Note something that should not be there."""
        self.fault(what, node)
        self.stray.append(key)

    def knows(self, node: int) -> bool:
        """True for nodes that are there, readable or not."""
        return node in self.entries or node in self.damaged or node == ROOT


def new_files_record(now: int) -> CollectionRecord:
    """The collection of nodes where its record is lost."""
    return CollectionRecord(KIND, COLLECTION_NAME, 0, now, role=ROLE, uid_next=FIRST_NODE, keywords=[])


def survey_files(txn: ReadTransaction, account: int, log_from: int) -> FileSurvey:
    """Look at all of an account's files; `log_from` is where its change log begins."""
    found = FileSurvey(account)
    places: dict[int, Place | None] = {
        node: place for (_, node), place in scan_readable(txn, FILE_NODE, Place, account)
    }
    _read_entries(txn, found, places)
    _find_collection(txn, found)
    if found.collection is None:
        return found
    _hang(found)
    _check_places(found, places)
    _read_revisions(txn, found)
    _read_properties(txn, found)
    _read_locks(txn, found)
    _read_items(txn, found, found.collection, log_from)
    for node, entry in found.entries.items():
        parent, name = found.hangs[node]
        key = FILE_CHILD.key(account, parent, name)
        if key in found.amended:
            found.amended[key] = ENCODER.encode(entry)
    return found


def _read_entries(txn: ReadTransaction, found: FileSurvey, places: dict[int, Place | None]) -> None:
    account = found.account
    named = {(place.parent, place.name): node for node, place in places.items() if place is not None}
    for (_, parent, name), entry in scan_readable(txn, FILE_CHILD, Entry, account):
        if entry is None or len(entry.hash) != (0 if entry.is_folder else 32):
            node = named.get((parent, name), 0)
            found.damaged.add(node)
            where = f"account {account}, file {node}"
            found.lost.append(Fault(where, f"the entry of {name!r} in {parent} cannot be read", RESTORE))
            continue
        held = places.get(entry.node)
        if entry.node in found.entries and (held is None or (held.parent, held.name) != (parent, name)):
            found.drop("it hangs in two places", FILE_CHILD.key(account, parent, name), entry.node)
            continue
        if entry.node in found.entries:
            found.drop("it hangs in two places", FILE_CHILD.key(account, *found.hangs[entry.node]), entry.node)
        found.entries[entry.node], found.hangs[entry.node] = entry, (parent, name)
    for entry in found.entries.values():
        found.octets += entry.size
        if entry.hash:
            found.contents[entry.hash] += 1


def _find_collection(txn: ReadTransaction, found: FileSurvey) -> None:
    account = found.account
    tree = get_readable(txn, FILE_TREE.key(account), FileTree)
    kinds = {number: record for (_, number), record in scan_readable(txn, COLLECTION, CollectionRecord, account)}
    ours = [number for number, record in kinds.items() if record is not None and record.kind == KIND]
    if tree is not None and (tree.collection in ours or kinds.get(tree.collection) is None):
        found.collection = tree.collection
    elif ours:
        found.collection = ours[0]
    elif found.entries:
        found.collection = max(kinds, default=0) + 1
    if found.collection is not None and (tree is None or tree.collection != found.collection):
        found.fault("which collection they are is not known")
        found.amended[FILE_TREE.key(account)] = ENCODER.encode(FileTree(found.collection))
    if found.collection is None and txn.get(FILE_TREE.key(account)) is not None:
        found.fault("which collection they are cannot be read")
        found.stray.append(FILE_TREE.key(account))


def _hang(found: FileSurvey) -> None:
    """Bring under the root what hangs on no folder, or in a circle."""
    right = set(_FIXED) | found.damaged
    for start in list(found.entries):
        way: list[int] = []
        node = start
        while node not in right and node not in way:
            way.append(node)
            parent = found.hangs[node][0]
            if not _holds_others(found, parent):
                _recover(found, node)
                break
            node = parent
        else:
            if node not in right:
                _recover(found, node)
        right.update(way)


def _holds_others(found: FileSurvey, node: int) -> bool:
    entry = found.entries.get(node)
    return node in _FIXED or node in found.damaged or (entry is not None and entry.is_folder)


def _recover(found: FileSurvey, node: int) -> None:
    account = found.account
    found.drop("it hangs on no folder", FILE_CHILD.key(account, *found.hangs[node]), node)
    found.hangs[node] = (ROOT, f"{RECOVERED} {node}")
    found.amended[FILE_CHILD.key(account, *found.hangs[node])] = b""  # written when all is known of it


def _check_places(found: FileSurvey, places: dict[int, Place | None]) -> None:
    for node, place in places.items():
        if not found.knows(node):
            found.drop("it has a place and no entry", FILE_NODE.key(found.account, node), node)
        elif place is None:
            found.fault("where it hangs cannot be read", node)
    for node, (parent, name) in found.hangs.items():
        held = places.get(node)
        if held is None or (held.parent, held.name) != (parent, name):
            if node not in places or held is not None:
                found.fault("it hangs elsewhere than its place says", node)
            right = Place(parent, name) if held is None else msgspec.structs.replace(held, parent=parent, name=name)
            found.amended[FILE_NODE.key(found.account, node)] = ENCODER.encode(right)


def _read_revisions(txn: ReadTransaction, found: FileSurvey) -> None:
    account = found.account
    for (_, node, revision), earlier in scan_readable(txn, FILE_REVISION, Earlier, account):
        key = FILE_REVISION.key(account, node, revision)
        if earlier is None:
            found.drop(f"revision {revision} cannot be read", key, node)
            continue
        if not found.knows(node):
            found.drop("a revision is there without it", key, node)
            continue
        found.octets += earlier.size
        found.contents[earlier.hash] += 1
        entry = found.entries.get(node)
        if entry is not None and entry.revision <= revision:
            found.fault(f"it is revision {entry.revision}, and there is an earlier {revision}", node)
            entry.revision = revision + 1
            found.amended[FILE_CHILD.key(account, *found.hangs[node])] = b""


def _read_properties(txn: ReadTransaction, found: FileSurvey) -> None:
    account = found.account
    counts: Counter[int] = Counter()
    for key, _ in txn.scan(*FILE_PROPERTY.range(account)):
        node = FILE_PROPERTY.parse(key)[1]
        if found.knows(node):
            counts[node] += 1
        else:
            found.drop("a property is there without it", key, node)
    for node, entry in found.entries.items():
        if entry.properties != counts[node]:
            found.fault(f"it has {counts[node]} properties, {entry.properties} are counted", node)
            entry.properties = counts[node]
            found.amended[FILE_CHILD.key(account, *found.hangs[node])] = b""


def _read_locks(txn: ReadTransaction, found: FileSurvey) -> None:
    """Locks, and share links and who is to be told of changes likewise; then what he is to be told."""
    held = (
        (FILE_LOCK, LockRecord, "a lock"),
        (FILE_LINK, LinkRecord, "a share link"),
        (FILE_WATCH, Watch, "a wish to be told of changes"),
    )
    for space, kind, called in held:
        for (_, node, which), record in scan_readable(txn, space, kind, found.account):
            key = space.key(found.account, node, which)
            if record is None:
                found.drop(f"{called} cannot be read", key, node)
            elif not found.knows(node):
                found.drop(f"{called} is there without it", key, node)
    for values, deed in scan_readable(txn, FILE_DEED, Deed, found.account):
        if deed is None or txn.get(FILE_WATCH.key(*values[:3])) is None:
            found.drop("a change is to be told to nobody, or cannot be read", FILE_DEED.key(*values), values[1])


def _read_items(txn: ReadTransaction, found: FileSurvey, number: int, log_from: int) -> None:
    account, counted = found.account, found.counted
    missing = dict(found.entries)
    for node, value in scan_items(txn, account, number):
        try:
            item = decode_item(value)
        except ValueError:
            found.fault("its item cannot be read", node)  # made anew below, where there is an entry
            found.stray.append(ITEM.key(account, number, node))
            continue
        if not found.knows(node):
            found.drop("its item is there without it", ITEM.key(account, number, node), node)
            continue
        entry = missing.pop(node, None)
        if entry is not None:
            item.size = entry.size
        counted.add(node, item, log_from)
    for node, entry in missing.items():
        if ITEM.key(account, number, node) not in found.stray:
            found.fault("its item is missing", node)
        item = Item(0, 0, 0, entry.created, entry.modified, entry.size)
        found.amended[ITEM.key(account, number, node)] = item.encode()
        counted.add(node, item, log_from)
    if missing:
        counted.uids = type(counted.uids)("I", sorted(counted.uids))
