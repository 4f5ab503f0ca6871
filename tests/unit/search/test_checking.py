"""`verify` looks at the index, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from posthouse.core.search.checking import MEND, WHERE, Checked, check_index
from posthouse.core.search.source import renew_identity
from posthouse.server.indexer.folder import index_directory, texts_directory
from posthouse.storage.lmdb.readonly import ReadOnlyStore
from posthouse.storage.settings import StoreSettings
from tests.unit.search.house import House

LETTERS = [b"Subject: %d\r\n\r\nsome words\r\n" % number for number in range(5)]


async def indexed(base: Path) -> House:
    house = await House.open(base)
    await house.add(*LETTERS)
    await house.catch_up()
    return house


async def check(house: House, *, quick: bool = False) -> Checked:
    return await check_index(house.store, house.kept, index_directory(house.base), quick=quick)


def files(house: House, kind: str) -> list[Path]:
    return sorted(index_directory(house.base).glob(f"*.{kind}"))


async def test_a_sound_index(tmp_path: Path) -> None:
    house = await indexed(tmp_path)
    assert await check(house) == Checked([], [], 5)
    await house.add(*LETTERS)  # not there yet, and none the worse for it
    assert await check(house) == Checked([], [], 5)


@pytest.mark.parametrize("kind", ["idx", "term", "fast", "store", "fieldnorm"])
async def test_an_octet_that_changed(tmp_path: Path, kind: str) -> None:
    house = await indexed(tmp_path)
    path = files(house, kind)[0]
    octets = bytearray(path.read_bytes())
    octets[0] ^= 1
    path.write_bytes(octets)
    found = await check(house)
    assert [(one.where, one.mend) for one in found.faults] == [(WHERE, MEND)]
    assert found.faults[0].what == f"{path.name}: its checksum does not fit"
    assert (await check(house, quick=True)).faults == []
    # and what mends it does
    await house.store.write(renew_identity, b"x" * 16)
    assert (await check(house)).notices == [
        "the search index is of another time; the server makes it anew while it runs"
    ]
    await house.catch_up()
    assert await check(house) == Checked([], [], 5)


async def test_files_that_are_cut_short_or_missing(tmp_path: Path) -> None:
    house = await indexed(tmp_path)
    cut, gone = files(house, "idx")[0], files(house, "term")[0]
    cut.write_bytes(cut.read_bytes()[:-3])
    gone.unlink()
    assert [one.what for one in (await check(house)).faults] == [
        f"{cut.name}: it is cut short",
        f"{gone.name}: it is missing",
    ]
    (index_directory(tmp_path) / "meta.json").write_text("{")
    assert [one.what for one in (await check(house)).faults] == ["meta.json is missing or cannot be read"]


async def test_messages_that_are_not_in_it(tmp_path: Path) -> None:
    house = await indexed(tmp_path)
    writer = house.indexer()._steps._folder.writer()  # type: ignore[attr-defined]  # nothing else writes to it
    writer.remove(1, [2, 3])
    writer.commit()
    writer.close()
    found = await check(house)
    assert [one.what for one in found.faults] == ["3 messages are in it that should be at least 5"]
    assert found.documents == 3


async def test_there_is_none_yet(tmp_path: Path) -> None:
    house = await House.open(tmp_path)
    texts = ReadOnlyStore(texts_directory(tmp_path), StoreSettings())
    found = await check_index(house.store, texts, index_directory(tmp_path), quick=False)
    assert (found.faults, len(found.notices)) == ([], 1)
