"""Addresses of other servers are no damage; those of ours that are gone are found wherever they are named."""

from __future__ import annotations

from pathlib import Path

from posthouse.core.accounts.accounts import show_account
from posthouse.core.accounts.aliases import add_alias, list_aliases
from posthouse.core.accounts.forwarding import change_delegates, set_forwarding
from posthouse.core.accounts.groups import GroupChange, change_group, show_group
from posthouse.storage.spaces import ADDRESS, DOMAIN
from tests.unit.admin.house import House, delete_raw, open_house
from tests.unit.admin.verifying import faults, mend

HOME = "alice@home.example"


async def named(directory: Path) -> House:
    """The house, where info@ is an alias to elsewhere, too, and named wherever an address may be."""
    house = await open_house(directory)
    store = house.store
    await store.write(add_alias, "info@example.org", [HOME])
    await store.write(set_forwarding, "bob@example.org", [HOME, "info@example.org"], False)
    await store.write(change_delegates, "bob@example.org", ["info@example.org", "alice@example.org"], [])
    await store.write(change_group, "team@example.org", GroupChange(owner="info@example.org"), [HOME], [])
    return house


async def test_other_servers_are_no_damage(tmp_path: Path) -> None:
    house = await named(tmp_path)
    assert await faults(house) == []


async def test_who_is_gone_is_named_no_more(tmp_path: Path) -> None:
    house = await named(tmp_path)
    await house.store.write(delete_raw, ADDRESS.key("example.org", "info"))
    assert sorted(await faults(house)) == [
        "account 2: it leads to info@example.org, which is gone",
        "account 2: its delegate info@example.org is gone",
        "address info@example.org: alice@example.org is found as a member, and is none",
        "address info@example.org: alice@home.example is found as a member, and is none",
        "address team@example.org: its owner info@example.org is gone",
    ]
    assert (await mend(house)).left == []
    assert await faults(house) == []
    shown = await house.store.read(show_account, "bob@example.org")
    assert (shown.forward_to, shown.forward_keeps, shown.delegates) == ((HOME,), False, ("alice@example.org",))
    group = await house.store.read(show_group, "team@example.org")
    assert (group.owner, group.members[-1]) == (None, HOME)


async def test_a_lost_domain_takes_none_of_it_away(tmp_path: Path) -> None:
    house = await named(tmp_path)
    await house.store.write(delete_raw, DOMAIN.key("example.org"))
    assert await faults(house)
    await mend(house)
    assert await faults(house) == []
    shown = await house.store.read(show_account, "bob@example.org")
    assert (shown.forward_to, len(shown.delegates)) == ((HOME, "info@example.org"), 2)
    assert (await house.store.read(show_group, "team@example.org")).owner == "info@example.org"
    assert [alias.targets for alias in await house.store.read(list_aliases, None)] == [["alice@example.org", HOME]]
