"""posthouse dns: the DNS records to publish, and what the DNS says of them."""

# mypy: disallow-untyped-calls=False

from __future__ import annotations

import asyncio
import socket

import click
from twisted.internet import asyncioreactor

from posthouse.admin import domain as domains
from posthouse.admin.dns import DnsRecord, Finding, Ours, compare
from posthouse.admin.names import domain_of
from posthouse.admin.reverse import check_reverse
from posthouse.admin.sts import check_policies
from posthouse.core.dkim.keys import published_keys
from posthouse.core.dns import Resolver
from posthouse.core.routing.contracts import PolicySource
from posthouse.core.routing.settings import RoutingSettings
from posthouse.protocols.web.sts import our_policy
from posthouse.server.certificate import BadCertificate, read_key_pair
from posthouse.server.cli.context import Command, Invocation, pass_invocation
from posthouse.server.cli.output import show_json, warn
from posthouse.server.configuration import Configuration
from posthouse.server.configuration.tree import authorities_file
from posthouse.server.https import HTTPS, Https
from posthouse.server.policies import HttpsPolicies
from posthouse.server.resolver import DnsResolver
from posthouse.server.setting_up.records import open_ports, wanted_records
from posthouse.storage.contract import Store


@click.command(cls=Command)
@click.argument("domain", required=False)
@click.option("--check", is_flag=True, help="Compare them with the DNS; status 1 when something is missing or wrong.")
@pass_invocation
def dns(invocation: Invocation, domain: str | None, check: bool) -> None:
    """Print the DNS records to publish for a domain, or for all."""
    records, ours = invocation.run(lambda store: _records(invocation, store, domain))
    if not check:
        if invocation.json:
            show_json(records)
        else:
            show_records(records)
        return
    findings = asyncio.run(_findings(invocation, records, ours))
    if invocation.json:
        show_json(findings)
    else:
        show_findings(findings)
    if any(finding.is_fault for finding in findings):
        raise click.exceptions.Exit(1)


def show_records(records: list[DnsRecord]) -> None:
    """As a zone file has them, each under what it is for."""
    for record in records:
        click.echo(
            f"; {record.why}{' (optional)' if record.optional else ''}\n{record.name} IN {record.type} {record.value}"
        )


def show_findings(findings: list[Finding]) -> None:
    """A line each."""
    for finding in findings:
        click.echo(f"{finding.result:<7}  {finding.name} {finding.type}: {finding.words}")


async def check_quickly(records: list[DnsRecord], seconds: float) -> list[Finding]:
    """The findings; none when no resolver answers in time."""
    try:
        async with asyncio.timeout(seconds):
            findings = await compare(DnsResolver(RoutingSettings()), records)
    except TimeoutError:
        return []
    return [] if all(finding.result == "unknown" for finding in findings) else findings


async def _findings(invocation: Invocation, records: list[DnsRecord], ours: Ours) -> list[Finding]:
    configuration = invocation.configuration
    resolver, hostname = DnsResolver(configuration.routing), _hostname(invocation)
    findings = await compare(resolver, records, ours) + await check_reverse(resolver, hostname)
    return findings + await check_policies(
        policy_source(configuration, resolver), findings, our_policy(configuration.web, hostname)
    )


def policy_source(configuration: Configuration, resolver: Resolver, port: int = HTTPS) -> PolicySource:
    """Where policies are asked for as others ask. The loop that runs becomes Twisted's, which has one in a process."""
    asyncioreactor.install(asyncio.get_running_loop())
    from twisted.internet import reactor  # noqa: PLC0415 - importing it installs another

    https = Https(reactor, resolver, configuration.routing, authorities_file(configuration), port)
    return HttpsPolicies(https, configuration.routing)


def _hostname(invocation: Invocation) -> str:
    return domain_of(invocation.configuration.server.hostname or socket.getfqdn())


async def _records(invocation: Invocation, store: Store, domain: str | None) -> tuple[list[DnsRecord], Ours]:
    configuration = invocation.configuration
    hostname = _hostname(invocation)
    known = [await domains.known_domain(store, domain)] if domain else [
        record.name for record in await domains.list_all(store)
    ]  # fmt: skip
    senders: dict[str, list[str]] = {}
    for each in await domains.list_all(store):
        if each.smart_host is not None:
            senders[each.name] = []
        elif each.source_addresses:
            senders[each.name] = list(each.source_addresses)
    certificate = None
    try:
        certificate = read_key_pair(invocation.places.certificate, invocation.places.certificate_key).certificate
    except BadCertificate as bad:
        warn(str(bad))
    records: dict[DnsRecord, None] = {}  # what domains share once
    for name in known:
        keys = await store.read(published_keys, name or "", invocation.now)
        ports, web = open_ports(configuration.listeners), configuration.web
        records.update(dict.fromkeys(wanted_records(name or "", hostname, ports, keys, certificate, web)))
    return list(records), Ours(certificate or b"", senders)
