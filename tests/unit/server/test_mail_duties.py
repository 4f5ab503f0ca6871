"""Expunged mail is forgotten when its time is over, at once where none is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from posthouse.core.mail.flags import DELETED, FlagChange
from posthouse.core.mail.messages import expunge, store_flags
from posthouse.core.mail.settings import MailSettings
from posthouse.core.mail.undelete import Choice, expunged_page
from posthouse.server.timetable.mail import mail_duties
from posthouse.storage.item_bytes import EVERY
from tests.unit.admin.house import ALICE, BOB, open_house
from tests.unit.imap.world import NOW

DAY_MS = 86_400_000


@pytest.mark.parametrize(("days", "after"), [(14, 14 * DAY_MS), (0, 0)])
async def test_its_time(tmp_path: Path, days: int, after: int) -> None:
    house = await open_house(tmp_path)
    for account in (ALICE, BOB):
        await house.store.write(store_flags, account, 1, [(1, 1)], FlagChange("add", DELETED), None)
        await house.store.write(expunge, account, 1, [EVERY], NOW)

    async def left(now: int) -> int:
        duties = mail_duties(house.store, MailSettings(undelete_days=days), lambda: now)
        await duties["forget expunged mail"].do(b"")
        pages = [await house.store.read(expunged_page, account, Choice(), b"", 9) for account in (ALICE, BOB)]
        return sum(len(page.messages) for page in pages)

    assert await left(NOW + after) == 2
    assert await left(NOW + after + 1) == 0
