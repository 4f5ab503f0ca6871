"""Mapped directories on the disk: what many do at once, what others swap meanwhile, what the dead leave."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Event

import pytest

from posthouse.core.directories import reading
from posthouse.core.directories.changing import make_folder, move, remove
from posthouse.core.directories.copying import copy
from posthouse.core.directories.errors import DirectoryExists, NoSuchDirectory, TooManyDirectories
from posthouse.core.directories.half_document import HalfDocument
from posthouse.core.directories.mapping import (
    directories_of,
    list_directories,
    map_directory,
    share_directory,
    unmap_directory,
)
from posthouse.core.directories.reading import Seen, Tree, find, look_at, names_in, open_file
from posthouse.core.files.errors import ConditionFailed, NameNotAllowed
from posthouse.core.sharing.errors import NoSuchGrantee, TooManyGrants
from posthouse.core.sharing.rights import PRESETS
from posthouse.core.sharing.settings import SharingSettings
from posthouse.storage.contract import Store
from tests.unit.core.filehouse import NOW, with_sharer


def anything(_seen: Seen | None) -> None:
    """Whatever is there is meant."""


def nothing(seen: Seen | None) -> None:
    """Only nothing is meant."""
    if seen is not None:
        raise ConditionFailed(seen.name)


def write(tree: Tree, folder: list[str], name: str, octets: bytes, check: Callable[[Seen | None], None]) -> bool:
    """Write a document; whether it was the one that made it."""
    half = HalfDocument(tree, folder)
    try:
        half.open()
        half.write(octets)
        return half.finish(name, check)[1]
    finally:
        half.close()


def test_of_many_who_make_a_document_one_does(tmp_path: Path) -> None:
    tree = Tree(str(tmp_path), dot_files=False)

    def once(number: int) -> bool:
        try:
            return write(tree, [], "new", b"%d" % number, nothing)
        except ConditionFailed:
            return False

    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(once, range(40)))
    assert made.count(True) == 1
    assert (tmp_path / "new").read_bytes() == b"%d" % made.index(True)
    assert os.listdir(tmp_path) == ["new"]


def test_whatever_is_swapped_meanwhile_nothing_outside_is_reached(tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder, text in ((inside / "sub", "open"), (outside, "secret")):
        folder.mkdir(parents=True)
        (folder / "file").write_text(text)
    tree, ended = Tree(str(inside), dot_files=False), Event()

    def swap() -> None:
        link, kept = tmp_path / "link", tmp_path / "kept"
        link.symlink_to(outside)
        while not ended.is_set():
            os.rename(inside / "sub", kept)
            os.rename(link, inside / "sub")
            os.rename(inside / "sub", link)
            os.rename(kept, inside / "sub")

    with ThreadPoolExecutor(1) as threads:
        swapping = threads.submit(swap)
        try:
            for _ in range(1500):
                with suppress(OSError):
                    match chance.randrange(6):
                        case 0:
                            with open_file(tree, ["sub", "file"], "") as file:
                                assert file.read() == b"open"
                        case 1:
                            write(tree, ["sub"], f"new{chance.randrange(5)}", b"open", anything)
                        case 2:
                            assert "secret" not in {
                                each.name for each in look_at(tree, ["sub"], names_in(tree, ["sub"], 99))
                            }
                        case 3:
                            remove(tree, ["sub"], f"new{chance.randrange(5)}", anything)
                        case 4:
                            copy(
                                tree, ["sub"], [f"copy{chance.randrange(3)}"], anything, anything, is_deep=True, most=99
                            )
                        case 5:
                            make_folder(tree, ["sub"], f"made{chance.randrange(99)}", {}, 0)
        finally:
            ended.set()
        swapping.result()
    assert {path.name: path.read_text() for path in outside.iterdir()} == {"file": "secret"}
    texts = {path.read_text() for path in inside.rglob("*") if path.is_file() and not path.is_symlink()}
    assert texts == {"open"}


def test_what_the_dead_left_is_cleared_away_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = Tree(str(tmp_path), dot_files=True)
    (tmp_path / "kept").touch()
    (tmp_path / ".posthouse-half").touch()
    (tmp_path / ".posthouse-gone" / "deep").mkdir(parents=True)
    assert names_in(tree, [], 9) == ["kept"]
    assert len(os.listdir(tmp_path)) == 3
    monkeypatch.setattr(reading, "STALE_SECONDS", -1)
    assert names_in(tree, [], 9) == ["kept"]
    assert os.listdir(tmp_path) == ["kept"]


def test_what_cannot_be_deleted_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = Tree(str(tmp_path), dot_files=False)
    (tmp_path / "folder").mkdir()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "no")

    monkeypatch.setattr("posthouse.core.directories.places.shutil.rmtree", refuse)
    with pytest.raises(PermissionError):
        remove(tree, [], "folder", anything)
    assert os.listdir(tmp_path) == ["folder"]


def test_a_move_that_fails_leaves_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree = Tree(str(tmp_path), dot_files=False)
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    rename = os.rename

    def refuse(source: bytes, target: bytes, **where: int) -> None:
        if source == b"a":
            raise OSError(18, "another file system")
        rename(source, target, **where)

    monkeypatch.setattr("posthouse.core.directories.changing.os.rename", refuse)
    with pytest.raises(OSError, match="another file system"):
        move(tree, ["a"], ["b"], anything, anything)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a": "a", "b": "b"}


def test_what_becomes_another_document_is_not_read_for_it(tmp_path: Path) -> None:
    tree = Tree(str(tmp_path), dot_files=False)
    (tmp_path / "a").write_text("before")
    seen = find(tree, ["a"]).seen
    assert seen is not None
    with open_file(tree, ["a"], seen.tag) as file:
        assert file.read() == b"before"
    write(tree, [], "a", b"after", anything)
    with pytest.raises(OSError, match="another one"):
        open_file(tree, ["a"], seen.tag)


async def test_mapping_and_rights(store: Store) -> None:
    bob = await with_sharer(store)
    settings = SharingSettings(grants=1)
    await store.write(map_directory, "plans", "/srv/plans", 1, NOW)
    with pytest.raises(DirectoryExists):
        await store.write(map_directory, "plans", "/srv/others", 1, NOW)
    with pytest.raises(TooManyDirectories):
        await store.write(map_directory, "others", "/srv/others", 1, NOW)
    with pytest.raises(NameNotAllowed):
        await store.write(map_directory, "..", "/srv/others", 9, NOW)
    assert await store.read(directories_of, bob) == []
    await store.write(share_directory, "plans", "bob@example.org", int(PRESETS["read"]), settings)
    assert [(each.name, each.path) for each in await store.read(directories_of, bob)] == [("plans", "/srv/plans")]
    assert await store.read(directories_of, 1) == await store.read(directories_of, 99) == []
    with pytest.raises(TooManyGrants):
        await store.write(share_directory, "plans", "anyone", 3, settings)
    for nobody in ("eve@example.org", "no address"):
        with pytest.raises(NoSuchGrantee):
            await store.write(share_directory, "plans", nobody, 3, settings)
    await store.write(share_directory, "plans", "bob@example.org", 0, settings)
    await store.write(share_directory, "plans", "anyone", 3, settings)
    assert len(await store.read(directories_of, 1)) == 1
    assert await store.read(directories_of, 99) == []  # who is no account is not anyone
    await store.write(unmap_directory, "plans")
    with pytest.raises(NoSuchDirectory):
        await store.write(unmap_directory, "plans")
    with pytest.raises(NoSuchDirectory):
        await store.write(share_directory, "plans", "anyone", 3, settings)
    assert await store.read(list_directories) == []
