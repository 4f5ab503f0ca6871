"""An account's threads: whether they fit its messages, and all of them made anew."""

from __future__ import annotations

from array import array
from collections import defaultdict

import msgspec

from posthouse.core.mail.origins import THREADS, Origin, forget_all, origins_of
from posthouse.core.mail.records import ENCODER, MessageRecord, decode_message
from posthouse.core.mail.threads import (
    LINK_OCTETS,
    ThreadRecord,
    forget_threads,
    join_copied,
    join_thread,
    links_of,
    read_thread,
)
from posthouse.core.maintenance.faults import REBUILD, Fault
from posthouse.core.maintenance.origins import check_origins
from posthouse.core.maintenance.records import UNREADABLE, scan_readable
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import MESSAGE, THREAD, THREAD_LINK


@query
def check_threads(txn: ReadTransaction, account: int) -> list[Fault]:
    """One fault when something of an account's threads is otherwise than its messages say."""
    wrong = _wrong(txn, account)
    return [Fault(f"account {account}", f"threads: {wrong}", REBUILD)] if wrong else []


@operation
def mend_threads(txn: WriteTransaction, account: int) -> list[Fault]:
    """Thread all messages anew, in the order in which they came, if something is wrong; the faults that there were.

    Those of a thread that came from another account stay together, with its id.
    """
    faults = check_threads(txn, account)
    if not faults:
        return []
    messages: list[bytes] = []
    threads: set[int] = set()
    for key, value in txn.scan(*MESSAGE.range(account)):
        try:
            threads.add(decode_message(value).thread)
        except UNREADABLE:
            continue  # a restore mends that
        messages.append(key)
    came = _mended_origins(txn, account, threads)
    forget_threads(txn, account)
    forget_all(txn, THREADS, account)
    for key in messages:
        held = txn.get(key)  # one after the other: all of them may be gigabytes
        assert held is not None, "it was just there"
        record = decode_message(held)
        message = int.from_bytes(key[-4:], "big")
        links = links_of(record.header)
        origin = came.get(record.thread)
        if origin is None:
            thread = join_thread(txn, account, message, links)
        else:
            thread = join_copied(txn, account, message, links, origin)
        if (record.thread, record.links) != (thread, links):
            txn.put(key, ENCODER.encode(msgspec.structs.replace(record, thread=thread, links=links)))
    return faults


def _mended_origins(txn: WriteTransaction, account: int, threads: set[int]) -> dict[int, Origin]:
    """Whence threads came, as far as one of both records says it."""
    wrong = check_origins(txn, THREADS, account, threads)
    for stray in wrong.stray:
        txn.delete(stray)
    for key, value in wrong.amended.items():
        txn.put(key, value)
    return origins_of(txn, THREADS, account, threads)


def _wrong(txn: ReadTransaction, account: int) -> str | None:
    members: defaultdict[int, list[int]] = defaultdict(list)
    known: set[bytes] = set()
    for (_, message), record in scan_readable(txn, MESSAGE, MessageRecord, account):
        if record is None:
            continue
        if not record.thread:
            return f"message {message} has none"
        members[record.thread].append(message)
        known |= _links(record.links)
    for (_, thread), found in scan_readable(txn, THREAD, ThreadRecord, account):
        if found is None or sorted(array("I", found.members)) != members.get(thread, []):
            return f"thread {thread} does not hold its messages"
        known |= _links(found.links)
    for thread, held in members.items():
        if held != [thread] and read_thread(txn, account, thread) is None:
            return f"thread {thread} has no record"
    for key, value in txn.scan(*THREAD_LINK.range(account)):
        thread = int.from_bytes(value, "little")
        if thread not in members or key[-LINK_OCTETS:] not in known:
            return f"something leads to thread {thread} that is not of it"
    for thread, what in check_origins(txn, THREADS, account, members).faults:
        return f"of thread {thread} {what}"
    return None


def _links(links: bytes) -> set[bytes]:
    return {links[at : at + LINK_OCTETS] for at in range(0, len(links), LINK_OCTETS)}
