"""Names that stay subscribed to when their mailboxes are deleted."""

from __future__ import annotations

import pytest

from posthouse.core.mail import subscriptions
from posthouse.core.mail.erase import erase_some
from posthouse.core.mail.mailboxes import create_mailbox, delete_mailbox
from posthouse.core.mail.settings import MailSettings
from posthouse.core.mail.subscriptions import names_left
from posthouse.storage.memory import MemoryStore
from tests.unit.core.house import NOW, two_domains


async def test_so_many_names_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "MOST_NAMES", 2)
    store = MemoryStore(None)
    await two_domains(store)
    for name in ("c", "b", "a"):
        await store.write(create_mailbox, 1, name, None, NOW, MailSettings())
        await store.write(delete_mailbox, 1, name, NOW)
    assert await store.read(names_left, 1) == ["b", "c"]
    assert await store.read(names_left, 2) == []


async def test_they_go_with_the_account() -> None:
    store = MemoryStore(None)
    await two_domains(store)
    await store.write(create_mailbox, 1, "a", None, NOW, MailSettings())
    await store.write(delete_mailbox, 1, "a", NOW)
    while not await store.write(erase_some, 1, 1000, NOW):
        pass
    assert await store.read(names_left, 1) == []
