"""What is answered to a recipient follows every change at once, and is what resolving and the quota say."""

from __future__ import annotations

import random
import secrets
from collections.abc import Awaitable, Callable

from posthouse.core.accounts.accounts import AccountChange, change_account, delete_account
from posthouse.core.accounts.aliases import add_alias, delete_alias
from posthouse.core.accounts.domains import DomainChange, change_domain
from posthouse.core.accounts.errors import NoSuchAccount, OverQuota
from posthouse.core.accounts.forwarding import set_forwarding
from posthouse.core.accounts.quota import check_quota, set_usage
from posthouse.core.accounts.resolve import Resolution, resolve
from posthouse.core.delivery.admission import admit
from posthouse.storage.contract import Refused, operation, query
from posthouse.storage.memory import MemoryStore
from tests.unit.core.house import NOW, STRANGER, person, two_domains

OCTETS = 1000
RECIPIENTS = [
    "ann@example.org", "ANN@Example.ORG", "ann@alias.example", "ann+notes@example.org", "bob@example.com",
    "nobody@example.org", "x@elsewhere.net", "list@example.org", "SRS0=a=b=c=d@example.org", "no address@x@",
]  # fmt: skip

quota_of = query(check_quota)
hold = operation(set_usage)


async def outcome(asked: Awaitable[Resolution]) -> tuple[object, ...]:
    try:
        found = await asked
    except Refused as refusal:
        return type(refusal), refusal.args
    return (found,)


async def one_by_one(store: MemoryStore, recipient: str) -> Resolution:
    found = await store.read(resolve, recipient, STRANGER)
    if len(found.accounts) == 1:
        await store.read(quota_of, found.accounts[0], 1, OCTETS)
    return found


def changes(store: MemoryStore, chance: random.Random) -> list[Callable[[], Awaitable[object]]]:
    """One is drawn at a time; each may be undone by another."""
    limit = chance.choice([None, 0, OCTETS - 1, OCTETS, 10 * OCTETS])
    account = AccountChange(status=chance.choice(["enabled", "locked", "disabled"]), quota_octets=limit)
    whose = chance.choice(["ann@example.org", "bob@example.com"])
    domain = DomainChange(
        enabled=chance.random() < 0.7,
        quota_messages=chance.choice([None, 0, 5]),
        catch_all=chance.choice([None, "ann@example.org"]),
    )
    to = chance.choice([[], ["bob@example.com"], ["far@elsewhere.net"]])
    return [
        lambda: store.write(change_account, whose, account),
        lambda: store.write(change_domain, "example.org", domain),
        lambda: store.write(set_forwarding, "ann@example.org", to, False),
        lambda: store.write(hold, 1, chance.randint(0, 6), chance.choice([0, OCTETS, 9 * OCTETS])),
        lambda: store.write(add_alias, "list@example.org", ["ann@example.org"]),
        lambda: store.write(delete_alias, "list@example.org"),
        lambda: store.write(delete_account, "bob@example.com", NOW),
        lambda: person(store, "bob@example.com"),
    ]


async def test_it_follows_every_change() -> None:
    seed = secrets.randbits(32)
    chance = random.Random(seed)
    store = MemoryStore()
    await two_domains(store)
    refusals: set[object] = set()
    step = 0
    while step < 150 or (step < 5000 and not refusals >= {None, OverQuota}):
        step += 1
        try:
            await chance.choice(changes(store, chance))()
        except (Refused, NoSuchAccount):
            continue  # it does not fit what is there
        for recipient in RECIPIENTS:
            expected = await outcome(one_by_one(store, recipient))
            assert await outcome(store.read(admit, recipient, STRANGER, OCTETS)) == expected, (seed, step, recipient)
            refusals.add(expected[0] if isinstance(expected[0], type) else None)
    assert {None, OverQuota} <= refusals, seed
