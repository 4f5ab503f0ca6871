"""The index follows the accounts, and whatever happens to it, what it says is so."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from posthouse.core.mail.erase import erase_some
from posthouse.core.mail.flags import DELETED, FlagChange
from posthouse.core.mail.messages import expunge, move, store_flags
from posthouse.core.mail.undelete import forget_expunged
from posthouse.core.search import shelf
from posthouse.core.search.contract import NOTHING_KNOWN
from posthouse.core.search.index import Index, IndexBroken
from posthouse.core.search.records import IndexState
from posthouse.core.search.settings import SearchSettings
from posthouse.core.search.source import renew_identity
from posthouse.formats.documents.kinds import Kind
from posthouse.server.indexer.folder import IndexFolder, index_directory
from posthouse.storage.blobs.memory import MemoryBlobs
from posthouse.storage.contract import StoreUnavailable, WriteTransaction, operation
from posthouse.storage.item_bytes import EVERY
from posthouse.storage.memory import MemoryStore
from posthouse.storage.spaces import MESSAGE, SEQUENCE
from tests.unit.core.house import NOW
from tests.unit.search.house import House

HELLO = b"Subject: Hello\r\n\r\nDear World,\r\ngood bye\r\n"
OTHER = b"Subject: Other\r\n\r\nnothing here\r\n"


async def test_a_text_is_found_in_any_case_and_not_across_header_and_body(tmp_path: Path) -> None:
    house = await House.open(tmp_path)
    await house.add(HELLO, OTHER)
    await house.catch_up()
    assert await house.found("EAR WOR") == ({1}, set())
    assert await house.found("hello") == ({1}, set())
    assert await house.found("hello", in_header=False) == (set(), set())
    assert await house.found("ello dear") == (set(), set())
    assert await house.found("he") == ({1, 2}, set())
    assert (house.count.messages, house.count.left) == (2, 0)


async def test_the_headers_of_parts_are_header_and_no_body(tmp_path: Path) -> None:
    house = await House.open(tmp_path)
    part = b"--x\r\nContent-Type: application/pdf; name=bill.pdf\r\n\r\nAAAA\r\n--x--\r\n"
    await house.add(OTHER, b"Content-Type: multipart/mixed; boundary=x\r\n\r\n" + part)
    await house.catch_up()
    assert await house.found("Bill.PDF") == ({2}, set())
    assert await house.found("bill.pdf", in_header=False) == (set(), set())


async def test_what_is_not_indexed_is_said(tmp_path: Path) -> None:
    house = await House.open(tmp_path)
    await house.add(OTHER)
    assert await house.candidates("hello") == NOTHING_KNOWN
    await house.catch_up()
    await house.add(HELLO)
    assert (await house.candidates("hello")).upto == 1
    await house.catch_up()
    assert (await house.candidates("hello")).upto == 2
    assert await house.found("hello") == ({2}, set())


async def test_accounts_are_apart(tmp_path: Path) -> None:
    house = await House.open(tmp_path)
    await house.add(HELLO)
    await house.add(OTHER, HELLO, account=2)
    await house.catch_up()
    assert await house.found("hello", 1) == ({1}, set())
    assert await house.found("hello", 2) == ({2}, set())
    assert await house.found("other", 1) == (set(), set())
    assert await house.candidates("hello", 3) == NOTHING_KNOWN


async def test_a_message_stays_found_where_it_is_moved(tmp_path: Path) -> None:
    house = await House.open(tmp_path)
    await house.add(HELLO)
    await house.catch_up()
    await house.store.write(move, 1, 1, [(1, 1)], "Archive", NOW)
    await house.catch_up()
    assert await house.found("hello") == ({1}, set())


async def test_what_is_forgotten_goes(tmp_path: Path) -> None:
    house = await House.open(tmp_path)
    await house.add(HELLO, HELLO, OTHER)
    await house.catch_up()
    await house.store.write(store_flags, 1, 1, [(1, 1)], FlagChange("add", DELETED), None)
    await house.store.write(expunge, 1, 1, [EVERY], NOW)
    await house.catch_up()
    assert (await house.candidates("hello")).messages == {1, 2}  # it can be put back
    await house.store.write(forget_expunged, 1, NOW + 1, 10, NOW)
    await house.catch_up()
    assert (await house.candidates("hello")).messages == {2}
    assert await house.kept.read(shelf.kept_messages, 1, 0, 9) == [2, 3]


async def test_a_deleted_account_goes(tmp_path: Path) -> None:
    house = await House.open(tmp_path)
    await house.add(HELLO)
    await house.add(HELLO, account=2)
    await house.catch_up()
    while not await house.store.write(erase_some, 1, 10, NOW):
        pass
    await house.catch_up()
    assert await house.kept.read(shelf.kept_messages, 1, 0, 9) == []
    assert list(await house.kept.read(shelf.all_progress)) == [2]
    assert house.open_index().candidates(1, "HELLO", 9) == frozenset()
    assert await house.found("hello", 2) == ({1}, set())


async def test_more_text_than_is_kept_is_asked_of_the_message(tmp_path: Path) -> None:
    house = await House.open(tmp_path, SearchSettings(text_octets=4096))
    await house.add(HELLO, b"Subject: long\r\n\r\n" + b"word " * 2000 + b"hello\r\n")
    await house.catch_up()
    assert await house.found("hello") == ({1}, {2})
    assert await house.found("word") == ({2}, set())


class Crash(Exception):
    """The process died here."""


async def dies(*_: object) -> None:
    raise Crash


async def test_a_commit_that_was_not_followed_by_its_step_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await House.open(tmp_path)
    await house.add(OTHER)
    await house.catch_up()
    await house.add(HELLO)
    with monkeypatch.context() as broken:
        broken.setattr(house.kept, "write", dies)
        indexer = house.indexer()
        with pytest.raises(Crash):
            await indexer.catch_up()
    del indexer
    assert (await house.candidates("hello")).upto == 1
    await house.catch_up()
    assert await house.found("hello") == ({2}, set())
    assert house.open_index().candidates(1, "HELLO", 9) == {2}  # once
    await house.add(HELLO)
    await house.catch_up()
    assert await house.found("hello") == ({2, 3}, set())


async def test_an_index_that_is_behind_its_store_begins_anew(tmp_path: Path) -> None:
    house = await House.open(tmp_path)
    await house.add(HELLO)
    await house.catch_up()
    early = tmp_path / "early"
    shutil.copytree(index_directory(tmp_path), early)
    await house.add(HELLO)
    await house.catch_up()
    shutil.rmtree(index_directory(tmp_path))
    early.rename(index_directory(tmp_path))
    house.search = house.searching()
    await house.catch_up()
    assert await house.found("hello") == ({1, 2}, set())


@pytest.mark.parametrize("damage", ["gone", "damaged"])
async def test_an_index_that_cannot_be_read_is_made_anew(tmp_path: Path, damage: str) -> None:
    house = await House.open(tmp_path)
    await house.add(HELLO)
    await house.catch_up()
    if damage == "gone":
        shutil.rmtree(index_directory(tmp_path))
    else:
        (index_directory(tmp_path) / "meta.json").write_text("?")
    house.search = house.searching()
    assert await house.candidates("hello") == NOTHING_KNOWN
    await house.catch_up()
    assert await house.found("hello") == ({1}, set())


async def test_an_index_of_another_store_is_not_believed(tmp_path: Path) -> None:
    house = await House.open(tmp_path)
    await house.add(HELLO)
    await house.catch_up()
    await house.store.write(renew_identity, b"another")
    assert await house.candidates("hello") == NOTHING_KNOWN
    assert house.notices.is_renewed
    await house.catch_up()
    assert await house.found("hello") == ({1}, set())


async def test_an_index_that_is_emptied_during_a_search_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await House.open(tmp_path)
    await house.add(HELLO)
    await house.catch_up()
    empty = MemoryStore(None)

    def emptied(*_: object) -> frozenset[int]:
        monkeypatch.setattr(house.kept, "read", empty.read)
        return frozenset()

    monkeypatch.setattr(Index, "candidates", emptied)
    assert await house.candidates("hello") == NOTHING_KNOWN


async def test_a_panic_within_the_index_is_no_more_than_an_index_that_cannot_be_read(tmp_path: Path) -> None:
    house = await House.open(tmp_path)
    await house.add(*[HELLO] * 50)
    await house.catch_up()
    for file in index_directory(tmp_path).glob("*.term"):
        octets = bytearray(file.read_bytes())
        octets[: len(octets) // 2] = b"\xff" * (len(octets) // 2)
        file.write_bytes(octets)
    house.search = house.searching()
    assert await house.candidates("hello") == NOTHING_KNOWN


async def test_a_message_that_cannot_be_read_is_a_candidate_of_every_search(tmp_path: Path) -> None:
    house = await House.open(tmp_path)
    house.blobs = MemoryBlobs(0)
    await house.add(HELLO, OTHER)
    await house.store.write(spoil, 1, 1)
    await house.catch_up()
    assert await house.found("nothing") == ({2}, {1})


@operation
def spoil(txn: WriteTransaction, account: int, message: int) -> None:
    """Damage a message's record."""
    txn.put(MESSAGE.key(account, message), b"?")


async def test_a_message_that_breaks_its_reader_keeps_no_other_out(tmp_path: Path) -> None:
    house = await House.open(tmp_path)
    house.attachments = Breaking()
    await house.add(b"Content-Type: application/pdf\r\n\r\nbroken\r\n", HELLO)
    await house.catch_up()
    assert await house.found("hello") == ({2}, {1})


class Breaking:
    """Fails as nothing should."""

    async def text(self, _kind: Kind, _octets: bytes) -> str:
        raise ZeroDivisionError


async def test_an_account_whose_numbers_cannot_be_read_keeps_no_other_out(tmp_path: Path) -> None:
    house = await House.open(tmp_path)
    await house.add(HELLO)
    await house.add(HELLO, account=2)
    await house.store.write(lose, 1)
    await house.catch_up()
    assert await house.found("hello", 2) == ({1}, set())


@operation
def lose(txn: WriteTransaction, account: int) -> None:
    """Damage an account's counters."""
    txn.put(SEQUENCE.key(account), b"?")


async def test_only_one_writes(tmp_path: Path) -> None:
    folder = IndexFolder(tmp_path, SearchSettings())
    writer = folder.writer()
    with pytest.raises(IndexBroken, match="LockBusy"):
        folder.writer()
    writer.close()
    folder.writer().close()


async def test_the_folder_rests_once_the_writer_is_closed(tmp_path: Path) -> None:
    house = await House.open(tmp_path)
    await house.add(HELLO)
    rests: list[Path] = []

    class Resting(IndexFolder):
        def rest(self) -> None:
            self.writer().close()  # nobody has it
            rests.append(tmp_path)

    indexer = house.indexer(Resting)
    await indexer.catch_up()
    assert rests == []  # the writer's threads are about to end
    await indexer.catch_up()
    assert rests == [tmp_path]
    await indexer.catch_up()  # nothing to write: the folder has been resting all the while
    assert rests == [tmp_path]


async def test_without_its_store_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = await House.open(tmp_path)
    await house.add(HELLO)
    await house.catch_up()

    async def gone(*_: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(house.kept, "read", gone)
    assert await house.candidates("hello") == NOTHING_KNOWN
    assert await house.search.holding(1, "HELLO", True, [1, 2], 1) == b"\x02\x02"


async def test_a_damaged_text_is_asked_of_the_message(tmp_path: Path) -> None:
    house = await House.open(tmp_path)
    await house.add(HELLO, HELLO)
    await house.catch_up()
    state = await house.kept.read(shelf.read_state)
    assert isinstance(state, IndexState)
    await house.kept.write(shelf.take_step, state, shelf.Step(texts=[(1, 1, b"\x03damaged"), (1, 2, b"")]))
    assert await house.found("hello") == (set(), {1, 2})
