"""Changing the tree within one operation: entries, places, items, counters, blobs and quota in step."""

from __future__ import annotations

from types import TracebackType

from posthouse.core.accounts.errors import NoSuchAccount
from posthouse.core.accounts.quota import charge
from posthouse.core.accounts.records import read_account
from posthouse.core.files.errors import TooManyFiles
from posthouse.core.files.records import (
    COLLECTION_NAME,
    DOOMED,
    ENCODER,
    FIRST_NODE,
    KIND,
    ROLE,
    ROOT,
    Entry,
    FileTree,
    Place,
    decode_earlier,
    decode_tree,
)
from posthouse.core.files.tree import Found
from posthouse.core.sharing.grants import FILES, write_acl
from posthouse.storage.blobs.records import release
from posthouse.storage.changes import Revision
from posthouse.storage.contract import WriteTransaction
from posthouse.storage.items import Item, decode_item
from posthouse.storage.spaces import (
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


class Filing(Revision):
    """One operation's work on an account's files; at its end the quota is charged what they hold more or less.

    Raises NoSuchAccount, and at the end OverQuota.
    """

    def __init__(self, txn: WriteTransaction, account: int, now: int) -> None:
        super().__init__(txn, account)
        self.now = now
        self.octets = 0  # how many more there are now
        self.is_quiet = False  # True while what is worked on left the tree before: nobody is told again
        value = txn.get(FILE_TREE.key(account))
        if value is None:
            owner = read_account(txn, account)
            if owner is None or owner.status == "deleted":
                raise NoSuchAccount(str(account))  # it has nothing any more, and shall not begin anew
            self.number = self.add_collection(KIND, COLLECTION_NAME, ROLE, now)
            self.collection(self.number).uid_next = FIRST_NODE
            txn.put(FILE_TREE.key(account), ENCODER.encode(FileTree(self.number)))
        else:
            self.number = decode_tree(value).collection
            self.collection(self.number)  # it takes the modseq, whatever is done

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.charge()
        super().__exit__(kind, error, trace)

    def add(self, folder: int, name: str, entry: Entry) -> int:
        """Hang up a new node, which nobody knows as long as its folder is none of the tree's; its number."""
        node = self.create(self.number, Item(0, 0, 0, entry.created, entry.modified, entry.size))
        entry.node = node
        self._put(folder, name, entry)
        self.txn.put(FILE_NODE.key(self.account, node), ENCODER.encode(Place(folder, name)))
        self._count(1, entry.size)
        return node

    def check_room(self, limit: int) -> None:
        """Raise TooManyFiles where no more may be added."""
        if self.collection(self.number).exists >= limit:
            raise TooManyFiles(limit)

    def replace(self, found: Found, entry: Entry) -> None:
        """Have a node be otherwise where it is."""
        self._put(found.place.parent, found.place.name, entry)
        self._count(0, entry.size - found.entry.size)
        self.mark(entry)

    def rehang(self, found: Found, place: Place) -> None:
        """Hang a node, with all under it, elsewhere."""
        held, entry = found.place, found.entry
        self.txn.delete(FILE_CHILD.key(self.account, held.parent, held.name))
        self._put(place.parent, place.name, entry)
        self.txn.put(FILE_NODE.key(self.account, entry.node), ENCODER.encode(place))
        self._leave(held)
        if not self.is_quiet:
            self.mark(entry)

    def mark(self, entry: Entry) -> None:
        """Have a node take this modseq."""
        node = entry.node
        if node == ROOT:
            return
        value = self.txn.get(ITEM.key(self.account, self.number, node))
        keywords = 0 if value is None else decode_item(value).keywords
        self.update(self.number, node, Item(0, 0, 0, entry.created, entry.modified, entry.size, keywords))

    def erase(self, found: Found) -> None:
        """Erase a document, or a folder that has no children."""
        account, node, txn = self.account, found.entry.node, self.txn
        if found.entry.hash:
            release(txn, found.entry.hash, self.now)
        for key, value in list(txn.scan(*FILE_REVISION.range(account, node))):
            self.drop_revision(key, value)
        if found.entry.properties:
            txn.delete_range(*FILE_PROPERTY.range(account, node))
        txn.delete_range(*FILE_LOCK.range(account, node))
        txn.delete_range(*FILE_LINK.range(account, node))
        txn.delete_range(*FILE_WATCH.range(account, node))
        txn.delete_range(*FILE_DEED.range(account, node))
        write_acl(txn, account, node, None, FILES)
        txn.delete(FILE_CHILD.key(account, found.place.parent, found.place.name))
        txn.delete(FILE_NODE.key(account, node))
        self._leave(found.place)
        self.destroy(self.number, node)
        self._count(-1, -found.entry.size)

    def drop_revision(self, key: bytes, value: bytes) -> None:
        """Forget earlier contents."""
        earlier = decode_earlier(value)
        self.txn.delete(key)
        release(self.txn, earlier.hash, self.now)
        self.octets -= earlier.size

    def charge(self) -> None:
        """Count what came and went so far; raises OverQuota where more came than there is room for."""
        if self.octets:
            charge(self.txn, self.account, 0, self.octets, enforce=self.octets > 0)
            self.octets = 0

    def _put(self, folder: int, name: str, entry: Entry) -> None:
        self.txn.put(FILE_CHILD.key(self.account, folder, name), ENCODER.encode(entry))

    def _leave(self, place: Place) -> None:
        if not self.is_quiet and (place.parent == ROOT or place.parent >= FIRST_NODE):
            self.leave(self.number, place.parent, place.name)

    def _count(self, nodes: int, octets: int) -> None:
        record = self.collection(self.number)
        record.exists += nodes
        record.size += octets
        self.octets += octets


def doomed_name(node: int) -> str:
    """What a node is called among those that are being erased."""
    return str(node)


def doomed_place(node: int) -> Place:
    """Where it hangs then."""
    return Place(DOOMED, doomed_name(node))
