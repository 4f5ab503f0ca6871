"""The daily look at all keys: new ones follow those that have signed long enough, none signs before it is published.

Records in the DNS are put there by hand, so keys follow one another by themselves only where that is wished
(`rotate_days`); what must be published is then said in the log, and shown by `posthouse dkim list`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from posthouse.core.accounts.domains import list_domains
from posthouse.core.dkim.keys import (
    DAY,
    DkimKeyExists,
    DkimKeysUnderWay,
    follow_keys,
    forget_old_keys,
    list_keys,
    put_off,
)
from posthouse.core.dkim.records import DkimKeyShown, make_keys
from posthouse.core.dkim.settings import DkimSettings
from posthouse.core.dns import DnsFailure, Resolver
from posthouse.formats.dkim.keys import public_part
from posthouse.storage.contract import Store

log = structlog.get_logger()

ROTATE = "rotate dkim keys"  # the daily job
_SOON = 2 * DAY  # which keys would sign before the next look


async def rotate(store: Store, resolver: Resolver, settings: DkimSettings, now: Callable[[], int]) -> None:
    """Do what is due today."""
    await store.write(forget_old_keys, now() - settings.keep_days * DAY)
    for key in await store.read(list_keys, None, now()):
        if key.state == "to be published" and key.active_from < now() + _SOON:
            await _check_published(store, resolver, key, now())
    if settings.rotate_days:
        for domain in await store.read(list_domains):
            keys = await store.read(list_keys, domain.name, now())
            if _is_due(keys, settings, now()):
                await _follow(store, domain.name, keys, settings, now())


async def _check_published(store: Store, resolver: Resolver, key: DkimKeyShown, now: int) -> None:
    """Put a key off that cannot be found in the DNS: what it signed would be taken for forged."""
    try:
        answer = await resolver.ask(key.name, "TXT")
    except DnsFailure as failure:
        log.warning("a DKIM key is put off: the DNS does not answer", name=key.name, why=str(failure))
    else:
        if public_part(key.record) in [public_part(record) for record in answer.records]:
            return
        log.warning("a DKIM key is put off: publish this DNS record", name=key.name, record=key.record)
    await store.write(put_off, key.domain, key.selector, DAY, now)


def _is_due(keys: list[DkimKeyShown], settings: DkimSettings, now: int) -> bool:
    """True when the newest keys have signed for so long that others shall follow."""
    newest = max((key.active_from for key in keys), default=now)
    return newest + settings.rotate_days * DAY <= now + settings.publish_days * DAY and newest <= now


async def _follow(store: Store, domain: str, keys: list[DkimKeyShown], settings: DkimSettings, now: int) -> None:
    taken = {key.selector for key in keys}
    made = await asyncio.to_thread(make_keys, domain, taken, now, now + settings.publish_days * DAY)
    try:
        await store.write(follow_keys, domain, made, settings.keep_days * DAY, now)
    except (DkimKeysUnderWay, DkimKeyExists):
        return  # somebody was faster
    for key in made:
        log.warning(
            "publish this DNS record: a new DKIM key signs soon",
            name=f"{key.selector}._domainkey.{domain}",
            record=key.record,
            days=settings.publish_days,
        )
