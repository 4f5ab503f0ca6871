"""Which mailboxes a search folder looks at."""

from __future__ import annotations

from posthouse.core.mail.mailboxes import KIND, SEPARATOR
from posthouse.core.mail.search_folders.records import Definition
from posthouse.storage.collections import CollectionRecord, scan_collections
from posthouse.storage.contract import ReadTransaction

LEFT_OUT = frozenset({"trash", "junk"})  # roles


def scope(txn: ReadTransaction, account: int, definition: Definition) -> list[int]:
    """Their numbers, oldest first; search folders are never among them."""
    mailboxes = [(number, record) for number, record in scan_collections(txn, account) if record.kind == KIND]
    if not definition.places:
        out = [record.name for _, record in mailboxes if record.role in LEFT_OUT]
        return [number for number, record in mailboxes if not _is_under(record, out)]
    chosen = {place.mailbox for place in definition.places}
    above = {place.mailbox for place in definition.places if place.below}
    tops = [record.name for number, record in mailboxes if number in above]
    return [number for number, record in mailboxes if number in chosen or _is_under(record, tops)]


def _is_under(record: CollectionRecord, names: list[str]) -> bool:
    return any(record.name == name or record.name.startswith(name + SEPARATOR) for name in names)
