"""Share links: what a token opens, for how long and how often, and what of it is kept."""

from __future__ import annotations

import msgspec
import pytest

from posthouse.core.accounts.accounts import AccountChange, NewAccount, add_account, change_account
from posthouse.core.authentication.settings import AuthenticationSettings
from posthouse.core.files.conditions import Conditions
from posthouse.core.files.erasing import erase_files, remove
from posthouse.core.files.errors import LinkOver, NoSuchFile, NoSuchLink, NotAFolder, NotPermitted, TooManyLinks
from posthouse.core.files.links import (
    LinkWish,
    count_download,
    drop_link,
    is_link_password,
    link_password,
    list_links,
    make_link,
    members_by_link,
    new_token,
    open_in_link,
    open_link,
    read_token,
)
from posthouse.core.files.trash import restore
from posthouse.core.sharing.rights import PRESETS, Right
from posthouse.storage.contract import ReadTransaction, Store, query
from posthouse.storage.spaces import FILE_LINK
from tests.unit.core.filehouse import (
    LIMITS,
    ME,
    NOW,
    folders,
    node,
    put,
    records,
    share,
    sound,
    with_account,
    with_sharer,
)

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
        await store.read(open_link, key, "domain", NOW)
    await store.write(make_link, key, msgspec.structs.replace(READ, label="for Bob"), ME, LIMITS, NOW)
    found = await store.read(open_link, key, "domain", NOW)
    assert (found.entry, found.name, found.record.mode, found.record.label) == (file, "file", "read", "for Bob")
    assert token.split("-", 2)[2].encode() not in await store.read(stored)
    assert await store.read(list_links, 1, None, 10) == await store.read(list_links, 1, file.node, 10) == [found]
    for other in (new_token(1, file.node), token.replace("1-", "2-", 1)):
        with pytest.raises(NoSuchLink):
            await store.read(open_link, read_token(other), "domain", NOW)
    await sound(store)
    await store.write(drop_link, key, ME)
    with pytest.raises(NoSuchLink):
        await store.write(drop_link, key, ME)
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
    await store.write(make_link, timed, LinkWish("read", expires=NOW + 10), ME, LIMITS, NOW)
    await store.write(make_link, counted, LinkWish("read", downloads=2), ME, LIMITS, NOW)
    await store.read(open_link, timed, "domain", NOW + 9)
    with pytest.raises(LinkOver):
        await store.read(open_link, timed, "domain", NOW + 10)
    assert [await store.write(count_download, counted, NOW) for _ in range(2)] == [1, 2]
    for refused in (store.write(count_download, counted, NOW), store.read(open_link, counted, "domain", NOW)):
        with pytest.raises(LinkOver):
            await refused


async def test_a_link_rests_in_the_trash_and_goes_with_its_file(store: Store) -> None:
    await with_account(store)
    (folder,) = await folders(store, "folder")
    file = await put(store, "folder/file")
    with pytest.raises(NotAFolder):
        await store.write(make_link, read_token(new_token(1, file.node)), LinkWish("upload"), ME, LIMITS, NOW)
    with pytest.raises(NoSuchFile):
        await store.write(make_link, read_token(new_token(1, 999)), READ, ME, LIMITS, NOW)
    key, upload = read_token(new_token(1, file.node)), read_token(new_token(1, folder))
    await store.write(make_link, key, READ, ME, LIMITS, NOW)
    await store.write(make_link, upload, LinkWish("upload"), ME, LIMITS, NOW)
    few = msgspec.structs.replace(LIMITS, links=2)
    with pytest.raises(TooManyLinks):
        await store.write(make_link, read_token(new_token(1, folder)), READ, ME, few, NOW)
    await store.write(remove, 1, folder, True, ME, NOW)
    with pytest.raises(NoSuchLink):
        await store.read(open_link, key, "domain", NOW)
    assert len(await store.read(list_links, 1, None, 10)) == 2
    await store.write(restore, 1, folder, None, None, ME, LIMITS, NOW)
    await store.read(open_link, key, "domain", NOW)
    await store.write(remove, 1, file.node, False, ME, NOW)
    assert (await store.read(records))["86"] == 1
    await sound(store)
    while not await store.write(erase_files, 1, 100, NOW):
        pass
    assert await store.read(records) == {}


async def test_who_administers_a_file_makes_links_that_end_with_his_rights(store: Store) -> None:
    bob = Conditions(await with_sharer(store, PRESETS["all"]))
    await folders(store, "top", "top/hidden")
    await put(store, "top/file")
    await put(store, "top/hidden/file")
    top = await node(store, "top")
    key, into = read_token(new_token(1, top)), read_token(new_token(1, top))
    with pytest.raises(NotPermitted):
        await store.write(make_link, key, READ, bob, LIMITS, NOW)
    await share(store, "top", "bob@example.org", PRESETS["read"] | Right.ADMINISTER)
    with pytest.raises(NotPermitted):  # he may add nothing himself
        await store.write(make_link, into, LinkWish("upload"), bob, LIMITS, NOW)
    await store.write(make_link, key, READ, bob, LIMITS, NOW)
    await share(store, "top/hidden", "bob@example.org", Right.LOOKUP)
    link = await store.read(open_link, key, "domain", NOW)
    shown = await store.read(members_by_link, link, top, "", 10, "domain")
    assert ([name for name, _ in shown.members], shown.after) == (["file"], None)
    assert (await store.read(members_by_link, link, top, "", 1, "domain")).after == "file"
    await store.read(open_in_link, key, ["file"], "domain", NOW)
    for hidden in (["hidden"], ["hidden", "file"]):
        with pytest.raises(NoSuchFile):
            await store.read(open_in_link, key, hidden, "domain", NOW)
    await share(store, "top", "bob@example.org", PRESETS["read"])
    with pytest.raises(NoSuchLink):
        await store.read(open_link, key, "domain", NOW)
    assert len(await store.read(list_links, 1, None, 10)) == 1  # it works again when he has his rights again
    with pytest.raises(NotPermitted):
        await store.write(drop_link, key, Conditions(await _cat(store)))
    await store.write(drop_link, key, bob)
    await sound(store)


async def _cat(store: Store) -> int:
    cat = await store.write(add_account, NewAccount("cat@example.org", "", None, None), NOW)
    await share(store, "top", "cat@example.org", PRESETS["read"])
    return cat


async def test_a_link_of_an_account_that_is_off_rests(store: Store) -> None:
    bob = await with_sharer(store)
    file = await put(store, "file")
    key = read_token(new_token(1, file.node))
    await store.write(make_link, key, READ, Conditions(bob), LIMITS, NOW)
    await store.read(open_link, key, "domain", NOW)
    await store.write(change_account, "bob@example.org", AccountChange(status="disabled"))
    with pytest.raises(NoSuchLink):
        await store.read(open_link, key, "domain", NOW)


def test_passwords_of_links() -> None:
    cheap = AuthenticationSettings(argon2_passes=1, argon2_memory_kibibytes=8)
    held = link_password("secret", cheap)
    assert "secret" not in held
    assert is_link_password(held, "secret")
    assert not is_link_password(held, "Secret")
