"""The daily look at all keys: new ones follow those that have signed long enough, old ones are forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from posthouse.core.accounts.domains import list_domains
from posthouse.core.dkim.keys import DAY, DkimKeyExists, DkimKeysUnderWay, follow_keys, forget_old_keys, list_keys
from posthouse.core.dkim.records import DkimKeyShown, make_keys
from posthouse.core.dkim.settings import DkimSettings
from posthouse.storage.contract import Store

log = structlog.get_logger()

ROTATE = "rotate dkim keys"  # the job


async def rotate(store: Store, settings: DkimSettings, now: Callable[[], int]) -> None:
    """Do what is due today.

    Records in the DNS are put there by hand, so keys follow one another by themselves only where that is wished
    (`rotate_days`); what must be published is then said in the log, and shown by `posthouse dkim list`.
    """
    await store.write(forget_old_keys, now() - settings.keep_days * DAY)
    if not settings.rotate_days:
        return
    for domain in await store.read(list_domains):
        keys = await store.read(list_keys, domain.name, now())
        if _is_due(keys, settings, now()):
            await _follow(store, domain.name, keys, settings, now())


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
