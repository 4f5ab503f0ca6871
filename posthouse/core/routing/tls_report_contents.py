"""Who reports how TLS went, and what stands in a report of what was counted; RFC 8460 4."""

from __future__ import annotations

import time

from msgspec import Struct

from posthouse.core.accounts.records import read_domain, scan_domains
from posthouse.core.routing.settings import RoutingSettings
from posthouse.core.routing.tls_results import DAY_MS, DayResults, PolicyResults
from posthouse.formats.address import parse_address
from posthouse.formats.mta_sts import BadPolicy, parse_policy
from posthouse.formats.tlsrpt.report import FailureDetails, PolicyReport, TlsReport
from posthouse.storage.contract import ReadTransaction, query


class Submitter(Struct, frozen=True):
    """Who reports: the address, and its domain, which is one of ours."""

    address: str
    domain: str


@query
def submitter_for(txn: ReadTransaction, hostname: str, wanted: str) -> Submitter | None:
    """Who reports: `wanted` if it is an address in a domain of ours, for "" a postmaster; None when nobody can."""
    if wanted:
        try:
            address = parse_address(wanted)
        except ValueError:
            return None
        known = read_domain(txn, address.domain)
        return None if known is None or known.alias_of is not None else Submitter(str(address), address.domain)
    names = [record.name for record in scan_domains(txn) if record.alias_of is None]
    names.sort(key=lambda name: f".{hostname}".endswith(f".{name}"), reverse=True)
    return Submitter(f"postmaster@{names[0]}", names[0]) if names else None


def report_of(results: DayResults, submitter: Submitter, settings: RoutingSettings) -> TlsReport:
    """The report of a domain's day."""
    date = time.strftime("%Y-%m-%d", time.gmtime(results.day * DAY_MS // 1000))
    return TlsReport(
        id=f"{date}.{results.domain}@{submitter.domain}",
        domain=results.domain,
        submitter=submitter.domain,
        organization=settings.tls_report_organization or submitter.domain,
        contact=settings.tls_report_contact or submitter.address,
        day=results.day,
        policies=tuple(_policy(policy, results.domain) for policy in results.results.policies),
    )


def _policy(policy: PolicyResults, domain: str) -> PolicyReport:
    hosts: tuple[str, ...] = ()
    if policy.source == "sts" and policy.text:
        try:
            hosts = parse_policy("\n".join(policy.text)).mx
        except BadPolicy:
            hosts = ()
    return PolicyReport(
        kind=policy.source,
        lines=tuple(policy.text),
        domain=policy.domain or domain,
        mail_hosts=hosts,
        succeeded=policy.succeeded,
        failed=sum(failures.count for failures in policy.failed),
        details=tuple(
            FailureDetails(failures.result, failures.source, failures.host, failures.address, failures.count)
            for failures in policy.failed
        ),
    )
