"""Threads over all mailboxes of an account; RFC 8474 5.2, RFC 8621 3.

Two messages are of one thread when they have a message id in common, as their own or as one that they answer, and the
same base subject. A thread is numbered like the first message in it, and a message never changes its thread. What is
hashed of ids and subject is worked out before (`links_of`), so that placing a letter only looks it up.
"""

from __future__ import annotations

import hashlib
from array import array

import msgspec

from posthouse.core.mail.ids import header_key, keys_of
from posthouse.core.mail.origins import THREADS, Origin, forget_origin, keep_origin, number_of
from posthouse.core.mail.records import ENCODER, Header, MessageRecord, decode_message
from posthouse.formats.casemap import casemap
from posthouse.formats.mime.base_subject import base_subject
from posthouse.storage.contract import ReadTransaction, WriteTransaction, query
from posthouse.storage.spaces import MESSAGE, THREAD, THREAD_LINK

LINK_OCTETS = 8
NEAREST = 7  # references that are looked up beside the first of the chain
MOST_MEMBERS = 200  # a thread with so many takes no more, but copies: another begins
MOST_LINKS = 2000  # likewise with all links that ever led to it


class ThreadRecord(msgspec.Struct, array_like=True, tag=1):
    """A thread that has, or had, several messages: these as `array("I")` octets, and the links that lead to it."""

    members: bytes
    links: bytes


_RECORD = msgspec.msgpack.Decoder(ThreadRecord)


def links_of(header: Header) -> bytes:
    """What a message has in common with others of its thread: links of 8 octets, its own and the nearest first."""
    subject = casemap(base_subject(header.subject).text).encode("utf-8", "replace")
    chain = keys_of(header.references)
    keys = [header_key(header.message_id), *reversed(chain[-NEAREST:]), *chain[:1]]
    links = [hashlib.blake2b(key + subject, digest_size=LINK_OCTETS).digest() for key in keys if key]
    return b"".join(dict.fromkeys(links))


@query
def thread_members(txn: ReadTransaction, account: int, thread: int) -> list[int]:
    """The messages of a thread, the oldest first, expunged ones that can be put back among them; none without one."""
    record = read_thread(txn, account, thread)
    if record is not None:
        return list(array("I", record.members))
    first = _read_message(txn, account, thread)
    return [thread] if first is not None and first.thread in (0, thread) else []


@query
def copied_members(txn: ReadTransaction, account: int, origin: Origin) -> list[int]:
    """The same of the thread here that has the id of one that may be elsewhere."""
    thread = number_of(txn, THREADS, account, origin)
    return [] if thread is None else thread_members(txn, account, thread)


def join_copied(txn: WriteTransaction, account: int, message: int, links: bytes, origin: Origin) -> int:
    """The thread of a copy: the one that has the id of its original's (`origin`), however full, or a new one with it.

    So what is the same message has the same THREADID, and none that was told changes (RFC 8474 5.2). What led to
    another thread still does: the account's own conversation goes on as it was.
    """
    thread = number_of(txn, THREADS, account, origin)
    record = None
    if thread is None or not thread_members(txn, account, thread):
        thread = message
        keep_origin(txn, THREADS, account, thread, origin)
    else:
        record = read_thread(txn, account, thread)
    keys = _keys(account, links)
    new = [key for key, value in zip(keys, txn.get_many(keys), strict=True) if value is None]
    _add_to(txn, account, thread, record, message, new)
    return thread


def join_thread(txn: WriteTransaction, account: int, message: int, links: bytes) -> int:
    """The thread of a new message: that of others with a link of it, or one of its own."""
    if not links:
        return message
    keys = _keys(account, links)
    led = txn.get_many(keys)
    thread, record = message, None
    for value in led:
        if value is not None:
            thread = int.from_bytes(value, "little")
            record = read_thread(txn, account, thread)
            if record is None or _takes_more(record):
                break
            thread, record = message, None
    number = thread.to_bytes(4, "little")
    _add_to(
        txn, account, thread, record, message, [key for key, value in zip(keys, led, strict=True) if value != number]
    )
    return thread


def leave_thread(txn: WriteTransaction, account: int, message: int, thread: int, links: bytes) -> None:
    """A message is forgotten; with the last one its thread, and all that leads to it."""
    record = read_thread(txn, account, thread)
    if record is not None:
        members = array("I", record.members)
        if message in members:
            members.remove(message)
        if members:
            write_thread(txn, account, thread, ThreadRecord(members.tobytes(), record.links))
            return
        txn.delete(THREAD.key(account, thread))
        links = record.links
    forget_origin(txn, THREADS, account, thread)
    number = thread.to_bytes(4, "little")
    keys = _keys(account, links)
    for key, value in zip(keys, txn.get_many(keys), strict=True):
        if value == number:  # else it has led to another since this one was full
            txn.delete(key)


def forget_threads(txn: WriteTransaction, account: int) -> None:
    """Forget all threads of an account, whose messages are gone or are about to be threaded anew."""
    txn.delete_range(*THREAD.range(account))
    txn.delete_range(*THREAD_LINK.range(account))


def read_thread(txn: ReadTransaction, account: int, thread: int) -> ThreadRecord | None:
    """The record; None for a thread that never had a second message, and for one that `rebuild` has to mend."""
    value = txn.get(THREAD.key(account, thread))
    try:
        return None if value is None else _RECORD.decode(value)
    except msgspec.MsgspecError:
        return None


def write_thread(txn: WriteTransaction, account: int, thread: int, record: ThreadRecord) -> None:
    """Store the record."""
    txn.put(THREAD.key(account, thread), ENCODER.encode(record))


def _add_to(
    txn: WriteTransaction, account: int, thread: int, record: ThreadRecord | None, message: int, new: list[bytes]
) -> None:
    """Put a message into a thread, whose record is None without a second one, and let these keys lead to it."""
    number = thread.to_bytes(4, "little")
    for key in new:
        txn.put(key, number)
    if thread != message:
        if record is None:
            # the first is joined by a second: from now on there is a record
            first = _read_message(txn, account, thread)
            record = ThreadRecord(array("I", [thread]).tobytes(), b"" if first is None else first.links)
        record.members += array("I", [message]).tobytes()
        record.links += b"".join([key[-LINK_OCTETS:] for key in new])
        write_thread(txn, account, thread, record)


def _read_message(txn: ReadTransaction, account: int, message: int) -> MessageRecord | None:
    """None for one that is not there, or damaged: that keeps no other message away."""
    value = txn.get(MESSAGE.key(account, message))
    try:
        return None if value is None else decode_message(value)
    except (msgspec.MsgspecError, ValueError):
        return None


def _takes_more(record: ThreadRecord) -> bool:
    return len(record.members) < 4 * MOST_MEMBERS and len(record.links) < LINK_OCTETS * MOST_LINKS


def _keys(account: int, links: bytes) -> list[bytes]:
    # a link is the number in the key, most significant octet first: so it is the end of the key as it stands
    prefix = THREAD_LINK.prefix(account)
    return [prefix + links[at : at + LINK_OCTETS] for at in range(0, len(links), LINK_OCTETS)]
