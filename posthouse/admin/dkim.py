"""DKIM keys: add, list, rotate, remove. Nothing here shows a private key."""

from __future__ import annotations

import asyncio

from posthouse.admin.names import domain_of
from posthouse.core.dkim import keys
from posthouse.core.dkim.keys import DAY
from posthouse.core.dkim.records import DkimKeyShown, make_keys, shown
from posthouse.core.dkim.settings import DkimSettings
from posthouse.storage.contract import Store


async def add(store: Store, name: str, now: int) -> list[DkimKeyShown]:
    """Make the first keys of a domain, which sign at once; they. Raises BadDomain, NoSuchDomain, DkimKeysSign."""
    made = await asyncio.to_thread(make_keys, domain_of(name), (), now, now)
    await store.write(keys.add_keys, made)
    return [shown(key, now) for key in made]


async def list_all(store: Store, name: str | None, now: int) -> list[DkimKeyShown]:
    """The keys of a domain or of all; raises BadDomain, NoSuchDomain."""
    return await store.read(keys.list_keys, None if name is None else domain_of(name), now)


async def rotate(store: Store, name: str, settings: DkimSettings, now: int, *, at_once: bool) -> list[DkimKeyShown]:
    """Let new keys follow a domain's, after the time in which they are published, or at once; all its keys then.

    Raises BadDomain, NoSuchDomain, DkimKeysUnderWay.
    """
    domain = domain_of(name)
    taken = [key.selector for key in await list_all(store, domain, now)]
    active_from = now if at_once else now + settings.publish_days * DAY
    made = await asyncio.to_thread(make_keys, domain, taken, now, active_from)
    await store.write(keys.follow_keys, domain, made, settings.keep_days * DAY, now)
    return await list_all(store, domain, now)


async def remove(store: Store, name: str, selector: str, now: int) -> None:
    """Forget a key; raises BadDomain, NoSuchDkimKey."""
    await store.write(keys.remove_key, domain_of(name), selector, now)
