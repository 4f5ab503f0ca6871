"""Share links: what a token opens, for how long and how often, and what of it is kept."""

from __future__ import annotations

import msgspec
import pytest

from posthouse.core.authentication.settings import AuthenticationSettings
from posthouse.core.files.erasing import erase_files, remove
from posthouse.core.files.errors import LinkOver, NoSuchFile, NoSuchLink, NotAFolder, TooManyLinks
from posthouse.core.files.links import (
    LinkWish,
    count_download,
    drop_link,
    is_link_password,
    link_password,
    list_links,
    make_link,
    new_token,
    open_link,
    read_token,
)
from posthouse.core.files.trash import restore
from posthouse.storage.contract import ReadTransaction, Store, query
from posthouse.storage.spaces import FILE_LINK
from tests.unit.core.filehouse import LIMITS, ME, NOW, folders, put, records, sound, with_account

READ = LinkWish("read")


@query
def stored(txn: ReadTransaction) -> bytes:
    return b"".join(key + value for key, value in txn.scan(*FILE_LINK.range()))


async def test_a_token_opens_what_it_was_made_for(store: Store) -> None:
    await with_account(store)
    file = await put(store, "file")
    token = new_token(1, file.node)
    key = read_token(token)
    with pytest.raises(NoSuchLink):
        await store.read(open_link, key, NOW)
    await store.write(make_link, key, msgspec.structs.replace(READ, label="for Bob"), 1, LIMITS, NOW)
    found = await store.read(open_link, key, NOW)
    assert (found.entry, found.name, found.record.mode, found.record.label) == (file, "file", "read", "for Bob")
    assert token.rpartition("-")[2].encode() not in await store.read(stored)
    assert await store.read(list_links, 1, None, 10) == await store.read(list_links, 1, file.node, 10) == [found]
    for other in (new_token(1, file.node), token.replace("1-", "2-", 1)):
        with pytest.raises(NoSuchLink):
            await store.read(open_link, read_token(other), NOW)
    await sound(store)
    await store.write(drop_link, key)
    with pytest.raises(NoSuchLink):
        await store.write(drop_link, key)
    with pytest.raises(NoSuchLink):
        await store.write(count_download, key, NOW)


@pytest.mark.parametrize(
    "token", ["", "x", "1-10-short", f"1-10-{'a' * 23}", f"1-{'f' * 9}-{'a' * 22}", "1-10-" + "ä" * 22]
)
def test_what_is_no_token(token: str) -> None:
    with pytest.raises(NoSuchLink):
        read_token(token)


async def test_links_end(store: Store) -> None:
    await with_account(store)
    file = await put(store, "file")
    timed, counted = read_token(new_token(1, file.node)), read_token(new_token(1, file.node))
    await store.write(make_link, timed, LinkWish("read", expires=NOW + 10), 1, LIMITS, NOW)
    await store.write(make_link, counted, LinkWish("read", downloads=2), 1, LIMITS, NOW)
    await store.read(open_link, timed, NOW + 9)
    with pytest.raises(LinkOver):
        await store.read(open_link, timed, NOW + 10)
    assert [await store.write(count_download, counted, NOW) for _ in range(2)] == [1, 2]
    for refused in (store.write(count_download, counted, NOW), store.read(open_link, counted, NOW)):
        with pytest.raises(LinkOver):
            await refused


async def test_a_link_rests_in_the_trash_and_goes_with_its_file(store: Store) -> None:
    await with_account(store)
    (folder,) = await folders(store, "folder")
    file = await put(store, "folder/file")
    with pytest.raises(NotAFolder):
        await store.write(make_link, read_token(new_token(1, file.node)), LinkWish("upload"), 1, LIMITS, NOW)
    with pytest.raises(NoSuchFile):
        await store.write(make_link, read_token(new_token(1, 999)), READ, 1, LIMITS, NOW)
    key, upload = read_token(new_token(1, file.node)), read_token(new_token(1, folder))
    await store.write(make_link, key, READ, 1, LIMITS, NOW)
    await store.write(make_link, upload, LinkWish("upload"), 1, LIMITS, NOW)
    few = msgspec.structs.replace(LIMITS, links=2)
    with pytest.raises(TooManyLinks):
        await store.write(make_link, read_token(new_token(1, folder)), READ, 1, few, NOW)
    await store.write(remove, 1, folder, True, ME, NOW)
    with pytest.raises(NoSuchLink):
        await store.read(open_link, key, NOW)
    assert len(await store.read(list_links, 1, None, 10)) == 2
    await store.write(restore, 1, folder, None, None, ME, LIMITS, NOW)
    await store.read(open_link, key, NOW)
    await store.write(remove, 1, file.node, False, ME, NOW)
    assert (await store.read(records))["86"] == 1
    await sound(store)
    while not await store.write(erase_files, 1, 100, NOW):
        pass
    assert await store.read(records) == {}


def test_passwords_of_links() -> None:
    cheap = AuthenticationSettings(argon2_passes=1, argon2_memory_kibibytes=8)
    held = link_password("secret", cheap)
    assert "secret" not in held
    assert is_link_password(held, "secret")
    assert not is_link_password(held, "Secret")
