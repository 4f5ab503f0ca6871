"""However aliases, groups and forwarding lead to one another: it ends, and no account's mail is lost."""

from __future__ import annotations

import random
import secrets

from posthouse.core.accounts.accounts import AccountChange, change_account
from posthouse.core.accounts.aliases import add_alias
from posthouse.core.accounts.errors import RecipientDisabled, UnknownRecipient
from posthouse.core.accounts.forwarding import set_forwarding
from posthouse.core.accounts.groups import add_group, change_members
from posthouse.core.accounts.records import read_account
from posthouse.core.accounts.resolve import Resolution, resolve
from posthouse.storage.contract import query
from posthouse.storage.memory import MemoryStore
from tests.unit.core.house import NOW, STRANGER, person, two_domains

read_record = query(read_account)


async def random_house(chance: random.Random) -> tuple[MemoryStore, dict[str, int], list[str]]:
    """Accounts by their addresses, some disabled, and all other addresses; everybody leads anywhere."""
    store = MemoryStore()
    await two_domains(store)
    accounts = {
        address: await person(store, address) for address in (f"a{n}@example.org" for n in range(chance.randint(1, 8)))
    }
    groups = [f"g{n}@example.org" for n in range(chance.randint(0, 5))]
    for group in groups:
        await store.write(add_group, group, "", "anyone", [], NOW)
    targets = [*accounts, *groups, "far@elsewhere.example"]
    aliases = [f"l{n}@example.org" for n in range(chance.randint(0, 4))]
    for alias in aliases:
        await store.write(add_alias, alias, chance.sample(targets, chance.randint(1, min(3, len(targets)))))
    targets += aliases
    for group in groups:
        await store.write(change_members, group, chance.sample(targets, chance.randint(0, min(4, len(targets)))), [])
    for address in accounts:
        others = [target for target in targets if target != address]
        if chance.random() < 0.7:
            to = chance.sample(others, chance.randint(1, min(2, len(others))))
            await store.write(set_forwarding, address, to, chance.random() < 0.3)
        if chance.random() < 0.2:
            await store.write(change_account, address, AccountChange(status="disabled"))
    return store, accounts, [*groups, *aliases]


async def taken(store: MemoryStore, address: str) -> Resolution | None:
    try:
        found = await store.read(resolve, address, STRANGER)
    except (RecipientDisabled, UnknownRecipient):
        return None
    assert found.accounts or found.onward
    assert len(set(found.accounts)) == len(found.accounts)
    return found


async def test_whatever_leads_where() -> None:
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    for _ in range(150):
        store, accounts, others = await random_house(chance)
        reached_by = {address: await taken(store, address) for address in [*accounts, *others]}
        for address, number in accounts.items():
            record = await store.read(read_record, number)
            assert record is not None
            found = reached_by[address]
            assert (found is None) == (record.status == "disabled"), "an account takes its mail or passes it on"
            if found is not None and record.forward_keeps:
                assert number in found.accounts
        for found in reached_by.values():
            for number in [] if found is None else found.accounts:
                record = await store.read(read_record, number)
                assert record is not None
                assert record.status == "enabled"
