"""What is kept of search folders against itself: each item shows one message, and each record belongs to a folder."""

from __future__ import annotations

from collections.abc import Iterator

from posthouse.core.mail.search_folders.records import (
    SPACES,
    Definition,
    Standing,
    decode_source,
)
from posthouse.core.maintenance.records import get_readable
from posthouse.storage.contract import ReadTransaction
from posthouse.storage.items import scan_items
from posthouse.storage.spaces import ITEM, SEARCH_FOLDER, SEARCH_MEMBER, SEARCH_SOURCE, SEARCH_STANDING


def numbers_with_records(txn: ReadTransaction, account: int) -> set[int]:
    """The collections of which there are records of a search folder."""
    found = set()
    for space in SPACES:
        start, end = space.range(account)
        while (key := next((key for key, _ in txn.scan(start, end)), None)) is not None:
            number = space.parse(key)[1]
            found.add(number)
            start = space.range(account, number)[1]
    return found


def check_search_folder(txn: ReadTransaction, account: int, number: int) -> tuple[list[str], list[str]]:
    """(what no rebuild mends, what it does) of one."""
    lasting, mended = [], []
    if get_readable(txn, SEARCH_FOLDER.key(account, number), Definition) is None:
        lasting.append("what it looks for is missing or cannot be read: delete it")
    standing = SEARCH_STANDING.key(account, number)
    if txn.get(standing) is not None and get_readable(txn, standing, Standing) is None:
        mended.append("how far it has come cannot be read")
    items = {uid for uid, _ in scan_items(txn, account, number)}
    shown = {}
    for key, value in txn.scan(*SEARCH_SOURCE.range(account, number)):
        shown[SEARCH_SOURCE.parse(key)[2]] = decode_source(value)
    members = {}
    for key, value in txn.scan(*SEARCH_MEMBER.range(account, number)):
        _, _, mailbox, uid = SEARCH_MEMBER.parse(key)
        members[int.from_bytes(value, "big")] = mailbox, uid
    if items != shown.keys() or shown != members:
        mended.append("its items and the messages that they show do not fit together")
    return lasting, mended


def derived_keys(txn: ReadTransaction, account: int, number: int) -> Iterator[bytes]:
    """The keys of all that is found again by looking; what it looks for stays."""
    for space in (ITEM, *SPACES):
        if space is not SEARCH_FOLDER:
            yield from (key for key, _ in txn.scan(*space.range(account, number)))
