"""Mail that goes on to other servers: by aliases, groups and forwarding; and the way back of its bounces."""

from __future__ import annotations

import re

import msgspec
import pytest

from posthouse.core.accounts.accounts import (
    AccountChange,
    change_account,
    delete_account,
    show_account,
)
from posthouse.core.accounts.aliases import add_alias, delete_alias, list_aliases
from posthouse.core.accounts.domains import DomainChange, add_domain, change_domain
from posthouse.core.accounts.errors import (
    LeadsToItself,
    NoOwner,
    NotHere,
    PostingNotAllowed,
    RecipientDisabled,
    UnknownRecipient,
)
from posthouse.core.accounts.forwarding import change_delegates, set_forwarding
from posthouse.core.accounts.groups import GroupChange, add_group, change_group, set_up_group, show_group
from posthouse.core.accounts.lookup import find_login, may_send_as
from posthouse.core.accounts.resolve import MAX_DEPTH
from posthouse.core.accounts.rewriting import ensure_srs_secret, has_srs_secret
from posthouse.storage.contract import Store
from posthouse.storage.spaces import ACCOUNT, GROUP
from tests.unit.admin.house import put_raw
from tests.unit.core.house import NOW, STRANGER, onward, person, resolved, two_domains

HOME = "ann@home.example"
REWRITTEN = re.compile(r"SRS0=[A-Z2-7]{6}=[A-Z2-7]{2}=elsewhere\.net=x@(example\.(?:org|com))")


async def rewritten(store: Store, recipient: str) -> str:
    """The one sender that the one address elsewhere sees."""
    ((_, sender),) = await onward(store, recipient)
    return sender


async def test_an_alias_to_another_server(store: Store) -> None:
    ann, _ = await two_domains(store)
    await store.write(add_alias, "info@example.org", [HOME, "Ann@alias.example"])
    assert (await resolved(store, "info@example.org")).accounts == [ann]
    ((address, sender),) = await onward(store, "INFO+x@alias.example")
    assert address == HOME
    assert REWRITTEN.fullmatch(sender)
    for unchanged in ("", "ann@example.org", "bob@example.com", "Ann@Alias.Example"):
        assert await onward(store, "info@example.org", unchanged) == [(HOME, unchanged)]
    assert await store.read(find_login, "info@example.org") is None
    with pytest.raises(NotHere):
        await store.write(add_alias, "info@example.org", ["nobody@example.org"])
    await store.write(add_alias, "home@example.org", [HOME])
    assert (await resolved(store, "home@example.org")).accounts == []
    assert await store.read(find_login, "home@example.org") is None


async def test_a_sender_that_cannot_be_rewritten_stays(store: Store) -> None:
    await store.write(add_domain, "example.org", None, NOW)
    await store.write(add_alias, "info@example.org", [HOME])
    assert not await store.read(has_srs_secret)
    assert await onward(store, "info@example.org") == [(HOME, STRANGER)]
    await store.write(ensure_srs_secret, b"1" * 32)
    first = await rewritten(store, "info@example.org")
    await store.write(ensure_srs_secret, b"2" * 32)
    assert await rewritten(store, "info@example.org") == first, "the first secret stays"
    for sender in ("x@[192.0.2.1]", "x" * 200 + "@" + "y" * 40 + ".example"):
        assert await onward(store, "info@example.org", sender) == [(HOME, sender)]


async def test_a_bounce_finds_its_way_back(store: Store) -> None:
    await two_domains(store)
    await store.write(add_alias, "info@example.org", [HOME])
    sender = await rewritten(store, "info@example.org")
    for recipient in (sender, sender.lower(), sender.replace("example.org", "alias.example")):
        assert await onward(store, recipient, "") == [(STRANGER, "")]
    forged = sender.replace("=x@", "=y@")
    for recipient, return_path in ((sender, STRANGER), (forged, ""), ("SRS0=x@example.org", "")):
        with pytest.raises(UnknownRecipient):
            await resolved(store, recipient, return_path)
    chained = (await onward(store, "info@example.org", "SRS0=AAAA=BB=far.example=z@relay.example"))[0][1]
    assert chained.startswith("SRS1=")
    assert await onward(store, chained, "") == [("SRS0=AAAA=BB=far.example=z@relay.example", "")]


async def test_a_rewritten_sender_whose_domain_has_become_ours(store: Store) -> None:
    await two_domains(store)
    await store.write(add_alias, "info@example.org", [HOME])
    sender = await rewritten(store, "info@example.org")
    await store.write(add_domain, "elsewhere.net", None, NOW)
    with pytest.raises(UnknownRecipient):
        await resolved(store, sender, "")
    x = await person(store, STRANGER)
    assert (await resolved(store, sender, "")).accounts == [x]


async def test_forwarding_with_and_without_a_copy(store: Store) -> None:
    ann, bob = await two_domains(store)
    assert await store.write(set_forwarding, "ann@example.org", ["Ann@HOME.example", "BOB@example.com"], True) == [
        "Ann@home.example",
        "bob@example.com",
    ]
    assert sorted((await resolved(store, "ann@example.org")).accounts) == [ann, bob]
    ((address, sender),) = await onward(store, "ann+x@example.org")
    assert (address, REWRITTEN.fullmatch(sender) is not None) == ("Ann@home.example", True)
    await store.write(set_forwarding, "ann@example.org", [HOME], False)
    assert (await resolved(store, "ann@example.org")).accounts == []
    shown = await store.read(show_account, "ann@example.org")
    assert (shown.forward_to, shown.forward_keeps) == ((HOME,), False)
    await store.write(change_account, "ann@example.org", AccountChange(status="locked"))
    assert len(await onward(store, "ann@example.org")) == 1
    await store.write(change_account, "ann@example.org", AccountChange(status="disabled"))
    with pytest.raises(RecipientDisabled):
        await resolved(store, "ann@example.org")
    await store.write(change_account, "ann@example.org", AccountChange(status="enabled"))
    await store.write(set_forwarding, "ann@example.org", [], False)
    shown = await store.read(show_account, "ann@example.org")
    assert (shown.forward_to, shown.forward_keeps) == ((), True)
    assert (await resolved(store, "ann@example.org")).accounts == [ann]
    with pytest.raises(NotHere):
        await store.write(set_forwarding, "ann@example.org", ["nobody@example.org"], True)
    with pytest.raises(LeadsToItself):
        await store.write(set_forwarding, "ann@example.org", ["ANN@alias.example"], True)


async def test_the_sender_is_rewritten_in_the_domain_that_forwards(store: Store) -> None:
    await two_domains(store)
    await store.write(set_forwarding, "bob@example.com", [HOME], False)
    await store.write(add_alias, "bob@example.org", ["bob@example.com"])
    assert (await rewritten(store, "bob@example.org")).endswith("=x@example.com")


async def test_forwarding_that_comes_back_loses_nothing(store: Store) -> None:
    ann, bob = await two_domains(store)
    await store.write(set_forwarding, "ann@example.org", ["bob@example.com"], False)
    await store.write(set_forwarding, "bob@example.com", ["ann@example.org"], False)
    for recipient, keeps in (("ann@example.org", bob), ("bob@example.com", ann)):
        found = await resolved(store, recipient)
        assert (found.accounts, found.onward) == ([keeps], [])
    await store.write(set_forwarding, "bob@example.com", ["ann@example.org", HOME], False)
    found = await resolved(store, "ann@example.org")
    assert (found.accounts, [each.address for each in found.onward]) == ([], [HOME])


async def test_forwarding_to_who_takes_none_keeps_it(store: Store) -> None:
    ann, _ = await two_domains(store)
    await store.write(set_forwarding, "ann@example.org", ["bob@example.com"], False)
    await store.write(change_account, "bob@example.com", AccountChange(status="disabled"))
    assert (await resolved(store, "ann@example.org")).accounts == [ann]


async def test_a_long_chain_ends(store: Store) -> None:
    await two_domains(store)
    numbers = [await person(store, f"u{number}@example.org") for number in range(MAX_DEPTH * 2)]
    for number in range(MAX_DEPTH * 2 - 1):
        await store.write(set_forwarding, f"u{number}@example.org", [f"u{number + 1}@example.org"], False)
    assert (await resolved(store, "u0@example.org")).accounts == [numbers[MAX_DEPTH]]


async def test_a_group_with_members_elsewhere_and_an_owner(store: Store) -> None:
    ann, _ = await two_domains(store)
    await store.write(add_group, "all@example.org", "All", "anyone", ["ann@example.org", HOME, "c@far.example"], NOW)
    found = await resolved(store, "all@example.org")
    assert (found.accounts, [each.address for each in found.onward]) == ([ann], [HOME, "c@far.example"])
    assert all(REWRITTEN.fullmatch(each.sender) for each in found.onward)
    await store.write(change_group, "all@example.org", GroupChange(owner="BOB@example.com"), [], [])
    for sender in (STRANGER, "ann@example.org"):
        assert [sees for _, sees in await onward(store, "all@example.org", sender)] == ["bob@example.com"] * 2
    assert [sees for _, sees in await onward(store, "all@example.org", "")] == ["", ""]
    shown = await store.read(show_group, "all@example.org")
    assert (shown.owner, shown.name, shown.send_as) == ("bob@example.com", "All", False)
    for owner, refusal in ((HOME, NotHere), ("no@example.org", NotHere), ("all@example.org", NoOwner)):
        with pytest.raises(refusal):
            await store.write(change_group, "all@example.org", GroupChange(owner=owner), [], [])
    await store.write(delete_account, "bob@example.com", NOW)
    assert (await store.read(show_group, "all@example.org")).owner is None


async def test_the_innermost_group_with_an_owner_hears_of_bounces(store: Store) -> None:
    await two_domains(store)
    owned = GroupChange(owner="bob@example.com")
    await store.write(set_up_group, "board@example.org", owned, [HOME], NOW)
    owned = GroupChange(owner="ann@example.org")
    await store.write(set_up_group, "all@example.org", owned, ["board@example.org", "c@far.example"], NOW)
    assert await onward(store, "all@example.org") == [(HOME, "bob@example.com"), ("c@far.example", "ann@example.org")]


async def test_members_elsewhere_may_post(store: Store) -> None:
    await two_domains(store)
    members = ["ann@example.org", HOME]
    await store.write(set_up_group, "all@example.org", GroupChange(posting="members"), members, NOW)
    for sender in (HOME, HOME.upper(), "ann+x@example.org"):
        assert len(await onward(store, "all@example.org", sender)) == 1
    for sender in (STRANGER, "", "bob@example.com", "nobody@example.org"):
        with pytest.raises(PostingNotAllowed):
            await resolved(store, "all@example.org", sender)


async def test_who_may_send_as_whom(store: Store) -> None:
    ann, bob = await two_domains(store)
    cy = await person(store, "cy@example.org")
    await store.write(add_alias, "a@example.org", ["ann@example.org", HOME])
    await store.write(add_group, "team@example.org", "", "anyone", ["a@example.org"], NOW)
    for address in ("ann@alias.example", "a+x@example.org"):
        assert await store.read(may_send_as, ann, address)
    assert not await store.read(may_send_as, ann, "team@example.org")
    await store.write(change_group, "team@example.org", GroupChange(send_as=True), [], [])
    assert await store.read(may_send_as, ann, "Team+x@alias.example")
    assert not await store.read(may_send_as, bob, "team@example.org")
    assert not await store.read(may_send_as, ann, HOME)
    await store.write(set_forwarding, "ann@example.org", ["bob@example.com"], True)
    for address in ("ann@example.org", "team@example.org"):
        assert not await store.read(may_send_as, bob, address), "who gets the mail may not write it"
    await store.write(add_group, "office@example.org", "", "anyone", ["cy@example.org"], NOW)
    added = ["BOB@example.com", "office@example.org"]
    assert await store.write(change_delegates, "ann@example.org", added, []) == ["bob@example.com", added[1]]
    for account in (bob, cy):
        for address in ("ann@example.org", "ann+x@alias.example", "a@example.org"):
            assert await store.read(may_send_as, account, address)
        assert not await store.read(may_send_as, account, "team@example.org")
    assert not await store.read(may_send_as, ann, "bob@example.com")
    await store.write(change_delegates, "ann@example.org", [], ["Bob@example.com"])
    assert not await store.read(may_send_as, bob, "ann@example.org")
    with pytest.raises(NotHere):
        await store.write(change_delegates, "ann@example.org", [HOME], [])


async def test_who_goes_is_forwarded_to_no_more(store: Store) -> None:
    ann, _ = await two_domains(store)
    await store.write(add_alias, "b@example.org", ["bob@example.com", HOME])
    await store.write(set_forwarding, "ann@example.org", ["bob@example.com", "b@example.org"], False)
    await store.write(change_delegates, "ann@example.org", ["bob@example.com"], [])
    await store.write(delete_account, "bob@example.com", NOW)
    shown = await store.read(show_account, "ann@example.org")
    assert (shown.forward_to, shown.delegates) == (("b@example.org",), ())
    assert [alias.targets for alias in await store.read(list_aliases, None)] == [[HOME]]
    await store.write(delete_alias, "b@example.org")
    assert (await resolved(store, "ann@example.org")).accounts == [ann]


async def test_a_catch_all_that_forwards(store: Store) -> None:
    await two_domains(store)
    await store.write(set_forwarding, "ann@example.org", [HOME], False)
    await store.write(change_domain, "example.org", DomainChange(catch_all="ann@example.org"))
    ((address, sender),) = await onward(store, "whoever@example.org")
    assert (address, REWRITTEN.fullmatch(sender) is not None) == (HOME, True)
    with pytest.raises(NotHere):
        await store.write(change_domain, "example.org", DomainChange(catch_all=HOME))
    back = sender
    assert await onward(store, back, "") == [(STRANGER, "")]
    with pytest.raises(UnknownRecipient):
        await resolved(store, back.replace("=x@", "=y@"), "")


async def test_records_that_were_written_before(store: Store) -> None:
    """Without the newer fields they are what they were."""
    ann, _ = await two_domains(store)
    await store.write(add_group, "all@example.org", "", "anyone", ["ann@example.org"], NOW)
    account = msgspec.msgpack.encode([1, "ann", "example.org", "Ann", NOW, "enabled", None, 7])
    group = msgspec.msgpack.encode([1, "all", "example.org", "", NOW, "members", ["ann@example.org"]])
    await store.write(put_raw, ACCOUNT.key(ann), account)
    await store.write(put_raw, GROUP.key(1), group)
    shown = await store.read(show_account, "ann@example.org")
    assert (shown.name, shown.quota_octets, shown.forward_to, shown.daily_recipients) == ("Ann", 7, (), None)
    assert (await resolved(store, "all@example.org", "ann@example.org")).accounts == [ann]
    assert (await store.read(show_group, "all@example.org")).owner is None
