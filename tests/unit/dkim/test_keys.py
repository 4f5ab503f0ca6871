"""Keys of domains: who signs when, what is published meanwhile, and how new ones follow, on every engine."""

from __future__ import annotations

import pytest

from posthouse.core.accounts.domains import add_domain, delete_domain
from posthouse.core.accounts.errors import NoSuchDomain
from posthouse.core.dkim.keys import (
    DAY,
    DkimKeyExists,
    DkimKeysSign,
    DkimKeysUnderWay,
    NoSuchDkimKey,
    add_keys,
    follow_keys,
    list_keys,
    published_keys,
    remove_key,
    signing_keys,
)
from posthouse.core.dkim.records import DkimKey, make_keys
from posthouse.core.dkim.rotation import rotate
from posthouse.core.dkim.settings import DkimSettings
from posthouse.core.dkim.signing import signatures
from posthouse.core.dns import Answer, DnsFailure
from posthouse.formats.dkim.body import BodyHash
from posthouse.storage.contract import Store, WriteTransaction, operation
from posthouse.storage.spaces import DKIM_KEY

NOW = 1_790_000_000_000  # 2026-09-21
DOMAIN = "example.org"


@operation
def damage(txn: WriteTransaction, selector: str) -> None:
    txn.put(DKIM_KEY.key(DOMAIN, selector), b"\xc1")


class Zone:
    """A DNS with these TXT records."""

    def __init__(self) -> None:
        self.records: dict[str, list[str]] = {}
        self.is_silent = False

    async def ask(self, name: str, kind: str) -> Answer:
        if self.is_silent:
            raise DnsFailure(name, kind, "no answer")
        return Answer(tuple(self.records.get(name, ())))


def txt(record: str) -> str:
    """As people write it."""
    return record.replace("; ", " ; ").replace("p=MII", "p= MII")


async def first_keys(store: Store) -> list[DkimKey]:
    await store.write(add_domain, DOMAIN, None, NOW)
    keys = make_keys(DOMAIN, (), NOW, NOW)
    await store.write(add_keys, keys)
    return keys


async def signers(store: Store, now: int, domain: str = DOMAIN) -> set[str]:
    return {key.selector for key in await store.read(signing_keys, domain, now)}


async def states(store: Store, now: int) -> dict[str, str]:
    return {key.selector: key.state for key in await store.read(list_keys, None, now)}


async def test_the_first_keys_sign_at_once(store: Store) -> None:
    keys = await first_keys(store)
    assert [key.selector for key in keys] == ["rsa-20260921", "ed25519-20260921"]
    assert await signers(store, NOW) == {"rsa-20260921", "ed25519-20260921"}
    assert await signers(store, NOW, "example.net") == set()
    found = await store.read(signing_keys, DOMAIN, NOW)
    fields = signatures(b"From: ann@example.org\r\n\r\n", BodyHash().digest(), found, NOW)
    assert fields.count(b"DKIM-Signature: v=1;") == 2
    with pytest.raises(DkimKeysSign):
        await store.write(add_keys, make_keys(DOMAIN, (), NOW, NOW))


async def test_keys_are_a_domains(store: Store) -> None:
    await first_keys(store)
    with pytest.raises(NoSuchDomain):
        await store.write(add_keys, make_keys("example.net", (), NOW, NOW))
    with pytest.raises(NoSuchDomain):
        await store.read(list_keys, "example.net", NOW)
    await store.write(delete_domain, DOMAIN)
    assert await states(store, NOW) == {}


async def test_new_keys_are_published_before_they_sign_and_old_ones_after(store: Store) -> None:
    old = {key.selector for key in await first_keys(store)}
    later = NOW + 90 * DAY
    made = make_keys(DOMAIN, old, later, later + 3 * DAY)
    new = {key.selector for key in made}
    await store.write(follow_keys, DOMAIN, made, 14 * DAY, later)
    for day in range(30):
        now = later + day * DAY
        signing = await signers(store, now)
        assert signing == (old if day < 3 else new)
        published = {key.selector for key in await store.read(published_keys, DOMAIN, now)}
        assert published == (old | new if day < 17 else new)
    assert set((await states(store, later + 2 * DAY)).values()) == {"signing", "to be published"}
    assert set((await states(store, later + 16 * DAY)).values()) == {"signing", "retired"}
    assert set((await states(store, later + 17 * DAY)).values()) == {"signing", "to be unpublished"}


async def test_one_change_of_keys_at_a_time(store: Store) -> None:
    await first_keys(store)
    made = make_keys(DOMAIN, (), NOW, NOW + DAY)
    with pytest.raises(DkimKeyExists):  # and nothing was changed
        await store.write(follow_keys, DOMAIN, made, DAY, NOW)
    assert set((await states(store, NOW + 2 * DAY)).values()) == {"signing"}
    taken = [key.selector for key in made]
    made = make_keys(DOMAIN, taken, NOW, NOW + DAY)
    assert [key.selector for key in made] == ["rsa-20260921-2", "ed25519-20260921-2"]
    await store.write(follow_keys, DOMAIN, made, DAY, NOW)
    with pytest.raises(DkimKeysUnderWay):
        await store.write(follow_keys, DOMAIN, make_keys(DOMAIN, (), NOW + 1, NOW + DAY), DAY, NOW + 1)


async def test_a_key_is_removed(store: Store) -> None:
    await first_keys(store)
    await store.write(remove_key, DOMAIN, "rsa-20260921", NOW)
    assert await signers(store, NOW) == {"ed25519-20260921"}
    with pytest.raises(NoSuchDkimKey):
        await store.write(remove_key, DOMAIN, "rsa-20260921", NOW)


async def test_a_damaged_key_keeps_no_other_from_signing(store: Store) -> None:
    await first_keys(store)
    await store.write(damage, "rsa-20260921")
    assert await signers(store, NOW) == {"ed25519-20260921"}
    await store.write(remove_key, DOMAIN, "rsa-20260921", NOW)
    assert set(await states(store, NOW)) == {"ed25519-20260921"}


async def test_a_key_whose_successor_is_removed_goes_on(store: Store) -> None:
    old = [key.selector for key in await first_keys(store)]
    made = make_keys(DOMAIN, old, NOW, NOW + DAY)
    await store.write(follow_keys, DOMAIN, made, DAY, NOW)
    await store.write(remove_key, DOMAIN, made[0].selector, NOW)
    assert await signers(store, NOW + 2 * DAY) == {old[0], made[1].selector}


async def test_nothing_follows_by_itself_unless_it_is_wished(store: Store) -> None:
    await first_keys(store)
    await rotate(store, Zone(), DkimSettings(), lambda: NOW + 3650 * DAY)
    assert await signers(store, NOW + 3650 * DAY) == {"rsa-20260921", "ed25519-20260921"}


async def test_a_key_that_is_not_published_does_not_sign(store: Store) -> None:
    old = {key.selector for key in await first_keys(store)}
    made = make_keys(DOMAIN, old, NOW, NOW + 3 * DAY)
    await store.write(follow_keys, DOMAIN, made, 14 * DAY, NOW)
    zone = Zone()
    for day in range(10):
        await rotate(store, zone, DkimSettings(), lambda day=day: NOW + day * DAY)
        assert await signers(store, NOW + day * DAY) == old
    rsa, ed25519 = made
    zone.records[f"{rsa.selector}._domainkey.{DOMAIN}"] = ["v=spf1 -all", txt(rsa.record)]
    zone.records[f"{ed25519.selector}._domainkey.{DOMAIN}"] = [txt(rsa.record)]  # somebody mistook one for the other
    for day in range(10, 14):
        await rotate(store, zone, DkimSettings(), lambda day=day: NOW + day * DAY)
    assert await signers(store, NOW + 14 * DAY) == {rsa.selector, "ed25519-20260921"}
    zone.is_silent = True
    await rotate(store, zone, DkimSettings(), lambda: NOW + 14 * DAY)
    assert await signers(store, NOW + 15 * DAY) == {rsa.selector, "ed25519-20260921"}


async def test_keys_follow_one_another_by_themselves(store: Store) -> None:
    """Day by day for a year and a half: always signed with keys that have been published for three days."""
    await first_keys(store)
    await store.write(add_domain, "alias.example", DOMAIN, NOW)  # has no keys, and gets none by itself
    settings = DkimSettings(rotate_days=180, publish_days=3, keep_days=14)
    zone = Zone()
    since: dict[str, int] = {}
    used: set[str] = set()
    for day in range(540):
        now = NOW + day * DAY
        await rotate(store, zone, settings, lambda now=now: now)
        published = {key.selector: key for key in await store.read(published_keys, DOMAIN, now)}
        zone.records = {key.name: [txt(key.record)] for key in published.values()}
        for selector in published:
            since.setdefault(selector, day)
        signing = await signers(store, now)
        used |= signing
        assert len(signing) == 2
        assert len(published) in (2, 4)
        assert all(day - since[selector] >= 3 or since[selector] == 0 for selector in signing), day
    assert len(used) == 6
    assert len(await states(store, NOW + 540 * DAY)) == 4  # the third pair is under way, the first is forgotten


def test_nothing_that_shows_a_key_gives_it_away() -> None:
    key = make_keys(DOMAIN, (), NOW, NOW)[0]
    assert repr(key) == "<DkimKey rsa-20260921._domainkey.example.org>"
