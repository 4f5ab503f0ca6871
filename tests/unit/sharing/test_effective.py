"""Whose rights somebody has: his own, his groups' and anyone's, within reach, and as lists are inherited."""

from __future__ import annotations

import pytest

from posthouse.core.accounts.accounts import delete_account
from posthouse.core.accounts.aliases import add_alias, delete_alias
from posthouse.core.accounts.group_folders import open_folders
from posthouse.core.accounts.groups import add_group, change_members, delete_group
from posthouse.core.mail.erase import erase_some
from posthouse.core.mail.errors import NoSuchMailbox
from posthouse.core.mail.finding import Found, find_room, find_shared, list_shared, rights_on
from posthouse.core.mail.mailboxes import create_mailbox, delete_mailbox, find_mailbox, rename_mailbox
from posthouse.core.mail.settings import MailSettings
from posthouse.core.mail.subscriptions import subscribe_shared
from posthouse.core.sharing.changing import Shared, inherit, share, show_acl, unshare
from posthouse.core.sharing.effective import Visitor
from posthouse.core.sharing.errors import NoSuchGrantee, OwnerHasAll, TooManyGrants
from posthouse.core.sharing.grants import ROOT
from posthouse.core.sharing.rights import ALL, PRESETS, Right, letters, parse_rights
from posthouse.core.sharing.settings import Reach, SharingSettings
from posthouse.storage.contract import ReadTransaction, Store, query
from posthouse.storage.spaces import ACL, GRANT, MEMBER, SUBSCRIPTION
from tests.unit.core.house import NOW, person, two_domains

SETTINGS = SharingSettings()
ANNS = "Other Users/ann@example.org/"


@query
def count(txn: ReadTransaction) -> tuple[int, int, int, int]:
    """How many lists, grants, members and subscriptions there are."""
    acls, grants, members, subscriptions = (
        sum(1 for _ in txn.scan(*space.range())) for space in (ACL, GRANT, MEMBER, SUBSCRIPTION)
    )
    return acls, grants, members, subscriptions


async def mailbox(store: Store, account: int, name: str) -> int:
    """A mailbox that is there or is made."""
    try:
        return (await store.read(find_mailbox, account, name)).id
    except NoSuchMailbox:
        return (await store.write(create_mailbox, account, name, None, NOW, MailSettings())).id


async def give(store: Store, account: int, name: str, whom: str, rights: str) -> None:
    number = await mailbox(store, account, name)
    await store.write(share, account, number, whom, "set", int(parse_rights(rights)), SETTINGS)


async def has(store: Store, who: int, account: int, name: str, *, reach: Reach = "domain") -> str:
    number = await mailbox(store, account, name)
    return letters(await store.read(rights_on, Visitor(who, reach), account, number))


async def seen(store: Store, who: int) -> list[str]:
    return [one.mailbox.name for one in await store.read(list_shared, Visitor(who))]


async def test_the_union_of_what_one_has(store: Store) -> None:
    ann, bob = await two_domains(store)
    cat, dan = await person(store, "cat@example.org"), await person(store, "dan@example.org")
    await store.write(add_group, "all@example.org", "", "anyone", ["cat@example.org"], NOW)
    await give(store, ann, "Work", "anyone", "l")
    await give(store, ann, "Work", "all@example.org", "r")
    await give(store, ann, "Work", "cat@example.org", "s")
    assert await has(store, cat, ann, "Work") == "lrs"
    assert await has(store, dan, ann, "Work") == "l"
    assert await has(store, bob, ann, "Work") == ""
    assert await has(store, bob, ann, "Work", reach="server") == "l"
    assert await seen(store, cat) == [ANNS + "Work"]
    assert await seen(store, bob) == []


async def test_groups_in_groups_and_aliases(store: Store) -> None:
    ann, _ = await two_domains(store)
    cat = await person(store, "cat@example.org")
    await store.write(add_alias, "kitty@example.org", ["cat@example.org"])
    await store.write(add_group, "inner@example.org", "", "anyone", ["kitty@example.org"], NOW)
    await store.write(add_group, "outer@example.org", "", "anyone", ["inner@example.org"], NOW)
    await store.write(change_members, "inner@example.org", ["outer@example.org"], [])  # a circle
    await give(store, ann, "Work", "outer@example.org", "lr")
    assert await has(store, cat, ann, "Work") == "lr"
    assert await seen(store, cat) == [ANNS + "Work"]
    await store.write(delete_alias, "kitty@example.org")
    assert await has(store, cat, ann, "Work") == ""
    assert await seen(store, cat) == []
    await store.write(change_members, "inner@example.org", ["cat@example.org"], [])
    assert await seen(store, cat) == [ANNS + "Work"]
    await store.write(change_members, "outer@example.org", [], ["inner@example.org"])
    assert await seen(store, cat) == []


async def test_lists_are_inherited_until_there_is_one(store: Store) -> None:
    ann, _ = await two_domains(store)
    cat = await person(store, "cat@example.org")
    await give(store, ann, "Work", "cat@example.org", "lr")
    below = await mailbox(store, ann, "Work/Plans/2026")
    assert await has(store, cat, ann, "Work/Plans/2026") == "lr"
    await give(store, ann, "Work/Plans", "cat@example.org", "l")
    assert await has(store, cat, ann, "Work/Plans/2026") == "l"
    assert await has(store, cat, ann, "Work") == "lr"
    await store.write(unshare, ann, await mailbox(store, ann, "Work/Plans"), "cat@example.org", SETTINGS)
    assert await has(store, cat, ann, "Work/Plans/2026") == ""
    assert (await store.read(show_acl, ann, below)).inherited
    await store.write(inherit, ann, await mailbox(store, ann, "Work/Plans"))
    shown = await store.read(show_acl, ann, below)
    assert (shown.grants, shown.inherited) == ([Shared("cat@example.org", int(parse_rights("lr")))], True)


async def test_a_mailbox_that_moves_keeps_its_rights(store: Store) -> None:
    ann, _ = await two_domains(store)
    cat = await person(store, "cat@example.org")
    await give(store, ann, "Work", "cat@example.org", "lr")
    await mailbox(store, ann, "Diary")
    await store.write(rename_mailbox, ann, "Diary", "Work/Diary", NOW, MailSettings())
    assert await has(store, cat, ann, "Work/Diary") == ""
    await mailbox(store, ann, "Work/Plans")
    await store.write(rename_mailbox, ann, "Work/Plans", "Plans", NOW, MailSettings())
    assert await has(store, cat, ann, "Plans") == "lr"
    await store.write(rename_mailbox, ann, "Work", "Job", NOW, MailSettings())
    assert await seen(store, cat) == [ANNS + "Job", ANNS + "Plans"]


async def test_whom_one_cannot_share_with(store: Store) -> None:
    ann, bob = await two_domains(store)
    for whom in ("nobody@example.org", "nobody", "bob@example.com", "x@elsewhere.net", "@", "", "-"):
        with pytest.raises(NoSuchGrantee):
            await give(store, ann, "Work", whom, "lr")
    for whom in ("ann@example.org", "ann", "ANN@Alias.Example"):
        with pytest.raises(OwnerHasAll):
            await give(store, ann, "Work", whom, "lr")
    few = SharingSettings(reach="server", grants=1)
    number = await mailbox(store, ann, "Work")
    await store.write(share, ann, number, "bob@example.com", "set", 3, few)
    await store.write(share, ann, number, "bob@example.com", "add", 4, few)
    with pytest.raises(TooManyGrants):
        await store.write(share, ann, number, "anyone", "set", 3, few)
    assert await has(store, bob, ann, "Work", reach="server") == "lrs"


async def test_who_goes_is_named_no_more(store: Store) -> None:
    ann, _ = await two_domains(store)
    cat = await person(store, "cat@example.org")
    await store.write(add_group, "all@example.org", "", "anyone", ["cat@example.org"], NOW)
    await give(store, ann, "Work", "cat@example.org", "lr")
    await give(store, ann, "Work", "all@example.org", "lr")
    await give(store, cat, "Cats", "ann@example.org", "lr")
    await store.write(subscribe_shared, ann, cat, await mailbox(store, cat, "Cats"), True)
    assert await store.read(count) == (2, 3, 1, 1)
    await store.write(delete_account, "cat@example.org", NOW)
    assert await seen(store, ann) == []
    await store.write(delete_group, "all@example.org", NOW)
    work = await mailbox(store, ann, "Work")
    assert (await store.read(show_acl, ann, work)).grants == []
    assert await store.write(erase_some, cat, 100, NOW)
    assert await store.read(count) == (1, 0, 0, 1)
    await give(store, ann, "Work", "anyone", "lr")
    await store.write(delete_mailbox, ann, "Work", NOW)
    assert await store.read(count) == (0, 0, 0, 1)
    assert await store.write(erase_some, ann, 100, NOW)
    assert await store.read(count) == (0, 0, 0, 0)


async def test_a_groups_folders(store: Store) -> None:
    ann, _ = await two_domains(store)
    cat = await person(store, "cat@example.org")
    await store.write(add_group, "all@example.org", "", "anyone", ["cat@example.org"], NOW)
    account = await store.write(open_folders, "all@example.org", NOW)
    assert await store.write(open_folders, "all@example.org", NOW) == account
    await mailbox(store, account, "Plans/2026")
    assert await seen(store, cat) == ["Shared/all@example.org/Plans", "Shared/all@example.org/Plans/2026"]
    assert await seen(store, ann) == []
    found = await store.read(find_shared, Visitor(cat), "Shared/all@example.org/Plans")
    assert (found.account, found.name, found.rights) == (account, "Plans", PRESETS["write"])
    room = await store.read(find_room, Visitor(cat), "Shared/all@example.org/Other/Deep")
    assert room == Found(account, "Other/Deep", "Shared/all@example.org/Other/Deep", PRESETS["write"])
    await store.write(share, account, ROOT, "ann@example.org", "set", int(ALL), SETTINGS)
    assert await has(store, ann, account, "Plans/2026") == letters(ALL)
    await store.write(delete_group, "all@example.org", NOW)
    assert await seen(store, cat) == await seen(store, ann) == []
    assert await store.write(erase_some, account, 100, NOW)
    assert await store.read(count) == (0, 0, 0, 0)


async def test_names_of_shared_mailboxes(store: Store) -> None:
    ann, bob = await two_domains(store)
    cat = await person(store, "cat@example.org")
    await give(store, ann, "INBOX", "cat@example.org", "lr")
    await give(store, ann, "Work", "cat@example.org", "w")
    visitor = Visitor(cat)
    for name in ("INBOX", "inbox"):
        assert (await store.read(find_shared, visitor, ANNS + name)).rights == Right.LOOKUP | Right.READ
    assert (await store.read(find_shared, visitor, "Other Users/Ann@alias.example/INBOX")).account == ann
    for name in (
        ANNS,
        ANNS + "Work",
        ANNS + "Nothing",
        "Other Users/cat@example.org/INBOX",
        "Shared/ann@example.org/INBOX",
    ):
        with pytest.raises(NoSuchMailbox):
            await store.read(find_shared, visitor, name)
    with pytest.raises(NoSuchMailbox):
        await store.read(find_shared, Visitor(bob), ANNS + "INBOX")
