"""Who wants to hear what others change in a folder (SPEC D3), and what there is to tell.

Whoever may read a folder may ask for notices of it. A change is noted in the transaction that makes it, once for each
who asked and did not make it himself: what happens to one file again and again is one deed. With the first of them a
job is set for when the window ends in which they are gathered; `noticing` tells them then.
"""

from __future__ import annotations

from contextlib import suppress
from itertools import islice
from typing import Literal, NamedTuple

import msgspec

from posthouse.core.files.access import Access
from posthouse.core.files.conditions import Conditions
from posthouse.core.files.errors import NoNotices, NoSuchFile, NotAFolder, TooManyWatches
from posthouse.core.files.filing import Filing
from posthouse.core.files.records import ENCODER, Entry
from posthouse.core.files.settings import FileLimits
from posthouse.core.files.tree import above, locate, read_place
from posthouse.core.sharing.effective import Visitor
from posthouse.core.sharing.rights import Right
from posthouse.core.sharing.settings import Reach
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.jobs import need_job
from posthouse.storage.spaces import FILE_DEED, FILE_WATCH

NOTICE = "notice"  # the job that tells somebody; its body is the account, the folder's node and who, parted by blanks
MOST_DEEDS = 200  # that one notice tells of; of more it tells how many
MOST_NAMES = 50  # of a path that is told: what is deeper is told by its last ones

What = Literal["added", "changed", "moved", "deleted"]
_WHAT: tuple[What, ...] = ("added", "changed", "moved", "deleted")


class Watch(msgspec.Struct, array_like=True, tag=1):
    """Somebody's wish to hear of a folder: `window` (ms) is how long changes are gathered, `due` (ms) when those that
    there are shall be told, 0 for none, `deeds` how many there were, also of those that are not kept.
    """

    window: int
    reach: Reach
    due: int = 0
    deeds: int = 0


class Deed(msgspec.Struct, array_like=True, tag=1, frozen=True):
    """What somebody did last to a file, at a path below the folder: `folder` is the node that it hung in then."""

    path: list[str]
    is_folder: bool
    folder: int
    when: int


class Watcher(msgspec.Struct, array_like=True, frozen=True):
    """Somebody and the folder that he hears of."""

    node: int
    who: int


_decode_watch = msgspec.msgpack.Decoder(Watch).decode


@operation
def watch(txn: WriteTransaction, account: int, node: int, conditions: Conditions, limits: FileLimits) -> None:
    """Tell who asks of changes in a folder from now on.

    Raises NoNotices, NoSuchFile, NotPermitted, NotAFolder, TooManyWatches.
    """
    if not limits.notice_ms:
        raise NoNotices
    nodes, found = above(txn, account, node), locate(txn, account, node)
    Access(txn, account, Visitor(conditions.who, conditions.reach)).need(nodes, Right.READ)
    if not found.entry.is_folder:
        raise NotAFolder(found.place.name)
    key = FILE_WATCH.key(account, node, conditions.who)
    if txn.get(key) is not None:
        return
    if sum(1 for _ in islice(txn.scan(*FILE_WATCH.range(account)), limits.watches)) >= limits.watches:
        raise TooManyWatches(limits.watches)
    txn.put(key, ENCODER.encode(Watch(limits.notice_ms, conditions.reach)))


@operation
def unwatch(txn: WriteTransaction, account: int, node: int, who: int) -> None:
    """Tell somebody no more of a folder."""
    drop_watch(txn, account, node, who)


@query
def watched_by(txn: ReadTransaction, account: int, nodes: list[int], who: int) -> list[int]:
    """Those of the nodes that somebody hears of."""
    values = txn.get_many([FILE_WATCH.key(account, node, who) for node in nodes])
    return [node for node, value in zip(nodes, values, strict=True) if value is not None]


@query
def watchers_of(txn: ReadTransaction, account: int) -> list[Watcher]:
    """Who hears of which of an account's folders."""
    return [Watcher(*FILE_WATCH.parse(key)[1:]) for key, _ in txn.scan(*FILE_WATCH.range(account))]


def read_watch(txn: ReadTransaction, account: int, node: int, who: int) -> Watch | None:
    """Somebody's wish; None for none."""
    value = txn.get(FILE_WATCH.key(account, node, who))
    return None if value is None else _decode_watch(value)


def write_watch(txn: WriteTransaction, account: int, node: int, who: int, record: Watch) -> None:
    """Store it."""
    txn.put(FILE_WATCH.key(account, node, who), ENCODER.encode(record))


def drop_watch(txn: WriteTransaction, account: int, node: int, who: int) -> None:
    """Forget it and what there was to tell."""
    txn.delete(FILE_WATCH.key(account, node, who))
    txn.delete_range(*FILE_DEED.range(account, node, who))


class Spot(NamedTuple):
    """A name in a folder, given with those above it."""

    folder: list[int]
    name: str


def note(
    filing: Filing, conditions: Conditions, what: What, entry: Entry, at: Spot, before: Spot | None = None
) -> None:
    """Note what happened to a node that is there, or was when it was deleted; `before` is where it was moved from.

    For those who may read only where it was, it is deleted then, and for those who may read only where it is, added.
    """
    txn, account = filing.txn, filing.account
    for key, value in list(txn.scan(*FILE_WATCH.range(account))):
        _, node, who = FILE_WATCH.parse(key)
        near = [spot for spot in (at, before) if spot is not None and node in spot.folder]
        record = _readable(value) if near and (who != conditions.who or conditions.by_link) else None
        if record is None:
            continue
        access = Access(txn, account, Visitor(who, record.reach))
        read = [spot for spot in near if access.rights([entry.node, *spot.folder]) & Right.READ]
        if not read:
            continue
        told: What = what
        if before is not None and len(read) == 1:
            told = "added" if read[0] is at else "deleted"
        folder, name = read[0]
        path = [*_path(txn, account, folder[: folder.index(node)]), name]
        actor = 0 if conditions.by_link else conditions.who
        deed = Deed(path, entry.is_folder, folder[0], filing.now)
        _keep(filing, Watcher(node, who), record, actor, told, entry.node, deed)


def _keep(filing: Filing, watcher: Watcher, record: Watch, actor: int, what: What, node: int, deed: Deed) -> None:
    txn, account = filing.txn, filing.account
    key = FILE_DEED.key(account, watcher.node, watcher.who, node, actor, _WHAT.index(what))
    if txn.get(key) is None:
        record.deeds += 1
    if record.deeds <= MOST_DEEDS or txn.get(key) is not None:
        txn.put(key, ENCODER.encode(deed))
    record.due = record.due or filing.now + record.window
    write_watch(txn, account, watcher.node, watcher.who, record)
    body = f"{account} {watcher.node} {watcher.who}"
    need_job(txn, NOTICE, body.encode(), record.due, f"{NOTICE} {body}")


def what_of(number: int) -> What:
    """What a deed's key says."""
    return _WHAT[number]


def _readable(value: bytes) -> Watch | None:
    """A damaged wish keeps nobody from his work: `posthouse verify` tells of it."""
    try:
        return _decode_watch(value)
    except (msgspec.MsgspecError, ValueError):
        return None


def _path(txn: ReadTransaction, account: int, nodes: list[int]) -> list[str]:
    places = [read_place(txn, account, node) for node in nodes[:MOST_NAMES]]
    return [place.name for place in reversed(places) if place is not None]


def may_still(txn: ReadTransaction, account: int, access: Access, nodes: list[int]) -> bool:
    """Whether the first of these that is in the tree may be read; what is gone could be read when it went."""
    for node in nodes:
        with suppress(NoSuchFile):
            return bool(access.rights(above(txn, account, node)) & Right.READ)
    return True
