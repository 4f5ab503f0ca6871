"""The `posthouse` command: what its verbs are called and where they live; a verb's module is imported when it runs."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import click

from posthouse import __version__
from posthouse.server.cli.context import Invocation

# verb -> what it does; the verb `x` is the attribute `x` of the module posthouse.server.cli.x
VERBS = {
    "init": "Set up a new server in a folder.",
    "serve": "Run the server.",
    "status": "Show whether the server runs, its workers and ports.",
    "reload": "Make the running server read its configuration and certificate again.",
    "domain": "Domains this server takes mail for.",
    "account": "Accounts, their passwords and quotas.",
    "alias": "Further addresses of accounts.",
    "group": "Distribution groups.",
    "share": "Folders that people share.",
    "directory": "Directories of this machine in people's files.",
    "link": "Links to people's files, for whoever has no account.",
    "trash": "What was deleted of people's files.",
    "queue": "Mail on its way to other servers.",
    "dkim": "Keys that sign mail, and their DNS records.",
    "trace": "What became of letters.",
    "dns": "DNS records to publish, and whether they are.",
    "config": "Check and show the configuration.",
    "verify": "Check all that is stored.",
    "rebuild": "Make derived records anew.",
    "backup": "Write a backup while the server runs.",
    "restore": "Bring a backup back.",
}


class Verbs(click.Group):
    """The top of the command tree; --help lists verbs without importing any."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        found: click.Command = getattr(importlib.import_module(f"posthouse.server.cli.{cmd_name}"), cmd_name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            ctx.fail(f"there is no verb '{args[0]}'; see posthouse --help")
        return super().resolve_command(ctx, args)


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "file",
    envvar="POSTHOUSE_CONFIG",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The configuration file; else $POSTHOUSE_CONFIG, ./posthouse.toml or /etc/posthouse/posthouse.toml.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON; every verb takes it too.")
@click.version_option(__version__, prog_name="posthouse", message="%(prog)s %(version)s")
@click.pass_context
def posthouse(context: click.Context, file: Path | None, as_json: bool) -> None:
    """Posthouse, a mail and groupware server in one program."""
    context.obj = Invocation(file, as_json=as_json)


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line; ends the process with its status."""
    try:
        posthouse.main(args=arguments, prog_name="posthouse")
    except BrokenPipeError:  # `posthouse ... | head`
        sys.stderr.close()
        sys.exit(1)
