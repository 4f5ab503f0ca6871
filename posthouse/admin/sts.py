"""Our own MTA-STS policies as the world is given them; RFC 8461 3.3."""

from __future__ import annotations

from posthouse.admin.dns import Finding
from posthouse.core.routing.contracts import PolicySource, PolicyUnavailable
from posthouse.formats.mta_sts import BadPolicy, StsPolicy, parse_policy

_RECORD, _TYPE = "_mta-sts.", "TXT"


async def check_policies(source: PolicySource, findings: list[Finding], policy: str) -> list[Finding]:
    """A finding for each domain whose record in the DNS promises a policy; `policy` is what this server has."""
    promised = [one.name for one in findings if one.name.startswith(_RECORD) and one.type == _TYPE]
    right = {one.name for one in findings if one.result == "right"}
    domains = [name.removeprefix(_RECORD).rstrip(".") for name in promised if name in right]
    return [await _check(source, domain, parse_policy(policy)) for domain in domains]


async def _check(source: PolicySource, domain: str, ours: StsPolicy) -> Finding:
    name = f"https://mta-sts.{domain}/.well-known/mta-sts.txt"
    try:
        found = parse_policy(await source.fetch(domain))
    except PolicyUnavailable as unavailable:
        words = f"the policy that the DNS promises cannot be had: {unavailable.words}"
        return Finding(name, "HTTPS", "wrong", words, is_fault=True)
    except BadPolicy as bad:
        return Finding(name, "HTTPS", "wrong", f"it is no policy: {bad}", is_fault=True)
    wrong = _difference(ours, found)
    if wrong:
        return Finding(name, "HTTPS", "wrong", wrong, is_fault=True)
    return Finding(name, "HTTPS", "right", f"the policy is there, mode {found.mode}", is_fault=False)


def _difference(ours: StsPolicy, found: StsPolicy) -> str:
    """What others would take for more than one means; how long they keep it is the administrator's."""
    missing = [host for host in ours.mx if not found.names(host)]
    if missing and found.mode != "none":
        return f"it does not name {', '.join(missing)}: in mode enforce nothing would be sent there"
    if found.mode != ours.mode:
        return f"its mode is {found.mode}, and this server's is {ours.mode}: another server answers there"
    return ""
