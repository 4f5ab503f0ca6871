"""Whether the addresses of the mail host lead back to it: many servers take no mail from one that has no such name."""

from __future__ import annotations

import ipaddress

from posthouse.admin.dns import Finding
from posthouse.core.dns import DnsFailure, Resolver

NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.168.0.0/16", "::1/128", "fc00::/7", "fe80::/10",
    )
)  # fmt: skip


async def check_reverse(resolver: Resolver, hostname: str) -> list[Finding]:
    """A finding for each address of the host; never raises."""
    addresses: list[str] = []
    for kind in ("A", "AAAA"):
        try:
            addresses += (await resolver.ask(hostname, kind)).records
        except DnsFailure:
            continue  # the host's own record is looked at elsewhere
    return [await _check(resolver, hostname, address) for address in addresses]


async def _check(resolver: Resolver, hostname: str, address: str) -> Finding:
    name = f"{ipaddress.ip_address(address).reverse_pointer}."
    if any(ipaddress.ip_address(address) in network for network in NOT_PUBLIC):
        return Finding(name, "PTR", "wrong", f"{address} cannot be reached from elsewhere", True)
    ask = f"have who gives you {address} name it {hostname}."
    try:
        names = [text.rstrip(".").lower() for text in (await resolver.ask(name, "PTR")).records]
        back = [each for each in names if await _leads_to(resolver, each, address)]
    except DnsFailure as failure:
        return Finding(name, "PTR", "unknown", f"the DNS does not answer: {failure.args[2]}", True)
    if not names:
        return Finding(name, "PTR", "missing", f"{address} has no name, so that many take no mail from it; {ask}", True)
    if not back:
        what = f"{address} is called {', '.join(names)}, which does not lead back to it"
        return Finding(name, "PTR", "wrong", f"{what}; {ask}", True)
    if hostname not in back:
        return Finding(name, "PTR", "right", f"{address} is called {back[0]}; {hostname} would be better", False)
    return Finding(name, "PTR", "right", f"{address} is called {hostname}, and leads back", False)


async def _leads_to(resolver: Resolver, name: str, address: str) -> bool:
    return address in (await resolver.ask(name, "AAAA" if ":" in address else "A")).records
