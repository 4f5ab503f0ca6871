"""posthouse trash: listed, restored from, erased."""

from __future__ import annotations

import asyncio
from pathlib import Path

from posthouse.core.accounts.lookup import find_login
from posthouse.core.files.conditions import Conditions
from posthouse.core.files.erasing import remove
from posthouse.core.files.settings import FileSettings
from posthouse.core.files.tree import resolve
from posthouse.core.files.writing import make_folder, put_document
from posthouse.server.configuration import read_configuration
from posthouse.server.configuration.tree import places
from posthouse.storage.contract import Store
from posthouse.storage.lmdb.local import LocalStore
from tests.unit.core.filehouse import NOW, document
from tests.unit.server.cli_house import PASSWORD, House

ANN = "ann@example.org"
LIMITS = FileSettings().limits


async def delete_some(store: Store) -> None:
    """A folder with a file in it, a file of a folder that goes after it, and the same name again."""
    found = await store.read(find_login, ANN)
    assert found is not None
    ann, me = found.account, Conditions(found.account)
    for name in ("a", "b"):
        folder = (await store.write(make_folder, ann, 1, name, me, LIMITS, NOW)).entry.node
        await store.write(put_document, ann, folder, "letter", document("hello"), me, LIMITS, NOW)
    for at, path in enumerate((["a", "letter"], ["b", "letter"], ["b"])):
        entry = (await store.read(resolve, ann, path)).entry
        assert entry is not None
        await store.write(remove, ann, entry.node, True, me, NOW + at)
    folder = (await store.read(resolve, ann, ["a"])).entry
    assert folder is not None
    await store.write(put_document, ann, folder.node, "letter", document("another"), me, LIMITS, NOW)


def test_what_was_deleted_comes_back(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.done("account", "add", ANN, "--password-stdin", say=PASSWORD)
    assert house.json("trash", "list", ANN) == []
    configuration = read_configuration(house.directory / "posthouse.toml")
    store = LocalStore.open(places(configuration).store, configuration.store)
    asyncio.run(delete_some(store))
    store.close()
    shown = house.json("trash", "list", ANN)
    assert [(each["path"], each["size"]) for each in shown] == [("/a/letter", 5), (".../letter", 5), ("/b/", 0)]
    assert "/a/letter" in house.done("trash", "list", ANN)
    first, second, third = [str(each["id"]) for each in shown]
    assert house.json("trash", "restore", ANN, first) == {"path": "/a/letter (2)"}
    assert house.json("trash", "restore", ANN, second) == {"path": "/letter"}
    assert "in the trash" in house.refusal("trash", "restore", ANN, second)
    house.done("trash", "erase", ANN, third)
    assert house.json("trash", "list", ANN) == []
    assert "in the trash" in house.refusal("trash", "erase", ANN, third)
