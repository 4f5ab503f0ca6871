"""Copying and moving between accounts, thousands of times, against a model; counters, blobs and ids stay right."""

from __future__ import annotations

import random

import pytest

from posthouse.core.accounts.accounts import AccountChange, change_account
from posthouse.core.accounts.errors import OverQuota
from posthouse.core.accounts.quota import usage
from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.finding import Found
from posthouse.core.mail.flags import DELETED, SEEN, Flag, flags_allowed
from posthouse.core.mail.mailboxes import create_mailbox, find_mailbox
from posthouse.core.mail.messages import Column, append, bodies, rows
from posthouse.core.mail.origins import Origin, message_number
from posthouse.core.mail.places import remove_items
from posthouse.core.mail.settings import MailSettings
from posthouse.core.mail.transfer import transfer
from posthouse.core.mail.undelete import forget_expunged
from posthouse.core.maintenance.account import check_account
from posthouse.core.maintenance.blobs import find_miscounts
from posthouse.core.maintenance.threads import check_threads
from posthouse.core.sharing.rights import ALL, Right
from posthouse.storage.changes import Revision
from posthouse.storage.collections import read_sequence
from posthouse.storage.contract import ReadTransaction, Store, WriteTransaction, operation, query
from posthouse.storage.item_bytes import read_items
from posthouse.storage.memory import MemoryStore
from tests.letters import letter
from tests.unit.core.house import NOW, two_domains

MAILBOXES = ("INBOX", "Archive")
KEYWORDS = ("$Junk", "$Done", "later")

Message = tuple[str, int, frozenset[str], Origin]  # subject, system flags, keywords, what its EMAILID names
Model = dict[tuple[int, str], dict[int, Message]]


async def present(store: Store, account: int, name: str) -> dict[int, Message]:
    """What is in a mailbox, by UID."""
    mailbox = await store.read(find_mailbox, account, name)
    found = await store.read(rows, account, mailbox.id, 1, 0xFFFFFFFF, 10_000, Column.RECORD | Column.ORIGIN)
    shown = {}
    for row in found:
        assert row.record is not None
        held = frozenset(word for at, word in enumerate(mailbox.keywords) if row.keywords >> at & 1)
        identity = row.origin or Origin(account, row.message)
        assert await store.read(message_number, account, identity) == row.message
        shown[row.uid] = row.record.header.subject, row.flags, held, identity
    places = await store.read(bodies, account, [row.message for row in found])
    assert all(place is not None for place in places)
    return shown


@query
def last_message(txn: ReadTransaction, account: int) -> int:
    return read_sequence(txn, account).object


@operation
def erase(txn: WriteTransaction, account: int, mailbox: int, uids: list[int], undo: bool) -> None:
    """Expunge messages, and forget all that was, unless it may be put back."""
    with Revision(txn, account) as revision:
        remove_items(revision, mailbox, read_items(txn, account, mailbox, [(uid, uid) for uid in uids]), NOW)
    if not undo:
        forget_expunged(txn, account, NOW + 1, 10_000, NOW)


@pytest.mark.parametrize("seed", range(6))
async def test_against_a_model(seed: int) -> None:
    chance, store = random.Random(seed), MemoryStore()
    accounts = await two_domains(store)
    model: Model = {(account, name): {} for account in accounts for name in MAILBOXES}
    next_uid = dict.fromkeys(model, 1)
    for _ in range(120):
        (account, name), (to, target) = chance.choice(list(model)), chance.choice(list(model))
        if chance.random() < 0.4 or not model[account, name]:
            flags, words = chance.randrange(32), tuple(chance.sample(KEYWORDS, chance.randrange(3)))
            subject = str(chance.randrange(5))
            one = letter(b"Subject: %b\r\n\r\nx" % subject.encode())
            await store.write(append, account, name, [one], [(flags, words)], [NOW], NOW)
            made = await store.read(last_message, account)
            model[account, name][next_uid[account, name]] = subject, flags, frozenset(words), Origin(account, made)
            next_uid[account, name] += 1
            continue
        chosen = sorted(chance.sample(list(model[account, name]), min(3, len(model[account, name]))))
        if chance.random() < 0.2:
            doomed = await store.read(find_mailbox, account, name)
            await store.write(erase, account, doomed.id, chosen, undo=chance.random() < 0.3)
            for uid in chosen:
                del model[account, name][uid]
            continue
        rights, keep = chance.choice([ALL, Right(chance.getrandbits(11))]), chance.random() < 0.6
        mailbox = await store.read(find_mailbox, account, name)
        there = Found(to, target, target, rights)
        ranges = [(uid, uid) for uid in chosen]
        done = await store.write(transfer, account, mailbox.id, ranges, there, keep, NOW)
        assert sum(last - first + 1 for first, last in done.source) == len(chosen)
        messages = [model[account, name][uid] for uid in chosen]
        for uid in () if keep else chosen:
            del model[account, name][uid]
        for subject, flags, held, identity in messages:
            kept = held if rights & Right.WRITE else frozenset()
            model[to, target][next_uid[to, target]] = subject, flags & flags_allowed(rights), kept, identity
            next_uid[to, target] += 1
    for (account, name), messages_there in model.items():
        assert await present(store, account, name) == messages_there
    for account in accounts:
        report = await store.read(check_account, account)
        assert report.faults + report.letter_faults + await store.read(check_threads, account) == []
    assert await store.read(find_miscounts, b"", b"\xff" * 32) == []


async def test_the_quota_is_that_of_whom_it_goes_to(store: Store) -> None:
    ann, bob = await two_domains(store)
    one = letter(b"Subject: x\r\n\r\n" + b"x" * 1000)
    await store.write(append, ann, "INBOX", [one, one], [(SEEN | DELETED, ())] * 2, [NOW] * 2, NOW)
    await store.write(change_account, "bob@example.com", AccountChange(quota_messages=1))
    to = Found(bob, "INBOX", "INBOX", ALL)
    with pytest.raises(OverQuota):
        await store.write(transfer, ann, 1, [(1, 2)], to, False, NOW)
    assert len(await present(store, ann, "INBOX")) == 2
    await store.write(transfer, ann, 1, [(1, 1)], to, False, NOW)
    assert [(await store.read(usage, account)).messages for account in (ann, bob)] == [1, 1]
    with pytest.raises(NoSuchMailbox):
        await store.write(transfer, ann, 1, [(2, 2)], Found(bob, "Nothing", "Nothing", ALL), False, NOW)


async def test_within_an_account_flags_are_those_that_one_may_set(store: Store) -> None:
    ann, _ = await two_domains(store)
    await store.write(create_mailbox, ann, "Work", None, NOW, MailSettings())
    flags = SEEN | DELETED | int(Flag.FLAGGED)
    await store.write(append, ann, "INBOX", [letter(b"Subject: x\r\n\r\n")], [(flags, ("$Junk",))], [NOW], NOW)
    await store.write(transfer, ann, 1, [(1, 1)], Found(ann, "Work", "Work", Right.INSERT | Right.SEEN), False, NOW)
    assert await present(store, ann, "Work") == {1: ("x", SEEN, frozenset(), Origin(ann, 1))}
    assert await present(store, ann, "INBOX") == {}
    assert (await store.read(check_account, ann)).faults == []
