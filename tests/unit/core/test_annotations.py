"""Annotations: whose they are, how many there may be, and when they go."""

from __future__ import annotations

import pytest

from posthouse.core.mail.annotations import AnnotationLimits, Entry, annotate, read_annotations
from posthouse.core.mail.erase import erase_some
from posthouse.core.mail.errors import NoSuchMailbox, TooManyAnnotations
from posthouse.core.mail.mailboxes import create_mailbox, delete_mailbox
from posthouse.core.mail.settings import MailSettings
from posthouse.storage.contract import ReadTransaction, Store, query
from posthouse.storage.spaces import ANNOTATION
from tests.unit.core.house import NOW, two_domains

ROOM = AnnotationLimits(entries=4, octets=1000)


@query
def count(txn: ReadTransaction) -> int:
    """How many there are in all."""
    return sum(1 for _ in txn.scan(*ANNOTATION.range()))


async def read(
    store: Store, reader: int, account: int, *entries: str, depth: int | None = 0
) -> dict[str, bytes | None]:
    return dict(await store.read(read_annotations, reader, account, "Work", list(entries), depth))


async def write(store: Store, writer: int, account: int, *changes: Entry) -> None:
    await store.write(annotate, writer, account, "Work", list(changes), ROOM)


async def test_private_entries_are_each_readers_own(store: Store) -> None:
    ann, bob = await two_domains(store)
    await store.write(create_mailbox, ann, "Work", None, NOW, MailSettings())
    await write(store, ann, ann, ("/private/comment", b"ann's"), ("/shared/comment", b"all's"))
    await write(store, bob, ann, ("/private/comment", b"bob's"))
    asked = ("/private/comment", "/shared/comment")
    assert await read(store, ann, ann, *asked) == {"/private/comment": b"ann's", "/shared/comment": b"all's"}
    assert await read(store, bob, ann, *asked) == {"/private/comment": b"bob's", "/shared/comment": b"all's"}
    await write(store, bob, ann, ("/shared/comment", b"bob was here"))
    assert await read(store, ann, ann, "/shared/comment") == {"/shared/comment": b"bob was here"}


async def test_depth(store: Store) -> None:
    ann, _ = await two_domains(store)
    await store.write(create_mailbox, ann, "Work", None, NOW, MailSettings())
    await write(store, ann, ann, ("/shared/a", b"1"), ("/shared/a/b", b"2"), ("/shared/a/b/c", b"3"))
    await write(store, ann, ann, ("/private/ab", b"4"))
    assert await read(store, ann, ann, "/shared/a") == {"/shared/a": b"1"}
    assert await read(store, ann, ann, "/shared/a", depth=1) == {"/shared/a": b"1", "/shared/a/b": b"2"}
    assert len(await read(store, ann, ann, "/shared/a", depth=None)) == 3
    assert await read(store, ann, ann, "/private/a", depth=None) == {"/private/a": None}


async def test_limits(store: Store) -> None:
    ann, bob = await two_domains(store)
    await store.write(create_mailbox, ann, "Work", None, NOW, MailSettings())
    four = [(f"/private/{n}", b"x") for n in range(4)]
    await write(store, ann, ann, *four)
    await write(store, bob, ann, *four)  # another's are counted with him
    with pytest.raises(TooManyAnnotations):
        await write(store, ann, ann, ("/private/0", None), ("/private/4", b"x"), ("/shared/5", b"x"))
    assert await read(store, ann, ann, "/private/0") == {"/private/0": b"x"}
    with pytest.raises(TooManyAnnotations):
        await write(store, ann, ann, ("/private/0", b"x" * 1001))
    await write(store, ann, ann, ("/private/0", None), ("/private/4", b"x"))


async def test_they_go_with_the_mailbox_and_with_the_account(store: Store) -> None:
    ann, bob = await two_domains(store)
    await store.write(create_mailbox, ann, "Work", None, NOW, MailSettings())
    await write(store, ann, ann, ("/private/comment", b"x"), ("/shared/comment", b"x"))
    await write(store, bob, ann, ("/private/comment", b"x"))
    await store.write(delete_mailbox, ann, "Work", NOW)
    with pytest.raises(NoSuchMailbox):
        await read(store, ann, ann, "/shared/comment")
    assert await store.read(count) == 1
    await store.write(create_mailbox, ann, "Work", None, NOW, MailSettings())
    assert await read(store, bob, ann, "/private/comment") == {"/private/comment": None}
    await write(store, ann, ann, ("/shared/comment", b"x"))
    assert await store.write(erase_some, bob, 100, NOW)
    assert await store.write(erase_some, ann, 100, NOW)
    assert await store.read(count) == 0
