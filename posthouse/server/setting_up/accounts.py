"""The first domain, its keys, its administrator, and the addresses that every domain has."""

from __future__ import annotations

from posthouse.admin import dkim
from posthouse.core.accounts.accounts import NewAccount, add_account
from posthouse.core.accounts.domains import add_domain
from posthouse.core.accounts.roles import name_roles
from posthouse.core.authentication.passwords import check_policy, derive
from posthouse.core.dkim.records import DkimKeyShown
from posthouse.server.configuration import read_configuration
from posthouse.server.configuration.tree import places
from posthouse.server.setting_up.files import Plan
from posthouse.storage.clock import now_ms
from posthouse.storage.lmdb.local import LocalStore


async def add_first_accounts(plan: Plan, admin: str, password: str) -> list[DkimKeyShown]:
    """Add them to the new store; the keys. Raises what they are refused with."""
    configuration = read_configuration(plan.configuration)
    check_policy(password, configuration.authentication)
    store = LocalStore.open(places(configuration).store, configuration.store)
    try:
        now = now_ms()
        await store.write(add_domain, plan.domain, None, now)
        keys = derive(password, configuration.authentication)
        await store.write(add_account, NewAccount(admin, "", keys, None), now)
        await store.write(name_roles, plan.domain, admin)
        return await dkim.add(store, plan.domain, now)
    finally:
        store.close()
