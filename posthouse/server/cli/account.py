"""posthouse account: people, their passwords and quotas."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from posthouse.admin import account as admin
from posthouse.admin.account_import import add_rows, read_rows
from posthouse.core.accounts.accounts import AccountChange, AccountShown
from posthouse.core.accounts.records import Status
from posthouse.core.authentication.settings import AuthenticationSettings
from posthouse.server.cli.account_forward import delegate, forward
from posthouse.server.cli.account_search_folder import search_folder
from posthouse.server.cli.account_undelete import undelete
from posthouse.server.cli.context import Group, Invocation, pass_invocation
from posthouse.server.cli.kinds import Daily, Limit, Quota, Size, daily, day, size_or_none
from posthouse.server.cli.output import (
    Column,
    fail,
    plain,
    progress,
    show_done,
    show_json,
    show_record,
    show_table,
    warn,
)
from posthouse.server.cli.passwords import ask_password
from posthouse.storage.contract import Store

UNSET = msgspec.UNSET
COLUMNS: list[str | Column] = [
    "address",
    "name",
    "status",
    "messages",
    Column("octets", "holds", size_or_none),
    Column("quota_octets", "quota", size_or_none),
]
WEAK = {"argon2_memory_kibibytes": 8, "argon2_passes": 1, "scram_iterations": 4096}


@click.group(cls=Group)
def account() -> None:
    """Accounts, their passwords and quotas."""


account.add_command(forward)
account.add_command(delegate)
account.add_command(undelete)
account.add_command(search_folder)


@account.command("add")
@click.argument("address")
@click.option("--name", default="", help="The person's name.")
@click.option(
    "--quota", type=Size(), default=UNSET, help='What it may hold: "500 MB", "none"; else as its domain says.'
)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--weak-hash-for-tests", is_flag=True, help="Hash the password fast and badly; on test servers only.")
@pass_invocation
def add(
    invocation: Invocation, address: str, name: str, quota: Quota, password_stdin: bool, weak_hash_for_tests: bool
) -> None:
    """Add an account."""
    settings = _settings(invocation, weak=weak_hash_for_tests)
    wanted = admin.Wanted(address, name, ask_password(from_stdin=password_stdin), quota)
    added = invocation.run(lambda store: admin.add(store, wanted, settings, invocation.now))
    show_done(f"{added} added", {"address": added})


@account.command("import")
@click.argument("file", type=click.File(encoding="utf-8-sig"))
@click.option("--weak-hash-for-tests", is_flag=True, help="Hash passwords fast and badly; on test servers only.")
@pass_invocation
def import_(invocation: Invocation, file: Any, weak_hash_for_tests: bool) -> None:
    """Add the accounts of a CSV file: columns address,password,name,quota, the last two of which may be empty."""
    settings = _settings(invocation, weak=weak_hash_for_tests)
    try:
        rows = read_rows(file, settings)
    except UnicodeDecodeError as error:
        fail(f"{file.name} is not UTF-8: {error.reason}")
    added = 0
    with progress("accounts", len(rows)) as advance:

        def count(more: int) -> None:
            nonlocal added
            added += more
            advance(more)

        try:
            invocation.run(lambda store: add_rows(store, rows, settings, invocation.now, count))
        finally:
            if 0 < added < len(rows):
                warn(f"stopped after {added} of {len(rows)} accounts, with line {rows[added - 1].line}")
    show_done(f"{added} accounts added", {"added": added})


@account.command("list")
@click.option("--domain", help="Only those of this domain.")
@pass_invocation
def list_(invocation: Invocation, domain: str | None) -> None:
    """List accounts."""

    async def gather(store: Store) -> list[AccountShown]:
        return [found async for found in admin.list_all(store, domain)]

    show_table([_flat(found) for found in invocation.run(gather)], COLUMNS)


@account.command("show")
@click.argument("address")
@pass_invocation
def show(invocation: Invocation, address: str) -> None:
    """Show an account, all its addresses and the names of its app passwords."""
    found = invocation.run(lambda store: admin.show(store, address))
    shown = {**_flat(found.account), "addresses": found.addresses, "app_passwords": found.app_passwords}
    if invocation.json:
        show_json(shown)
        return
    show_record(
        {**shown, "app_passwords": list(found.app_passwords)},
        [
            *COLUMNS,
            "quota_messages",
            Column("daily_recipients", show=daily),
            Column("created", show=day),
            "addresses",
            "app_passwords",
            "forward_to",
            "forward_keeps",
            "delegates",
        ],
    )


@account.command("password")
@click.argument("address")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@pass_invocation
def password(invocation: Invocation, address: str, password_stdin: bool) -> None:
    """Set an account's password; the old one is of no use from then on."""
    settings = invocation.configuration.authentication
    new = ask_password(from_stdin=password_stdin)
    invocation.run(lambda store: admin.set_password(store, address, new, settings))
    show_done(f"{address} has a new password")


@account.command("quota")
@click.argument("address")
@click.argument("size", type=Size(), required=False, default=UNSET)
@click.option("--messages", type=Limit(), default=UNSET, help='How many messages it may hold; "none" for no limit.')
@click.option(
    "--daily-recipients",
    "daily_recipients",
    type=Daily(),
    default=UNSET,
    help='How many it may write to in a day (UTC); "none" for no limit, "default" for `sending.daily_recipients`.',
)
@pass_invocation
def quota(invocation: Invocation, address: str, size: Quota, messages: Quota, daily_recipients: Quota) -> None:
    """Show what an account holds and may hold and send, or set it: SIZE is "500 MB" or "none"."""
    wanted = AccountChange(quota_octets=size, quota_messages=messages, daily_recipients=daily_recipients)
    if wanted != AccountChange():
        _change(invocation, address, wanted)
    found = _flat(invocation.run(lambda store: admin.show(store, address)).account)
    found["sent_today"] = invocation.run(lambda store: admin.sent(store, address, invocation.now))
    fields = ["address", "messages", "quota_messages", "octets", "quota_octets", "sent_today", "daily_recipients"]
    shown = [*fields[:3], *COLUMNS[4:], "sent_today", Column("daily_recipients", show=daily)]
    show_record({field: found[field] for field in fields}, shown)


@account.command("rename")
@click.argument("address")
@click.argument("name")
@pass_invocation
def rename(invocation: Invocation, address: str, name: str) -> None:
    """Give an account's person another name."""
    _change(invocation, address, AccountChange(name=name))
    show_done(f"{address} is {name}")


@account.command("disable")
@click.argument("address")
@pass_invocation
def disable(invocation: Invocation, address: str) -> None:
    """Nobody logs in, and mail is refused."""
    _set_status(invocation, address, "disabled")


@account.command("lock")
@click.argument("address")
@pass_invocation
def lock(invocation: Invocation, address: str) -> None:
    """Nobody logs in; mail still arrives."""
    _set_status(invocation, address, "locked")


@account.command("enable")
@click.argument("address")
@pass_invocation
def enable(invocation: Invocation, address: str) -> None:
    """As before it was disabled or locked."""
    _set_status(invocation, address, "enabled")


@account.command("delete")
@click.argument("address")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_invocation
def delete(invocation: Invocation, address: str, yes: bool) -> None:
    """Delete an account with all its mail; that cannot be undone."""
    if not yes:
        click.confirm(f"Delete {address} and all its mail", abort=True)
    invocation.run(lambda store: admin.delete(store, address, invocation.now))
    show_done(f"{address} deleted")


@account.group("app-password", cls=Group)
def app_password() -> None:
    """Passwords made for one program each."""


@app_password.command("add")
@click.argument("address")
@click.argument("name")
@pass_invocation
def add_app_password(invocation: Invocation, address: str, name: str) -> None:
    """Make one for the program called NAME and print it, this once."""
    settings = invocation.configuration.authentication
    made = invocation.run(lambda store: admin.add_app_password(store, address, name, settings, invocation.now))
    show_done(made, {"address": address, "name": name, "password": made})


@app_password.command("list")
@click.argument("address")
@pass_invocation
def list_app_passwords(invocation: Invocation, address: str) -> None:
    """List their names."""
    found = invocation.run(lambda store: admin.show(store, address)).app_passwords
    rows = [{"name": name, "created": created} for name, created in found.items()]
    show_table(rows, ["name", Column("created", show=day)])


@app_password.command("delete")
@click.argument("address")
@click.argument("name")
@pass_invocation
def delete_app_password(invocation: Invocation, address: str, name: str) -> None:
    """Let one be used no more."""
    invocation.run(lambda store: admin.delete_app_password(store, address, name))
    show_done(f"{name} deleted")


def _settings(invocation: Invocation, *, weak: bool) -> AuthenticationSettings:
    settings = invocation.configuration.authentication
    if not weak:
        return settings
    if not invocation.configuration.server.test:
        fail("--weak-hash-for-tests is for test servers: server.test is not set")
    return msgspec.structs.replace(settings, **WEAK)


def _set_status(invocation: Invocation, address: str, status: Status) -> None:
    _change(invocation, address, AccountChange(status=status))
    show_done(f"{address} is {status}", {"address": address, "status": status})


def _change(invocation: Invocation, address: str, wanted: AccountChange) -> None:
    invocation.run(lambda store: admin.change(store, address, wanted))


def _flat(found: AccountShown) -> dict[str, Any]:
    fields: dict[str, Any] = plain(found)
    held = fields.pop("usage")
    return {**fields, **held}
