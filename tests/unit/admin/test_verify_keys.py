"""Damaged DKIM keys are found: what cannot be read, cannot sign, publishes another key, or is of no domain of ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from posthouse.admin.verify import verify
from posthouse.core.dkim.keys import add_keys, remove_key
from posthouse.core.dkim.records import DkimKey, make_keys
from posthouse.core.queue.records import ENCODER
from posthouse.formats.mime.settings import MimeLimits
from posthouse.storage.spaces import DKIM_KEY
from tests.unit.admin.house import open_house, put_raw
from tests.unit.imap.world import NOW

KEY, OTHER = make_keys("example.org", (), NOW, NOW)


def damaged(**fields: object) -> bytes:
    return ENCODER.encode(structs.replace(KEY, **fields))


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (b"\xc1", "its record cannot be read"),
        (damaged(private=b"nothing"), "its private half cannot be read"),
        (damaged(private=OTHER.private), "what it publishes is not of its private half"),
        (damaged(record=OTHER.record), "what it publishes is not of its private half"),
        (damaged(selector="x"), "its record is that of x._domainkey.example.org"),
    ],
)
async def test_damage(tmp_path: Path, value: bytes, what: str) -> None:
    house = await open_house(tmp_path)
    await house.store.write(add_keys, [KEY, OTHER])

    async def faults() -> list[tuple[str, str]]:
        report = await verify(house.store, house.blobs, MimeLimits(), quick=True, address=None, done=lambda _: None)
        return [(fault.where, fault.what) for fault in report.faults]

    assert await faults() == []
    await house.store.write(put_raw, DKIM_KEY.key("example.org", KEY.selector), value)
    assert await faults() == [(f"DKIM key {KEY.selector}._domainkey.example.org", what)]
    await house.store.write(remove_key, "example.org", KEY.selector, NOW)
    assert await faults() == []


async def test_a_key_of_a_domain_that_is_gone(tmp_path: Path) -> None:
    house = await open_house(tmp_path)
    (stray, _) = make_keys("gone.example", (), NOW, NOW)
    assert isinstance(stray, DkimKey)
    await house.store.write(put_raw, DKIM_KEY.key("gone.example", stray.selector), ENCODER.encode(stray))
    report = await verify(house.store, house.blobs, MimeLimits(), quick=True, address=None, done=lambda _: None)
    assert [fault.what for fault in report.faults] == ["there is no domain gone.example"]
