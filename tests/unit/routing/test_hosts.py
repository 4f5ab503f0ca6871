"""MX hosts, addresses, and ways that lead nowhere or back; RFC 5321 5.1, RFC 7505."""

from __future__ import annotations

import pytest

from posthouse.core.accounts.domains import DomainChange, add_domain, change_domain
from posthouse.core.accounts.records import SmartHost
from posthouse.core.queue.contracts import RemoteLogin, Unroutable
from posthouse.storage.contract import Store
from posthouse.storage.memory import MemoryStore
from tests import dns
from tests.dns import DnsServer
from tests.unit.routing.house import NOW, router_on

ADDRESSES = """
a.net. A 192.0.2.1
a.net. AAAA 2001:db8::1
b.net. A 192.0.2.2
c.net. AAAA 2001:db8::3
"""


async def way(
    zone: str, destination: str = "there.net", odd: dict[str, str] | None = None, **settings: object
) -> list[str]:
    """The hops, as "host address"."""
    async with DnsServer(ADDRESSES + zone, odd=odd) as server:
        route = await router_on(server, **settings).route(destination, "ours.org")
        assert route.final
        assert {hop.port for hop in route.hops} == {25}
        return [f"{hop.host} {hop.address}" for hop in route.hops]


async def refusal(zone: str, odd: dict[str, str] | None = None, destination: str = "there.net") -> tuple[str, bool]:
    with pytest.raises(Unroutable) as refused:
        await way(zone, destination, odd)
    assert refused.value.words
    return refused.value.status, refused.value.permanent


async def test_hosts_by_preference_and_both_families_the_preferred_first() -> None:
    zone = "there.net. MX 20 b.net.\nthere.net. MX 10 a.net.\nthere.net. MX 30 C.NET.\n"
    assert await way(zone) == ["a.net 2001:db8::1", "a.net 192.0.2.1", "b.net 192.0.2.2", "c.net 2001:db8::3"]
    assert await way(zone, families=("ipv4", "ipv6")) == [
        "a.net 192.0.2.1", "a.net 2001:db8::1", "b.net 192.0.2.2", "c.net 2001:db8::3",
    ]  # fmt: skip
    assert await way(zone, families=("ipv4",)) == ["a.net 192.0.2.1", "b.net 192.0.2.2"]
    assert await way(zone, mx_hosts=2, host_addresses=1) == ["a.net 2001:db8::1", "b.net 192.0.2.2"]


async def test_equal_hosts_take_turns() -> None:
    async with DnsServer(ADDRESSES + "there.net. MX 10 a.net.\nthere.net. MX 10 b.net.\n") as server:
        router = router_on(server)
        firsts = {(await router.route("there.net", "ours.org")).hops[0].host for _ in range(100)}
    assert firsts == {"a.net", "b.net"}


async def test_without_mx_the_domain_is_the_host() -> None:
    assert await way("there.net. A 192.0.2.9\n") == ["there.net 192.0.2.9"]
    assert await way("alias.net. CNAME a.net.\n", "alias.net", families=("ipv4",)) == ["alias.net 192.0.2.1"]


@pytest.mark.parametrize(
    ("zone", "odd", "expected"),
    [
        ("there.net. MX 0 .\n", {}, ("5.1.10", True)),
        ("", {}, ("5.1.2", True)),
        ("there.net. TXT x\n", {}, ("5.1.2", True)),
        ("there.net. MX 10 gone.net.\n", {}, ("5.4.4", True)),
        ("there.net. MX 10 192.0.2.1.\n", {}, ("5.4.4", True)),
        ("there.net. MX 10 a\\032b.net.\n", {}, ("5.4.4", True)),
        (
            "there.net. MX 10 local.net.\nlocal.net. A 127.0.0.1\nlocal.net. AAAA ::ffff:127.0.0.1\n",
            {},
            ("5.4.4", True),
        ),
        ("there.net. MX 10 a.net.\n", {"there.net": dns.SILENT}, ("4.4.3", False)),
        ("there.net. MX 10 a.net.\n", {"there.net": "SERVFAIL"}, ("4.4.3", False)),
        ("there.net. MX 10 a.net.\n", {"a.net": "SERVFAIL"}, ("4.4.3", False)),
        ("there.net. MX 10 a.net.\nthere.net. MX 10 gone.net.\n", {"a.net": "SERVFAIL"}, ("4.4.3", False)),
        ("there.net. CNAME x.net.\nx.net. CNAME there.net.\n", {}, ("4.4.3", False)),
        ("there.net. MX 10 loop.net.\nloop.net. CNAME loop.net.\n", {}, ("4.4.3", False)),
    ],
)
async def test_no_way(zone: str, odd: dict[str, str], expected: tuple[str, bool]) -> None:
    assert await refusal(zone, odd) == expected


async def test_hosts_that_cannot_be_used_are_left_out() -> None:
    zone = "there.net. MX 5 .\nthere.net. MX 10 gone.net.\nthere.net. MX 15 silent.net.\nthere.net. MX 20 b.net.\n"
    assert await way(zone, odd={"silent.net": "SERVFAIL"}) == ["b.net 192.0.2.2"]
    assert await way("there.net. MX 10 a.net.\n", odd={"a.net AAAA": "SERVFAIL"}) == ["a.net 192.0.2.1"]


async def test_where_we_are_one_of_the_hosts_only_better_ones_are_tried() -> None:
    for us in ("mail.ours.org.", "our-other-name.net."):
        own = f"our-other-name.net. A 203.0.113.5\nthere.net. MX 20 {us}\n"
        zone = f"{own}there.net. MX 10 b.net.\nthere.net. MX 20 a.net.\nthere.net. MX 30 c.net.\n"
        assert await way(zone) == ["b.net 192.0.2.2"]
        assert await refusal(f"{own}there.net. MX 20 a.net.\n") == ("5.4.6", True)
    assert await refusal("there.net. A 203.0.113.5\n") == ("5.4.6", True)


async def test_address_literals() -> None:
    assert await way("", "[192.0.2.7]") == ["[192.0.2.7] 192.0.2.7"]
    assert await way("", "[IPv6:2001:db8::7]") == ["[IPv6:2001:db8::7] 2001:db8::7"]
    for bad in ("[2001:db8::7]", "[IPv6:192.0.2.7]", "[x]", "[]"):
        assert await refusal("", destination=bad) == ("5.1.2", True)
    for own in ("[127.0.0.1]", "[203.0.113.5]"):
        assert await refusal("", destination=own) == ("5.4.6", True)


async def with_domain(smart_host: SmartHost | None = None, *sources: str) -> Store:
    store = MemoryStore()
    await store.write(add_domain, "ours.org", None, NOW)
    await store.write(change_domain, "ours.org", DomainChange(smart_host=smart_host, source_addresses=sources))
    return store


async def test_a_smart_host_may_be_anywhere_and_is_no_mx() -> None:
    smart = SmartHost("relay.net", 587, "ann", "secret")
    async with DnsServer("relay.net. MX 10 other.net.\nrelay.net. A 127.0.0.1\nrelay.net. A 192.0.2.8\n") as server:
        route = await router_on(server, store=await with_domain(smart)).route("@ours.org", "ours.org")
        assert not route.final
        assert {(hop.host, hop.address, hop.port) for hop in route.hops} == {
            ("relay.net", "127.0.0.1", 587),
            ("relay.net", "192.0.2.8", 587),
        }
        hop = route.hops[0]
        assert (hop.tls.mode, hop.tls.names, hop.tls.source) == ("verified", ("relay.net",), "configuration")
        assert (hop.login, hop.implicit_tls) == (RemoteLogin("ann", "secret"), False)
        plain = SmartHost("relay.net", 25, plain=True)
        route = await router_on(server, store=await with_domain(plain)).route("@ours.org", "ours.org")
        assert (route.hops[0].tls.mode, route.hops[0].login) == ("opportunistic", None)
        implicit = SmartHost("relay.net", 465, implicit_tls=True)
        route = await router_on(server, store=await with_domain(implicit)).route("@ours.org", "ours.org")
        assert route.hops[0].implicit_tls


@pytest.mark.parametrize(
    ("smart", "status"), [(None, "4.3.5"), (SmartHost("gone.net", 25), "4.4.4"), (SmartHost("bad.net", 25), "4.4.3")]
)
async def test_a_smart_host_that_is_not_there_makes_mail_wait(smart: SmartHost | None, status: str) -> None:
    async with DnsServer(odd={"bad.net": "SERVFAIL"}) as server:
        with pytest.raises(Unroutable) as refused:
            await router_on(server, store=await with_domain(smart)).route("@ours.org", "ours.org")
    assert (refused.value.status, refused.value.permanent) == (status, False)


async def test_mail_is_sent_from_the_domains_addresses() -> None:
    async with DnsServer(ADDRESSES + "there.net. MX 10 a.net.\nsix.net. MX 10 c.net.\n") as server:
        store = await with_domain(None, "203.0.113.1", "203.0.113.2", "2001:db8::99")
        router = router_on(server, store=store)
        sources: dict[str, set[str]] = {}
        for _ in range(60):
            for hop in (await router.route("there.net", "ours.org")).hops:
                sources.setdefault(hop.address, set()).add(hop.source)
        assert sources == {"2001:db8::1": {"2001:db8::99"}, "192.0.2.1": {"203.0.113.1", "203.0.113.2"}}
        assert {hop.source for hop in (await router.route("there.net", "other.org")).hops} == {""}
        router = router_on(server, store=await with_domain(None, "203.0.113.1"))
        assert [hop.address for hop in (await router.route("there.net", "ours.org")).hops] == ["192.0.2.1"]
        with pytest.raises(Unroutable) as refused:
            await router.route("six.net", "ours.org")
        assert not refused.value.permanent
