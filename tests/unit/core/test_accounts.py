"""Domains, accounts, aliases, groups and where mail goes, on every engine."""

from __future__ import annotations

import pytest

from posthouse.core.accounts.accounts import (
    AccountChange,
    NewAccount,
    account_addresses,
    add_account,
    change_account,
    delete_account,
    list_accounts,
    show_account,
)
from posthouse.core.accounts.aliases import add_alias, delete_alias, list_aliases
from posthouse.core.accounts.domains import DomainChange, add_domain, change_domain, delete_domain, show_domain
from posthouse.core.accounts.errors import (
    AddressExists,
    DomainInUse,
    NoSuchAccount,
    NoSuchAlias,
    NoSuchDomain,
    NotHere,
    OverQuota,
    PostingNotAllowed,
    RecipientDisabled,
    RelayDenied,
    TooManyAccounts,
    UnknownRecipient,
)
from posthouse.core.accounts.groups import add_group, change_members, delete_group, show_group
from posthouse.core.accounts.lookup import find_login, may_send_as
from posthouse.core.accounts.quota import usage
from posthouse.core.accounts.resolve import resolve
from posthouse.core.delivery.deliver import Target, deliver
from posthouse.core.mail.mailboxes import list_mailboxes
from posthouse.core.mail.messages import append
from posthouse.storage.contract import Store
from posthouse.storage.jobs import list_jobs
from tests.letters import letter

NOW = 1_790_000_000_000


async def person(store: Store, address: str, quota: int | None = None) -> int:
    return await store.write(add_account, NewAccount(address, "", None, quota), NOW)


async def two_domains(store: Store) -> tuple[int, int]:
    await store.write(add_domain, "example.org", None, NOW)
    await store.write(add_domain, "example.com", None, NOW)
    return await person(store, "ann@example.org"), await person(store, "bob@example.com")


async def reached(store: Store, recipient: str, sender: str = "x@elsewhere.net") -> list[int]:
    return (await store.read(resolve, recipient, sender)).accounts


async def test_an_account_comes_with_its_mailboxes(store: Store) -> None:
    ann, _ = await two_domains(store)
    assert len(await store.read(list_mailboxes, ann)) == 6
    shown = await store.read(show_account, "ANN@Example.ORG")
    assert (shown.number, shown.address, shown.status) == (ann, "ann@example.org", "enabled")
    with pytest.raises(AddressExists):
        await person(store, "Ann@example.org")
    with pytest.raises(NoSuchDomain):
        await person(store, "ann@example.net")


async def test_where_mail_goes(store: Store) -> None:
    ann, bob = await two_domains(store)
    await store.write(add_domain, "alias.example", "example.org", NOW)
    await store.write(add_alias, "info@example.org", ["ann@example.org", "bob@example.com"])
    for recipient in ("ann@example.org", "ANN@EXAMPLE.ORG", "ann+lists@example.org", "ann@alias.example"):
        assert await reached(store, recipient) == [ann]
    assert await reached(store, "info@example.org") == [ann, bob]
    assert (await store.read(resolve, "ann+a+b@example.org", "")).detail == "a+b"
    for recipient in ("nobody@example.org", "bob@example.org", "ann@", "no address"):
        with pytest.raises(UnknownRecipient):
            await reached(store, recipient)
    with pytest.raises(RelayDenied):
        await reached(store, "ann@elsewhere.net")


async def test_catch_all(store: Store) -> None:
    ann, _ = await two_domains(store)
    await store.write(change_domain, "example.org", DomainChange(catch_all="ann@example.org"))
    assert await reached(store, "whoever@example.org") == [ann]
    with pytest.raises(UnknownRecipient):
        await reached(store, "whoever@example.com")
    with pytest.raises(NotHere):
        await store.write(change_domain, "example.org", DomainChange(catch_all="nobody@example.org"))


async def test_groups_loops_and_posting(store: Store) -> None:
    ann, bob = await two_domains(store)
    for name in ("all", "board"):
        await store.write(add_group, f"{name}@example.org", name, "members", [], NOW)
    await store.write(change_members, "board@example.org", ["ann@example.org", "all@example.org"], [])
    await store.write(change_members, "all@example.org", ["board@example.org", "bob@example.com"], [])
    assert sorted(await reached(store, "all@example.org", "bob@example.com")) == [ann, bob]
    assert sorted(await reached(store, "all@example.org", "ann+x@example.org")) == [ann, bob]
    with pytest.raises(PostingNotAllowed):
        await reached(store, "all@example.org")
    with pytest.raises(PostingNotAllowed):
        await reached(store, "all@example.org", "")
    await store.write(change_members, "all@example.org", [], ["bob@example.com"])
    assert (await store.read(show_group, "all@example.org")).members == ["board@example.org"]
    await store.write(delete_group, "all@example.org", NOW)
    with pytest.raises(UnknownRecipient):
        await reached(store, "all@example.org")


async def test_disabled_and_locked(store: Store) -> None:
    ann, _ = await two_domains(store)
    await store.write(change_account, "ann@example.org", AccountChange(status="locked"))
    assert await reached(store, "ann@example.org") == [ann]
    await store.write(change_account, "ann@example.org", AccountChange(status="disabled"))
    with pytest.raises(RecipientDisabled):
        await reached(store, "ann@example.org")
    await store.write(change_account, "ann@example.org", AccountChange(status="enabled"))
    await store.write(change_domain, "example.org", DomainChange(enabled=False))
    with pytest.raises(RecipientDisabled):
        await reached(store, "ann@example.org")
    found = await store.read(find_login, "ann@example.org")
    assert found is not None
    assert found.status == "disabled"


async def test_smtputf8_and_idna_are_one_address(store: Store) -> None:
    await store.write(add_domain, "xn--bcher-kva.example", None, NOW)
    kaethe = await person(store, "Käthe@bücher.example")
    for recipient in ("käthe@xn--bcher-kva.example", "KÄTHE@BÜCHER.example", "ka\u0308the@bücher.example"):
        assert await reached(store, recipient) == [kaethe]


async def test_login_names_and_senders(store: Store) -> None:
    ann, bob = await two_domains(store)
    await store.write(add_alias, "a@example.org", ["ann@example.org"])
    await store.write(add_alias, "both@example.org", ["ann@example.org", "bob@example.com"])
    found = await store.read(find_login, "A@example.org")
    assert found is not None
    assert (found.account, found.address) == (ann, "ann@example.org")
    for name in ("both@example.org", "ann", "nobody@example.org", "", "@", "ann@nowhere"):
        assert await store.read(find_login, name) is None
    assert await store.read(may_send_as, ann, "ann+x@example.org")
    assert await store.read(may_send_as, ann, "both@example.org")
    assert not await store.read(may_send_as, bob, "ann@example.org")
    assert not await store.read(may_send_as, bob, "")
    assert await store.read(account_addresses, ann) == ["ann@example.org", "a@example.org", "both@example.org"]


async def test_a_bare_name_logs_in_where_there_is_one_domain(store: Store) -> None:
    await store.write(add_domain, "example.org", None, NOW)
    ann = await person(store, "ann@example.org")
    found = await store.read(find_login, "ann")
    assert found is not None
    assert found.account == ann


async def test_aliases(store: Store) -> None:
    await two_domains(store)
    await store.write(add_alias, "x@example.org", ["ann@example.org"])
    with pytest.raises(NotHere):
        await store.write(add_alias, "x@example.org", ["nobody@example.org"])
    with pytest.raises(NotHere):
        await store.write(add_alias, "y@example.org", ["x@example.org"])
    with pytest.raises(AddressExists):
        await store.write(add_alias, "ann@example.org", ["bob@example.com"])
    assert [alias.address for alias in await store.read(list_aliases, "example.org")] == ["x@example.org"]
    await store.write(delete_alias, "x@example.org")
    with pytest.raises(NoSuchAlias):
        await store.write(delete_alias, "x@example.org")


async def test_quotas_of_account_and_domain(store: Store) -> None:
    await two_domains(store)
    full = await person(store, "full@example.org", 100)
    await store.write(deliver, letter(b"x" * 90), [Target("", full)], NOW)
    receipts = await store.write(deliver, letter(b"y" * 20), [Target("a", full)], NOW)
    assert receipts[0].reason == "over quota"
    receipts = await store.write(deliver, letter(b"y" * 20), [Target("a", full), Target("a", full)], NOW)
    assert [receipt.reason for receipt in receipts] == ["over quota"] * 2, "naming it twice makes no room"
    with pytest.raises(OverQuota) as refusal:
        await store.write(append, full, "INBOX", [letter(b"y" * 20)], [(0, ())], [NOW], NOW)
    assert refusal.value.args == ("octets", 100)
    held = await store.read(usage, full)
    assert (held.messages, held.octets) == (1, 90)
    await store.write(change_domain, "example.org", DomainChange(quota_messages=1))
    with pytest.raises(OverQuota) as refusal:
        await store.write(append, full, "INBOX", [letter(b"")], [(0, ())], [NOW], NOW)
    assert refusal.value.args == ("domain messages", 1)


async def test_account_limits_of_a_domain(store: Store) -> None:
    await two_domains(store)
    await store.write(change_domain, "example.org", DomainChange(quota_accounts=1, account_quota_octets=5))
    with pytest.raises(TooManyAccounts):
        await person(store, "cy@example.org")
    await store.write(change_domain, "example.org", DomainChange(quota_accounts=None))
    await person(store, "cy@example.org")
    assert (await store.read(show_account, "cy@example.org")).quota_octets == 5
    assert (await store.read(show_domain, "example.org")).record.accounts == 2


async def test_a_deleted_account_is_gone_at_once_and_erased_later(store: Store) -> None:
    ann, _ = await two_domains(store)
    await store.write(add_alias, "a@example.org", ["ann@example.org"])
    with pytest.raises(DomainInUse):
        await store.write(delete_domain, "example.org")
    await store.write(delete_account, "ann@example.org", NOW)
    with pytest.raises(NoSuchAccount):
        await store.read(show_account, "ann@example.org")
    with pytest.raises(UnknownRecipient):
        await reached(store, "a@example.org")
    assert [shown.address for shown in await store.read(list_accounts, None, 0, 100)] == ["bob@example.com"]
    (job,) = await store.read(list_jobs, 0, 10)
    assert (job.kind, job.body) == ("erase account", b"%d" % ann)
    assert await person(store, "ann@example.org") != ann


async def test_unset_fields_of_a_change_travel(store: Store) -> None:
    await two_domains(store)
    await store.write(change_account, "ann@example.org", AccountChange(name="Ann"))
    await store.write(change_account, "ann@example.org", AccountChange(quota_octets=7))
    shown = await store.read(show_account, "ann@example.org")
    assert (shown.name, shown.quota_octets) == ("Ann", 7)
