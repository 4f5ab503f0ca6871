"""MTA-STS: records and policies as they are read, policies found, kept, refreshed, and kept to; RFC 8461."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posthouse.core.queue.contracts import Unroutable
from posthouse.core.routing.policies import KeptPolicy, forget_policies, keep_policy, read_policy
from posthouse.core.routing.tls_results import old_results
from posthouse.formats.mta_sts import BadPolicy, parse_policy, policy_id
from posthouse.storage.contract import Store
from posthouse.storage.memory import MemoryStore
from tests import dns
from tests.dns import DnsServer
from tests.unit.routing.house import NOW, Texts, router_on

DAY_MS = 86_400_000
ZONE = """
there.net. MX 10 mx1.there.net.
there.net. MX 20 mx.other.net.
mx1.there.net. A 192.0.2.1
mx.other.net. A 192.0.2.2
_mta-sts.there.net. TXT "v=STSv1; id=20260101;"
"""


def text_of(mode: str = "enforce", mx: str = "*.there.net", age: int = 604_800) -> str:
    return f"version: STSv1\r\nmode: {mode}\r\nmx: {mx}\r\nmax_age: {age}\r\n"


class World:
    """A router with a store, a policy to fetch and a clock."""

    def __init__(self, server: DnsServer, text: str | None) -> None:
        self.now = NOW
        self.store = MemoryStore()
        self.server = server
        self.source = Texts(**({} if text is None else {"there.net": text}))
        self.restart()

    def restart(self) -> None:
        """Nothing is left but the store."""
        self.router = router_on(self.server, self.source, self.store, lambda: self.now, dns_cache_entries=0)

    async def modes(self) -> list[tuple[str, str, bool]]:
        """(host, mode, testing) of the hops."""
        route = await self.router.route("there.net", "ours.org")
        return [(hop.host, hop.tls.mode, hop.tls.testing) for hop in route.hops]

    async def failures(self) -> list[tuple[str, str, int]]:
        """(result, host, count) as counted for the report."""
        await self.router.close()
        days = await self.store.read(old_results, NOW // DAY_MS + 100, 10, None)
        return [
            (each.result, each.host, each.count)
            for day in days
            for policy in day.results.policies
            for each in policy.failed
        ]


async def test_enforced_only_hosts_that_it_names_and_with_a_good_certificate() -> None:
    async with DnsServer(ZONE) as server:
        world = World(server, text_of())
        route = await world.router.route("there.net", "ours.org")
        (hop,) = route.hops
        assert (hop.host, hop.tls.mode, hop.tls.names) == ("mx1.there.net", "verified", ("mx1.there.net",))
        assert (hop.tls.source, hop.tls.domain) == ("sts", "there.net")
        assert hop.tls.text == ("version: STSv1", "mode: enforce", "mx: *.there.net", "max_age: 604800")
        assert await world.failures() == [("validation-failure", "mx.other.net", 1)]


async def test_testing_reports_only() -> None:
    async with DnsServer(ZONE) as server:
        world = World(server, text_of("testing"))
        assert await world.modes() == [("mx1.there.net", "verified", True), ("mx.other.net", "opportunistic", False)]
        assert await world.failures() == [("validation-failure", "mx.other.net", 1)]


async def test_none_asks_for_nothing() -> None:
    async with DnsServer(ZONE) as server:
        world = World(server, "version: STSv1\nmode: none\nmax_age: 60\n")
        assert [mode for _, mode, _ in await world.modes()] == ["opportunistic"] * 2


async def test_no_host_that_it_names_makes_mail_wait() -> None:
    async with DnsServer(ZONE) as server:
        with pytest.raises(Unroutable) as refused:
            await World(server, text_of(mx="mx.nowhere.net")).modes()
    assert (refused.value.status, refused.value.permanent) == ("4.7.5", False)


@pytest.mark.parametrize("odd", ["", "SERVFAIL", dns.SILENT])
async def test_what_was_fetched_holds_over_restarts_and_without_dns(odd: str) -> None:
    async with DnsServer(ZONE) as server:
        world = World(server, text_of())
        await world.modes()
        world.restart()
        if odd:
            server.odd["_mta-sts.there.net"] = odd
            world.restart()
        else:
            server.remove("_mta-sts.there.net", "TXT")
        world.now += 604_799_000
        assert await world.modes() == [("mx1.there.net", "verified", False)]
        assert world.source.fetched == ["there.net"]
        world.now += 2_000
        assert len(await world.modes()) == 2


async def test_it_is_fetched_again_when_its_id_changes_or_it_is_a_day_old() -> None:
    async with DnsServer(ZONE) as server:
        world = World(server, text_of())
        await world.modes()
        await world.modes()
        assert len(world.source.fetched) == 1
        world.source.texts["there.net"] = text_of(mx="mx.other.net")
        server.remove("_mta-sts.there.net", "TXT")
        server.add('_mta-sts.there.net. TXT "v=STSv1; id=20260102;"')
        assert await world.modes() == [("mx.other.net", "verified", False)]
        assert len(world.source.fetched) == 2
        world.now += DAY_MS
        await world.modes()
        assert len(world.source.fetched) == 3


@pytest.mark.parametrize("text", [None, "<html>", text_of("enforced")])
async def test_the_kept_one_stays_when_a_new_one_cannot_be_had(text: str | None) -> None:
    async with DnsServer(ZONE) as server:
        world = World(server, text_of())
        await world.modes()
        world.source.texts.clear()
        if text is not None:
            world.source.texts["there.net"] = text
        world.now += DAY_MS
        for _ in range(3):
            assert await world.modes() == [("mx1.there.net", "verified", False)]
        assert len(world.source.fetched) == 2  # and is not asked for all the time
        world.now += 301_000
        await world.modes()
        assert len(world.source.fetched) == 3


@pytest.mark.parametrize(
    ("text", "result"), [(None, "sts-policy-fetch-error"), ("mode: enforce", "sts-policy-invalid")]
)
async def test_a_first_one_that_cannot_be_had_is_reported_and_mail_goes_on(text: str | None, result: str) -> None:
    async with DnsServer(ZONE) as server:
        world = World(server, text)
        assert [mode for _, mode, _ in await world.modes()] == ["opportunistic"] * 2
        assert await world.failures() == [(result, "", 1)]


async def test_it_can_be_switched_off() -> None:
    async with DnsServer(ZONE) as server:
        source = Texts(**{"there.net": text_of()})
        await router_on(server, source, mta_sts=False).route("there.net", "ours.org")
        assert source.fetched == []


async def test_policies_that_are_over_are_forgotten(store: Store) -> None:
    for name, expires in (("a.net", NOW), ("b.net", NOW + 1), ("c.net", NOW - 1)):
        await store.write(keep_policy, name, KeptPolicy("1", text_of(), NOW - 9, expires))
    after = ""
    while after := await store.write(forget_policies, after, NOW, 1):
        pass
    kept = [name for name in ("a.net", "b.net", "c.net") if await store.read(read_policy, name) is not None]
    assert kept == ["b.net"]


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        (["v=STSv1; id=20160831085700Z;"], "20160831085700Z"),
        (["v=STSv1;id=1", "v=spf1 -all"], "1"),
        (["v=STSv1; other=x; id=1"], "1"),
        ([], None),
        (["v=STSv1; id=1", "v=STSv1; id=1"], None),
        (["v=STSv1; id=not-alnum"], None),
        (["v=STSv1; id=" + "1" * 33], None),
        (["v=STSv1"], None),
        (["v=STSv12; id=1"], None),
        (["id=1; v=STSv1;"], None),
    ],
)
def test_the_txt_record(texts: list[str], found: str | None) -> None:
    assert policy_id(texts) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "version: STSv2\nmode: none\nmax_age: 1\n",
        "mode: none\nmax_age: 1\n",
        "version: STSv1\nmode: enforce\nmax_age: 1\n",
        "version: STSv1\nmode: enforce\nmx: a.net\n",
        "version: STSv1\nmode: enforce\nmx: a.net\nmax_age: -1\n",
        "version: STSv1\nmode: enforce\nmx: a.net\nmax_age: ９\n",
        "version: STSv1\nmode: enforce\nmx: *\nmax_age: 1\n",
        "version: STSv1\nmode: enforce\nmx: a.*.net\nmax_age: 1\n",
        "version: STSv1\nmode: enforce\nmx: a b.net\nmax_age: 1\n",
        "version: STSv1\nmode: enforce\n" + "mx: a.net\n" * 201 + "max_age: 1\n",
        "version STSv1\n",
    ],
)
def test_texts_that_are_no_policy(text: str) -> None:
    with pytest.raises(BadPolicy):
        parse_policy(text)


def test_what_is_unknown_or_comes_twice_is_passed_over() -> None:
    policy = parse_policy("version: STSv1\nmode: testing\nmode: enforce\nnew: x\nmx: A.net.\nmax_age: 9999999999\n")
    assert (policy.mode, policy.mx, policy.max_age) == ("testing", ("a.net",), 31_557_600)


def test_a_star_is_one_label() -> None:
    policy = parse_policy(text_of(mx="*.there.net"))
    assert policy.names("a.there.net")
    for host in ("there.net", "a.b.there.net", "athere.net", "net", ""):
        assert not policy.names(host)


@given(st.text(alphabet=st.sampled_from("versionSTSv1modeenforcemx: *.\r\n\t0aé\x00"), max_size=200))
def test_any_text_is_a_policy_or_is_not(text: str) -> None:
    try:
        parse_policy(text)
    except BadPolicy:
        return
