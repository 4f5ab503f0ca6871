"""posthouse init: a new server in a folder of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from posthouse.admin.names import address_of, domain_of
from posthouse.core.dkim.records import DkimKeyShown
from posthouse.server.cli.context import Command, Invocation, pass_invocation
from posthouse.server.cli.dns import check_quickly, show_findings, show_records
from posthouse.server.cli.output import fail, show_json
from posthouse.server.cli.passwords import ask_password
from posthouse.server.setting_up.accounts import add_first_accounts
from posthouse.server.setting_up.files import (
    AlreadyThere,
    Plan,
    give_to_user,
    refuse_to_overwrite,
    remove_files,
    write_files,
)
from posthouse.server.setting_up.records import usual_ports, wanted_records

CHECK_SECONDS = 5.0


@click.command(cls=Command)
@click.option("--dir", "directory", type=click.Path(file_okay=False, path_type=Path), help="Where everything will lie.")
@click.option("--domain", help="The first domain that mail is taken for.")
@click.option("--admin", help="The address of the first administrator.")
@click.option("--hostname", help="What this server calls itself, as its DNS record does; else mail.DOMAIN.")
@click.option("--password-stdin", is_flag=True, help="Read the administrator's password from standard input.")
@click.option("--unprivileged", is_flag=True, help="Use ports above 1024, so that no root is needed.")
@click.option("--host", "hosts", multiple=True, help="An address to listen on, for every port; may be repeated.")
@click.option("--user", default="", help="Whom the server becomes, and who will own the files, when run as root.")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@pass_invocation
def init(
    invocation: Invocation,
    directory: Path | None,
    domain: str | None,
    admin: str | None,
    hostname: str | None,
    password_stdin: bool,
    unprivileged: bool,
    hosts: tuple[str, ...],
    user: str,
    yes: bool,
) -> None:
    """Set up a new server: configuration, keys, a self-signed certificate, a domain and its administrator."""
    if yes and not (directory and domain and admin and password_stdin):
        fail("--yes asks nothing, so --dir, --domain, --admin and --password-stdin must be given")
    directory = directory or click.prompt("Folder", type=Path, default=Path("/var/lib/posthouse"))
    domain = domain_of(domain or click.prompt("Domain"))
    admin = address_of(admin or click.prompt("Administrator's address", default=f"postmaster@{domain}"))
    plan = Plan(directory.absolute(), domain, domain_of(hostname or f"mail.{domain}"), unprivileged, hosts, user)
    try:
        refuse_to_overwrite(plan.directory)
    except AlreadyThere as error:
        fail(str(error))
    password = ask_password(from_stdin=password_stdin)
    if not yes:
        click.confirm(f"Set up {domain} in {plan.directory}", default=True, abort=True)
    keys = _set_up(plan, admin, password)
    _tell(invocation, plan, admin, keys, check=not yes)


def _set_up(plan: Plan, admin: str, password: str) -> list[DkimKeyShown]:
    """Make files and accounts, and give the keys; when the accounts or the user are refused nothing is left."""
    try:
        write_files(plan)
        try:
            keys = asyncio.run(add_first_accounts(plan, admin, password))
            give_to_user(plan)
        except BaseException:
            remove_files(plan)
            raise
        return keys
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}")
    except KeyError:
        fail(f"there is no user '{plan.user}'")


def _tell(invocation: Invocation, plan: Plan, admin: str, keys: list[DkimKeyShown], *, check: bool) -> None:
    ports = usual_ports(unprivileged=plan.unprivileged)
    certificate = (plan.directory / "keys" / "certificate.pem").read_bytes()
    records = wanted_records(plan.domain, plan.hostname, ports, keys, certificate)
    if invocation.json:
        show_json({"configuration": str(plan.configuration), "admin": admin, "dns": records})
        return
    click.echo(f"{plan.configuration} is written, with a self-signed certificate; {admin} is the administrator.\n")
    click.echo("Publish these DNS records:\n")
    show_records(records)
    findings = asyncio.run(check_quickly(records, CHECK_SECONDS)) if check else []
    if findings:
        click.echo("\nThis is what the DNS says now (posthouse dns --check looks again):\n")
        show_findings(findings)
    click.echo(f"\nStart it: posthouse --config {plan.configuration} serve")
