"""Who has logged in is put out when the account is locked, or what let them in does so no more; others stay."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from posthouse.core.accounts.accounts import AccountChange, change_account, delete_account, set_account_password
from posthouse.core.accounts.domains import DomainChange, change_domain
from posthouse.core.authentication.credentials import add_app_password, revoke_app_password
from posthouse.storage.contract import Store
from tests.unit.imap.test_session import logged_in
from tests.unit.imap.world import NOW, keys_of, open_world

ALICE = "alice@example.org"
Event = Callable[[Store], Awaitable[object]]


@pytest.mark.parametrize(
    "event",
    [
        lambda store: store.write(change_account, ALICE, AccountChange(status="locked")),
        lambda store: store.write(change_account, ALICE, AccountChange(status="disabled")),
        lambda store: store.write(change_domain, "example.org", DomainChange(enabled=False)),
        lambda store: store.write(set_account_password, ALICE, keys_of("other")),
        lambda store: store.write(revoke_app_password, 1, "phone"),
        lambda store: store.write(delete_account, ALICE, NOW),
    ],
)
@pytest.mark.parametrize("state", ["idle", "selected", "at rest"])
async def test_out(event: Event, state: str) -> None:
    world = await open_world()
    await world.store.write(add_app_password, 1, "phone", b"x" * 32, 10, NOW)
    client = await logged_in(world)
    if state != "at rest":
        await client.ok("SELECT INBOX")
    if state == "idle":
        client.transport.send(b"i IDLE\r\n")
        assert (await client.transport.read_line()).startswith(b"+ ")
    await event(world.store)
    assert (await client.transport.read_line()).startswith(b"* BYE ")
    assert await client.transport.read_line() == b"[closed]"


@pytest.mark.parametrize(
    "event",
    [
        lambda store: store.write(change_account, ALICE, AccountChange(name="Alice", quota_octets=10)),
        lambda store: store.write(change_account, "bob@example.org", AccountChange(status="locked")),
        lambda store: store.write(set_account_password, "bob@example.org", keys_of("other")),
        lambda store: store.write(add_app_password, 1, "phone", b"x" * 32, 10, NOW),
    ],
)
async def test_others_stay(event: Event) -> None:
    world = await open_world()
    client = await logged_in(world)
    await event(world.store)
    await client.ok("SELECT INBOX")
    await client.ok("NOOP")


async def test_a_session_that_has_gone_is_told_nothing() -> None:
    world = await open_world()
    client = await logged_in(world)
    await client.transport.hang_up()
    await world.store.write(change_account, ALICE, AccountChange(status="locked"))
