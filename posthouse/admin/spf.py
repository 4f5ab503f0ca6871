"""Whether an SPF record makes sense, and lets these addresses send; RFC 7208 4.6, 5. Macros are not expanded."""

from __future__ import annotations

import ipaddress
import re
from typing import Literal

from posthouse.core.dns import Resolver

MOST_LOOKUPS = 10  # RFC 7208 4.6.4
_TERM = re.compile(r"(?P<qualifier>[+?~-]?)(?P<name>[A-Za-z][A-Za-z0-9_.-]*)(?P<rest>[:/=].*)?")
_ASKING = ("include", "a", "mx", "ptr", "exists")
_MECHANISMS = (*_ASKING, "all", "ip4", "ip6")

Verdict = Literal["pass", "fail", "softfail", "neutral", "unknown"]
_VERDICTS: dict[str, Verdict] = {"": "pass", "+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}


class SpfError(Exception):
    """It counts for nothing; the text says why."""


def is_spf(text: str) -> bool:
    """True for a TXT record of SPF."""
    return re.match(r"v=spf1(\s|$)", text, re.IGNORECASE) is not None


async def spf_fault(resolver: Resolver, domain: str, text: str, addresses: list[str]) -> str:
    """What is wrong with a domain's record, "" for nothing; raises DnsFailure."""
    try:
        verdicts = {address: await _Evaluation(resolver, address).verdict(domain, text) for address in addresses}
        stranger = await _Evaluation(resolver, "192.0.2.254").verdict(domain, text)
    except SpfError as error:
        return str(error)
    if stranger == "pass":
        return "it lets everybody send for the domain"
    refused = [address for address, verdict in verdicts.items() if verdict not in ("pass", "unknown")]
    if refused:
        return f"it does not let this server send from {', '.join(refused)}"
    return ""


class _Evaluation:
    """One address and one record, with the records that it leads to."""

    def __init__(self, resolver: Resolver, address: str) -> None:
        self._resolver = resolver
        self._address = ipaddress.ip_address(address)
        self._lookups = 0

    async def verdict(self, domain: str, text: str) -> Verdict:
        """Of the first mechanism that fits; "unknown" where macros or PTR decide."""
        redirect = ""
        verdict: Verdict | None = None
        for term in text.split()[1:]:
            match = _TERM.fullmatch(term)
            name = "" if match is None else match["name"].lower()
            rest = "" if match is None else match["rest"] or ""
            if match is not None and rest.startswith("="):
                redirect = rest[1:] if name == "redirect" else redirect
                continue
            if match is None or name not in _MECHANISMS:
                raise SpfError(f"it has a term that nobody knows: {term[:60]}")
            if verdict is None:
                fits = await self._fits(name, rest, domain)
                verdict = "unknown" if fits is None else _VERDICTS[match["qualifier"]] if fits else None
        if verdict is None and redirect:
            self._count()
            return await self._of(redirect)
        return verdict or "neutral"

    async def _of(self, domain: str) -> Verdict:
        found = [text for text in (await self._resolver.ask(domain, "TXT")).records if is_spf(text)]
        if len(found) != 1:
            raise SpfError(f"it leads to {domain}, which has {len(found) or 'no'} SPF record{'s' * (len(found) > 1)}")
        return await self.verdict(domain, found[0])

    async def _fits(self, name: str, rest: str, domain: str) -> bool | None:
        if "%" in rest or name in ("ptr", "exists"):
            self._count()
            return None
        if name in _ASKING:
            self._count()
        if name == "all":
            return True
        if name == "include":
            inner = await self._of(rest[1:])
            return None if inner == "unknown" else inner == "pass"
        if name in ("ip4", "ip6"):
            return self._is_in(rest[1:])
        where, _, prefixes = rest.removeprefix(":").partition("/")
        hosts = [where or domain]
        if name == "mx":
            records = (await self._resolver.ask(hosts[0], "MX")).records
            hosts = [record.split()[-1].rstrip(".") for record in records][:MOST_LOOKUPS]
        for host in hosts:
            for address in await self._addresses(host):
                if self._is_near(address, prefixes):
                    return True
        return False

    async def _addresses(self, host: str) -> tuple[str, ...]:
        return (await self._resolver.ask(host, "A" if self._address.version == 4 else "AAAA")).records

    def _is_near(self, address: str, prefixes: str) -> bool:
        """Within the prefix of its family: "24", "24//64", "/64"."""
        four, _, six = prefixes.partition("//") if not prefixes.startswith("/") else ("", "", prefixes[1:])
        prefix = four if self._address.version == 4 else six
        return self._is_in(f"{address}/{prefix}" if prefix else address)

    def _is_in(self, network: str) -> bool:
        try:
            return self._address in ipaddress.ip_network(network, strict=False)
        except ValueError:
            raise SpfError(f"it names {network[:60]}, which is no network") from None

    def _count(self) -> None:
        self._lookups += 1
        if self._lookups > MOST_LOOKUPS:
            raise SpfError(f"it asks for more than {MOST_LOOKUPS} look-ups, and so counts for nothing")
