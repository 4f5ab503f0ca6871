"""The first domain, its administrator, and the addresses that every domain has."""

from __future__ import annotations

import contextlib
import time

from posthouse.core.accounts.accounts import NewAccount, add_account
from posthouse.core.accounts.aliases import add_alias
from posthouse.core.accounts.domains import add_domain
from posthouse.core.accounts.errors import AddressExists
from posthouse.core.authentication.passwords import check_policy, derive
from posthouse.server.configuration import read_configuration
from posthouse.server.configuration.tree import places
from posthouse.server.setting_up.files import Plan
from posthouse.storage.lmdb.local import LocalStore

ROLES = ("postmaster", "abuse")  # RFC 5321 4.5.1, RFC 2142 2


async def add_first_accounts(plan: Plan, admin: str, password: str) -> None:
    """Add both to the new store; raises what they are refused with."""
    configuration = read_configuration(plan.configuration)
    check_policy(password, configuration.authentication)
    store = LocalStore.open(places(configuration).store, configuration.store)
    try:
        now = time.time_ns() // 1_000_000
        await store.write(add_domain, plan.domain, None, now)
        keys = derive(password, configuration.authentication)
        await store.write(add_account, NewAccount(admin, "", keys, None), now)
        for role in ROLES:
            with contextlib.suppress(AddressExists):  # the administrator's own
                await store.write(add_alias, f"{role}@{plan.domain}", [admin])
    finally:
        store.close()
