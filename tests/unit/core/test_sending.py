"""How many recipients an account may write to in a day, on every engine."""

from __future__ import annotations

import pytest

from posthouse.core.accounts.accounts import AccountChange, change_account, forget_account
from posthouse.core.accounts.errors import SendingLimit
from posthouse.core.accounts.sending import DAY_MS, charge_sending, check_sending, forget_sent, sent_today
from posthouse.storage.contract import ReadTransaction, Store, WriteTransaction, operation, query
from posthouse.storage.spaces import SENT
from tests.unit.core.house import NOW, two_domains

MIDNIGHT = NOW - NOW % DAY_MS


@operation
def charge(txn: WriteTransaction, account: int, recipients: int, now: int) -> None:
    charge_sending(txn, account, recipients, now)


@query
def kept(txn: ReadTransaction) -> list[tuple[int, int]]:
    return [SENT.parse(key) for key, _ in txn.scan(*SENT.range())]


async def test_a_limit_holds_for_a_day(store: Store) -> None:
    ann, bob = await two_domains(store)
    await store.write(charge, ann, 3, MIDNIGHT)
    await store.write(charge, ann, 2, MIDNIGHT + DAY_MS - 1)
    await store.write(charge, bob, 1, MIDNIGHT)
    assert await store.read(sent_today, ann, MIDNIGHT) == 5
    await store.read(check_sending, ann, 5, MIDNIGHT, 10)
    with pytest.raises(SendingLimit) as refusal:
        await store.read(check_sending, ann, 6, MIDNIGHT, 10)
    assert refusal.value.args == (10,)
    await store.read(check_sending, ann, 10, MIDNIGHT + DAY_MS, 10)
    await store.read(check_sending, ann, 1_000_000, MIDNIGHT, 0)


async def test_an_account_may_have_its_own(store: Store) -> None:
    ann, _ = await two_domains(store)
    for own, right in ((3, 3), (0, None), (None, 10)):
        await store.write(change_account, "ann@example.org", AccountChange(daily_recipients=own))
        if right is None:
            await store.read(check_sending, ann, 1_000_000, NOW, 10)
            continue
        await store.read(check_sending, ann, right, NOW, 10)
        with pytest.raises(SendingLimit):
            await store.read(check_sending, ann, right + 1, NOW, 10)


async def test_past_days_are_forgotten(store: Store) -> None:
    ann, bob = await two_domains(store)
    for account in (ann, bob):
        for day in (-40, -1, 0):
            await store.write(charge, account, 1, NOW + day * DAY_MS)
    after = await store.write(forget_sent, 0, 1, NOW)
    assert after == ann
    assert len(await store.read(kept)) == 4
    assert await store.write(forget_sent, after, 5, NOW) == 0
    assert await store.read(kept) == [(ann, NOW // DAY_MS), (bob, NOW // DAY_MS)]
    await store.write(forget_account, ann)
    assert await store.read(kept) == [(bob, NOW // DAY_MS)]
