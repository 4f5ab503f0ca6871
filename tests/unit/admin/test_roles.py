"""Every domain has a postmaster; groups are made and changed as a whole."""

from __future__ import annotations

import pytest

from posthouse.admin import account, alias, domain, group
from posthouse.admin.names import BadAddress, BadDomain
from posthouse.core.accounts.domains import DomainChange
from posthouse.core.accounts.errors import NoSuchDomain, NotHere
from posthouse.core.accounts.groups import GroupChange
from posthouse.storage.contract import Store
from posthouse.storage.memory import MemoryStore
from tests.unit.imap.world import AUTHENTICATION, NOW


async def opened() -> Store:
    store = MemoryStore()
    await domain.add(store, "Example.ORG", None, NOW)
    for name in ("ann", "bob"):
        await account.add(store, account.Wanted(f"{name}@example.org", "", "long enough"), AUTHENTICATION, NOW)
    return store


async def test_a_domain_with_its_roles() -> None:
    store = await opened()
    assert await domain.add(store, "bücher.example", "ann@example.org", NOW) == "xn--bcher-kva.example"
    assert [(each.address, each.targets) for each in await alias.list_all(store, "bücher.example")] == [
        ("abuse@xn--bcher-kva.example", ["ann@example.org"]),
        ("postmaster@xn--bcher-kva.example", ["ann@example.org"]),
    ]
    for nobody in ("nobody@example.org", "postmaster@elsewhere.net"):
        with pytest.raises(NotHere):
            await domain.add(store, "c.example", nobody, NOW)
    with pytest.raises(NoSuchDomain):
        await domain.show(store, "c.example")


async def test_a_group_is_made_whole_or_not_at_all() -> None:
    store = await opened()
    with pytest.raises(NotHere):
        await group.add(store, "team@example.org", GroupChange(), ["ann@example.org", "x@example.org"], NOW)
    assert await group.list_all(store, None) == []
    with pytest.raises(NotHere):
        await group.add(store, "team@example.org", GroupChange(owner="x@example.org"), ["ann@example.org"], NOW)
    assert await group.list_all(store, None) == []
    wanted = GroupChange(name="Team", posting="members", owner="Ann@EXAMPLE.org", send_as=True)
    await group.add(store, "team@example.org", wanted, ["ann@example.org"], NOW)
    with pytest.raises(NotHere):
        await group.change(store, "team@example.org", GroupChange(name="Other"), ["x@example.org"], [])
    wanted = GroupChange(posting="anyone")
    await group.change(store, "team@example.org", wanted, ["bob@example.org"], ["Ann@example.org"])
    shown = await group.show(store, "team@example.org")
    assert (shown.name, shown.posting, shown.members) == ("Team", "anyone", ["bob@example.org"])
    assert (shown.owner, shown.send_as) == ("ann@example.org", True)
    await group.change(store, "team@example.org", GroupChange(owner=None, send_as=False), [], [])
    shown = await group.show(store, "team@example.org")
    assert (shown.owner, shown.send_as) == (None, False)


async def test_names_are_looked_at_first() -> None:
    store = await opened()
    with pytest.raises(BadAddress):
        await account.delete(store, "ann", NOW)
    with pytest.raises(BadDomain):
        await domain.add(store, "no domain", None, NOW)


async def test_who_goes_is_nowhere_named_any_more() -> None:
    store = await opened()
    await domain.add_alias_of(store, "alias.example", "example.org", NOW)
    await alias.add(store, "info@example.org", ["ANN@alias.example", "bob@example.org"])
    await alias.add(store, "sales@example.org", ["Ann@example.org"])
    await group.add(store, "team@example.org", GroupChange(), ["ANN@example.org", "Bob@alias.example"], NOW)
    await domain.change(store, "example.org", DomainChange(catch_all="ann@example.org"))
    assert (await group.show(store, "team@example.org")).members == ["ann@example.org", "bob@example.org"]
    await account.delete(store, "Ann@Example.org", NOW)
    assert [(each.address, each.targets) for each in await alias.list_all(store, None)] == [
        ("info@example.org", ["bob@example.org"])
    ]
    assert (await group.show(store, "team@example.org")).members == ["bob@example.org"]
    assert (await domain.show(store, "example.org")).record.catch_all is None
