"""The resolver, asking a server that answers, lies, loops or is silent."""

from __future__ import annotations

import pytest

from posthouse.core.dns import Answer, DnsFailure
from posthouse.core.routing.settings import RoutingSettings
from posthouse.server.resolver import DnsResolver
from tests import dns
from tests.dns import DnsServer
from tests.unit.routing.house import settings_for

ZONE = """
example.org. MX 20 b.example.org.
example.org. MX 10 a.example.org.
example.org. TXT "v=spf1 " "mx -all"
a.example.org. A 192.0.2.1
alias.example.org. CNAME further.example.org.
further.example.org. CNAME a.example.org.
_25._tcp.a.example.org. TLSA 3 1 1 0011223344556677001122334455667700112233445566770011223344556677
dangling.example.org. CNAME nowhere.example.org.
loop1.example.org. CNAME loop2.example.org.
loop2.example.org. CNAME loop1.example.org.
"""


def resolver(server: DnsServer, **settings: object) -> DnsResolver:
    return DnsResolver(settings_for(server, **settings))


async def test_records_in_presentation_form() -> None:
    async with DnsServer(ZONE) as server:
        asking = resolver(server)
        mx = await asking.ask("Example.ORG.", "MX")
        assert sorted(mx.records) == ["10 a.example.org.", "20 b.example.org."]
        assert (await asking.ask("example.org", "TXT")).records == ("v=spf1 mx -all",)
        assert (await asking.ask("_25._tcp.a.example.org", "TLSA")).records == ("3 1 1 " + "0011223344556677" * 4,)
        assert await asking.ask("alias.example.org", "A") == Answer(("192.0.2.1",), name="a.example.org")


async def test_nothing_of_that_type_and_no_such_name() -> None:
    async with DnsServer(ZONE) as server:
        asking = resolver(server)
        assert await asking.ask("a.example.org", "AAAA") == Answer((), name="a.example.org")
        assert await asking.ask("x.example.org", "A") == Answer((), exists=False, name="x.example.org")
        assert not (await asking.ask("dangling.example.org", "A")).exists


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".org", ".".join(["x" * 60] * 5), "\\"])
async def test_names_that_cannot_be_asked_do_not_exist(name: str) -> None:
    async with DnsServer(ZONE) as server:
        assert not (await resolver(server).ask(name, "A")).records


@pytest.mark.parametrize(
    "odd",
    [
        dns.SILENT,
        dns.NONSENSE,
        dns.WRONG_QUESTION,
        dns.WRONG_ID,
        dns.CUT,
        dns.HANG_UP,
        "SERVFAIL",
        "REFUSED",
        "FORMERR",
        "NOTIMP",
        "YXDOMAIN",
        "BADVERS",
    ],
)
async def test_what_is_no_answer_is_a_failure(odd: str) -> None:
    async with DnsServer(ZONE, odd={"example.org": odd}) as server:
        asking = resolver(server)
        for _ in range(2):  # nor is it remembered
            with pytest.raises(DnsFailure) as failure:
                await asking.ask("example.org", "MX")
            assert failure.value.args[:2] == ("example.org", "MX")
        server.odd.clear()
        assert (await asking.ask("example.org", "MX")).records


async def test_a_loop_of_aliases_is_a_failure() -> None:
    async with DnsServer(ZONE) as server:
        with pytest.raises(DnsFailure):
            await resolver(server).ask("loop1.example.org", "A")


async def test_nobody_listens() -> None:
    async with DnsServer(ZONE) as server:
        asking = resolver(server, dns_timeout_seconds=0.1, dns_patience_seconds=0.3)
    with pytest.raises(DnsFailure):
        await asking.ask("example.org", "MX")


async def test_the_next_resolver_is_asked() -> None:
    async with DnsServer(ZONE, odd={"example.org": "SERVFAIL"}) as first, DnsServer(ZONE) as second:
        asking = resolver(first, dns_servers=(first.address, second.address))
        assert (await asking.ask("example.org", "MX")).records


async def test_large_answers_come_over_tcp() -> None:
    async with DnsServer("".join(f"big.org. A 10.0.{n // 250}.{n % 250}\n" for n in range(2000))) as server:
        assert len((await resolver(server).ask("big.org", "A")).records) == 2000
        assert [transport for *_, transport in server.asked] == ["udp", "tcp"]


@pytest.mark.parametrize(("trust", "believed"), [("auto", True), ("always", True), ("never", False)])
async def test_who_is_believed_about_dnssec(trust: str, believed: bool) -> None:
    async with DnsServer(ZONE, secure=("example.org",)) as server:
        server.add("outside.net. CNAME a.example.org.")
        asking = resolver(server, trust_dnssec=trust)
        assert (await asking.ask("example.org", "MX")).secure is believed
        assert (await asking.ask("example.org", "TLSA")).secure is believed
        assert (await asking.ask("none.example.org", "A")).secure is believed
        assert not (await asking.ask("outside.net", "A")).secure


def test_auto_believes_loopback_only() -> None:
    for servers, believed in ((("127.0.0.1", "[::1]:5353"), True), (("127.0.0.1", "192.0.2.53"), False)):
        assert DnsResolver(RoutingSettings(dns_servers=servers))._trusts is believed


async def test_answers_are_remembered_as_long_as_they_say_and_no_more_than_there_is_room_for() -> None:
    now = [0.0]
    async with DnsServer(ZONE) as server:
        settings = RoutingSettings(dns_servers=(server.address,), dns_cache_entries=2)
        asking = DnsResolver(settings, lambda: now[0])
        for at, name, asked in (
            (0, "a.example.org", 1),
            (299, "a.example.org", 1),
            (301, "a.example.org", 2),
            (301, "x.example.org", 1),
            (360, "x.example.org", 1),
            (362, "x.example.org", 2),
            (362, "y.example.org", 1),
            (362, "x.example.org", 2),
            (362, "a.example.org", 3),
        ):
            now[0] = at
            await asking.ask(name, "A")
            assert (at, server.count(name, "A")) == (at, asked)
