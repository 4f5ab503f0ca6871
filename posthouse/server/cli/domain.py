"""posthouse domain: the domains that mail is taken for."""

from __future__ import annotations

import click
from msgspec import UNSET, UnsetType

from posthouse.admin import domain as admin
from posthouse.core.accounts.domains import DomainChange, DomainShown
from posthouse.core.accounts.records import SmartHost
from posthouse.server.cli.context import Group, Invocation, pass_invocation
from posthouse.server.cli.kinds import Limit, Quota, Size, day, size_or_none
from posthouse.server.cli.output import Column, fail, plain, show_done, show_json, show_record, show_table
from posthouse.server.cli.passwords import ask_password

SHOWN: list[str | Column] = [
    "name",
    Column("created", show=day),
    "enabled",
    "accounts",
    "quota_accounts",
    "messages",
    "quota_messages",
    Column("octets", "holds", size_or_none),
    Column("quota_octets", "quota", size_or_none),
    Column("account_quota_octets", "quota of a new account", size_or_none),
    "catch_all",
    "aliases",
    "smart_host",
    "source_addresses",
]


@click.group(cls=Group)
def domain() -> None:
    """Domains this server takes mail for."""


@domain.command("add")
@click.argument("name")
@click.option("--postmaster", metavar="ADDRESS", help="Who gets the mail to postmaster and abuse.")
@pass_invocation
def add(invocation: Invocation, name: str, postmaster: str | None) -> None:
    """Take mail for a domain."""
    added = invocation.run(lambda store: admin.add(store, name, postmaster, invocation.now))
    show_done(f"{added} added", {"name": added})


@domain.command("alias")
@click.argument("name")
@click.argument("of", metavar="DOMAIN")
@pass_invocation
def alias(invocation: Invocation, name: str, of: str) -> None:
    """Take mail to every address of NAME for the same address of DOMAIN."""
    added = invocation.run(lambda store: admin.add_alias_of(store, name, of, invocation.now))
    show_done(f"{added} is an alias of {of}", {"name": added, "alias_of": of})


@domain.command("list")
@pass_invocation
def list_(invocation: Invocation) -> None:
    """List domains and their aliases."""
    show_table(invocation.run(admin.list_all), ["name", "accounts", "enabled", "alias_of", "catch_all"])


@domain.command("show")
@click.argument("name")
@pass_invocation
def show(invocation: Invocation, name: str) -> None:
    """Show a domain and what it holds."""
    found = invocation.run(lambda store: admin.show(store, name))
    if invocation.json:
        show_json(_flat(found, as_json=True))
        return
    show_record(_flat(found), SHOWN)


@domain.command("change")
@click.argument("name")
@click.option("--enable/--disable", "enabled", default=None, help="Whether mail is taken and people log in.")
@click.option("--catch-all", metavar="ADDRESS", help='Who gets mail to addresses that nobody has; "none" for nobody.')
@click.option("--quota", "quota_octets", type=Size(), default=UNSET, help="What all its accounts may hold together.")
@click.option("--quota-messages", type=Limit(), default=UNSET, help="How many messages, likewise.")
@click.option("--accounts", "quota_accounts", type=Limit(), default=UNSET, help="How many accounts it may have.")
@click.option("--account-quota", "account_quota_octets", type=Size(), default=UNSET, help="Quota of a new account.")
@click.option("--smart-host", metavar="HOST[:PORT]", help='Who gets all its mail to others; "none" for nobody.')
@click.option("--smart-host-login", metavar="NAME", help="Log in there; the password is read from standard input.")
@click.option("--smart-host-plain", is_flag=True, help="Do not insist on TLS with a good certificate there.")
@click.option(
    "--source-address",
    "sources",
    multiple=True,
    metavar="IP",
    help='An address of this machine that its mail is sent from; may be repeated; "none" for any.',
)
@pass_invocation
def change(
    invocation: Invocation,
    /,
    name: str,
    enabled: bool | None,
    catch_all: str | None,
    smart_host: str | None,
    smart_host_login: str | None,
    smart_host_plain: bool,
    sources: tuple[str, ...],
    quota_octets: Quota,
    quota_messages: Quota,
    quota_accounts: Quota,
    account_quota_octets: Quota,
) -> None:
    """Change what is given; "none" takes a limit away."""
    if smart_host is None and (smart_host_login or smart_host_plain):
        fail("give --smart-host, too")
    wanted = DomainChange(
        enabled=UNSET if enabled is None else enabled,
        catch_all=UNSET if catch_all is None else None if catch_all == "none" else catch_all,
        quota_octets=quota_octets,
        quota_messages=quota_messages,
        quota_accounts=quota_accounts,
        account_quota_octets=account_quota_octets,
        smart_host=_smart_host(smart_host, smart_host_login, smart_host_plain),
        source_addresses=UNSET if not sources else () if sources == ("none",) else sources,
    )
    invocation.run(lambda store: admin.change(store, name, wanted))
    show_done(f"{name} changed")


def _smart_host(text: str | None, login: str | None, plain: bool) -> SmartHost | UnsetType | None:
    if text is None:
        return UNSET
    if text == "none":
        return None
    password = ask_password(from_stdin=True) if login else ""
    return admin.smart_host_of(text, login or "", password, plain=plain)


@domain.command("delete")
@click.argument("name")
@pass_invocation
def delete(invocation: Invocation, name: str) -> None:
    """Take no more mail for a domain, or for an alias of one; it must be empty."""
    invocation.run(lambda store: admin.delete(store, name))
    show_done(f"{name} deleted")


def _flat(found: DomainShown, *, as_json: bool = False) -> dict[str, object]:
    smart = found.record.smart_host
    host = "" if smart is None else f"{smart.host}:{smart.port}" + (f" as {smart.name}" if smart.name else "")
    shown = {**plain(found.record), **plain(found.usage), "aliases": found.aliases}
    return shown if as_json else {**shown, "smart_host": host}
