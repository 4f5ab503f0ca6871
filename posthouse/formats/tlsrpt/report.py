"""What a report says, as JSON; RFC 8460 4."""

from __future__ import annotations

import gzip
import time
from typing import Any

import msgspec

DAY_SECONDS = 86_400


class FailureDetails(msgspec.Struct, frozen=True):
    """Sessions that failed alike; RFC 8460 4.3. "" for what is not known."""

    result: str
    sending_ip: str
    receiving_host: str
    receiving_ip: str
    sessions: int


class PolicyReport(msgspec.Struct, frozen=True):
    """One policy and what was seen under it; `kind` is "sts", "tlsa" or "no-policy-found", `lines` as published."""

    kind: str
    lines: tuple[str, ...]
    domain: str
    mail_hosts: tuple[str, ...]
    succeeded: int
    failed: int
    details: tuple[FailureDetails, ...]


class TlsReport(msgspec.Struct, frozen=True):
    """A day of one domain; `day` in days since the epoch, UTC. `domain` wants the report, `submitter` sends it."""

    id: str
    domain: str
    submitter: str
    organization: str
    contact: str
    day: int
    policies: tuple[PolicyReport, ...]

    @property
    def begins(self) -> int:
        """Seconds since the epoch."""
        return self.day * DAY_SECONDS

    @property
    def ends(self) -> int:
        """The last second."""
        return self.begins + DAY_SECONDS - 1


def to_json(report: TlsReport) -> bytes:
    """The report as RFC 8460 4.4 has it."""
    return msgspec.json.encode(
        {
            "organization-name": report.organization,
            "date-range": {"start-datetime": _written(report.begins), "end-datetime": _written(report.ends)},
            "contact-info": report.contact,
            "report-id": report.id,
            "policies": [_policy(policy) for policy in report.policies],
        }
    )


def compressed(report: TlsReport) -> bytes:
    """Its JSON by gzip (RFC 8460 5.2); the same for the same report."""
    return gzip.compress(to_json(report), mtime=0)


def _policy(policy: PolicyReport) -> dict[str, Any]:
    said: dict[str, Any] = {"policy-type": policy.kind, "policy-domain": policy.domain}
    if policy.lines:
        said["policy-string"] = policy.lines
    if policy.mail_hosts:
        said["mx-host"] = policy.mail_hosts
    shown: dict[str, Any] = {
        "policy": said,
        "summary": {
            "total-successful-session-count": policy.succeeded,
            "total-failure-session-count": policy.failed,
        },
    }
    if policy.details:
        shown["failure-details"] = [_details(details) for details in policy.details]
    return shown


def _details(details: FailureDetails) -> dict[str, Any]:
    known = {
        "sending-mta-ip": details.sending_ip,
        "receiving-mx-hostname": details.receiving_host,
        "receiving-ip": details.receiving_ip,
    }
    shown = {name: value for name, value in known.items() if value}
    return {"result-type": details.result, **shown, "failed-session-count": details.sessions}


def _written(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
