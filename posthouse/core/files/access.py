"""What somebody may do with the files of another account or of a group, by the rights of core/sharing.

A file or folder without a list has that of the nearest folder above it. The letters mean, for files: l know that it is
there; r read documents, see what is in folders; w change contents and what is said of a file, and lock; i add
documents, and change or delete those that one wrote oneself; k make folders; e delete documents; x delete or move the
folder itself; a say who may do what, and break others' locks. s, p and t mean nothing here and go along with others.

Folders on the way to something that one may know of are seen too, with nothing in them but that way.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cached_property

from posthouse.core.accounts.records import read_account
from posthouse.core.files.conditions import Conditions
from posthouse.core.files.errors import NoSuchFile, NotPermitted
from posthouse.core.files.records import ROOT, Entry
from posthouse.core.files.tree import above
from posthouse.core.sharing.effective import Identity, Visitor
from posthouse.core.sharing.grants import FILES, read_acl, scan_acls
from posthouse.core.sharing.grants import ROOT as GROUP_ROOT
from posthouse.core.sharing.rights import ALL, Right
from posthouse.storage.contract import ReadTransaction

OWN = Right.WRITE | Right.EXPUNGE  # what whoever may add has on documents that he wrote
NOTHING = Right(0)


class Access:
    """The rights of one account among the files of another; of all for its own."""

    def __init__(self, txn: ReadTransaction, account: int, visitor: Visitor) -> None:
        self._txn = txn
        self._account = account
        self._who = visitor.account
        self.is_owner = visitor.account == account
        self.by_list: dict[int, Right] = {}  # the rights by each list, by its node
        if self.is_owner:
            return
        owner = read_account(txn, account)
        identity = Identity(txn, visitor)
        if owner is None or not identity.may_meet(owner):
            return
        self.by_list = {node: identity.rights_by(acl) for node, acl in scan_acls(txn, account, FILES)}
        if owner.group and ROOT not in self.by_list:  # what holds for all that the group has
            acl = read_acl(txn, account, GROUP_ROOT)
            self.by_list[ROOT] = NOTHING if acl is None else identity.rights_by(acl)

    def rights(self, nodes: list[int], entry: Entry | None = None) -> Right:
        """What he may do with a node, given with those above it up to the root; `entry` is the node's where it counts
        who wrote it.
        """
        if self.is_owner:
            return ALL
        held = next((self.by_list[node] for node in nodes if node in self.by_list), NOTHING)
        return held | self.as_writer(held, entry)

    def as_writer(self, held: Right, entry: Entry | None) -> Right:
        """What he may do besides with a document that he wrote."""
        is_own = entry is not None and not entry.is_folder and entry.who == self._who and held & Right.INSERT
        return OWN if is_own else NOTHING

    @cached_property
    def way(self) -> set[int]:
        """The nodes above those that he may know of."""
        found: set[int] = set()
        for node, rights in self.by_list.items():
            if rights & Right.LOOKUP:
                with suppress(NoSuchFile):  # it is in the trash
                    found.update(above(self._txn, self._account, node)[1:])
        return found

    @property
    def sees_any(self) -> bool:
        """True when there is something that he may know of."""
        return self.is_owner or bool(self.by_list.get(ROOT, NOTHING) & Right.LOOKUP or self.way)

    def sees(self, nodes: list[int]) -> bool:
        """True for a node that he may know of, given as above."""
        return self.is_owner or nodes[0] in self.way or bool(self.rights(nodes) & Right.LOOKUP)

    def need(self, nodes: list[int], right: Right, entry: Entry | None = None) -> None:
        """Raise NotPermitted where he has not that right on a node; NoSuchFile where he may not even know of it."""
        if self.is_owner:
            return
        if right & ~self.rights(nodes, entry):
            if not self.sees(nodes):
                raise NoSuchFile(str(nodes[0]))
            raise NotPermitted(nodes[0], int(right), self._account)

    def need_addition(self, nodes: list[int], *, folder: bool) -> None:
        """Raise unless he may add a document, or a folder, to a folder."""
        self.need(nodes, Right.CREATE if folder else Right.INSERT)

    def need_removal(self, nodes: list[int], entry: Entry) -> None:
        """Raise unless he may take a node, with all in it, out of its folder."""
        if entry.is_folder:
            self.need(nodes, Right.REMOVE)
        else:
            self.need(nodes[1:], Right.EXPUNGE, entry)


def access_of(txn: ReadTransaction, account: int, conditions: Conditions) -> Access:
    """The rights of who asks."""
    return Access(txn, account, Visitor(conditions.who, conditions.reach))
