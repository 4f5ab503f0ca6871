"""When TLSA records decide, and when they must not; RFC 7672 2."""

from __future__ import annotations

import pytest

from posthouse.core.queue.contracts import Hop, TlsaRecord, Unroutable
from posthouse.core.routing.dane import parse_tlsa, strongest
from tests import dns
from tests.dns import DnsServer
from tests.unit.routing.house import Texts, router_on

KEY = "00112233445566778899aabbccddeeff" * 2
ZONE = f"""
there.net. MX 10 mx.host.net.
mx.host.net. A 192.0.2.1
_25._tcp.mx.host.net. TLSA 3 1 1 {KEY}
"""
ALL = ("there.net", "host.net")
ENFORCED = "version: STSv1\nmode: enforce\nmx: other.net\nmax_age: 600\n"


async def hop_of(zone: str = ZONE, secure: tuple[str, ...] = ALL, **settings: object) -> Hop:
    odd = settings.pop("odd", None)
    async with DnsServer(zone, secure=secure, odd=odd) as server:
        return (await router_on(server, **settings).route("there.net", "ours.org")).hops[0]


async def test_records_of_a_host_that_is_validated_all_the_way() -> None:
    tls = (await hop_of()).tls
    assert tls.mode == "dane"
    assert tls.tlsa == (TlsaRecord(3, 1, 1, bytes.fromhex(KEY)),)
    assert tls.names == ("mx.host.net", "there.net")
    assert (tls.source, tls.domain, tls.text) == ("tlsa", "there.net", (f"3 1 1 {KEY}",))


@pytest.mark.parametrize(
    ("secure", "settings"),
    [
        (("there.net",), {}),
        (("host.net",), {}),
        (("there.net", "mx.host.net"), {"trust_dnssec": "never"}),
        (ALL, {"dane": False}),
    ],
)
async def test_what_is_not_validated_decides_nothing(secure: tuple[str, ...], settings: dict[str, object]) -> None:
    tls = (await hop_of(secure=secure, **settings)).tls
    assert (tls.mode, tls.source, tls.domain) == ("opportunistic", "no-policy-found", "there.net")


async def test_tlsa_records_that_are_not_validated_do_not_count() -> None:
    elsewhere = "_25._tcp.mx.host.net. CNAME tlsa.other.net.\n" + f"tlsa.other.net. TLSA 3 1 1 {KEY}\n"
    zone = "there.net. MX 10 mx.host.net.\nmx.host.net. A 192.0.2.1\n" + elsewhere
    assert (await hop_of(zone)).tls.mode == "opportunistic"
    assert (await hop_of(zone, (*ALL, "other.net"))).tls.mode == "dane"


@pytest.mark.parametrize("record", ["0 1 1", "1 0 1", "3 2 1", "3 1 7"])
async def test_records_none_of_which_can_be_used_still_ask_for_tls(record: str) -> None:
    tls = (await hop_of(ZONE.replace("3 1 1", record))).tls
    assert (tls.mode, tls.tlsa, tls.source) == ("encrypted", (), "tlsa")


@pytest.mark.parametrize("odd", ["SERVFAIL", dns.SILENT, dns.NONSENSE])
@pytest.mark.parametrize("question", ["_25._tcp.mx.host.net TLSA", "mx.host.net AAAA"])
async def test_a_question_that_is_not_answered_keeps_us_from_that_host(odd: str, question: str) -> None:
    with pytest.raises(Unroutable) as refused:
        await hop_of(odd={question: odd})
    assert (refused.value.status, refused.value.permanent) == ("4.4.3", False)
    further = ZONE + "there.net. MX 20 second.host.net.\nsecond.host.net. A 192.0.2.2\n"
    assert (await hop_of(further, odd={question: odd})).host == "second.host.net"


async def test_behind_an_alias_first_then_at_it() -> None:
    alias = "there.net. MX 10 alias.host.net.\nalias.host.net. CNAME mx.host.net.\nmx.host.net. A 192.0.2.1\n"
    behind = alias + f"_25._tcp.mx.host.net. TLSA 3 1 1 {KEY}\n_25._tcp.alias.host.net. TLSA 2 1 1 {KEY}\n"
    hop = await hop_of(behind)
    assert (hop.host, hop.tls.names) == ("alias.host.net", ("mx.host.net", "alias.host.net", "there.net"))
    assert hop.tls.tlsa[0].usage == 3
    tls = (await hop_of(alias + f"_25._tcp.alias.host.net. TLSA 2 1 1 {KEY}\n")).tls
    assert (tls.names[0], tls.tlsa[0].usage) == ("alias.host.net", 2)


async def test_a_domain_without_mx_has_its_own() -> None:
    zone = f"there.net. A 192.0.2.1\n_25._tcp.there.net. TLSA 3 1 1 {KEY}\n"
    assert (await hop_of(zone)).tls.mode == "dane"


async def test_dane_is_stronger_than_mta_sts() -> None:
    zone = ZONE + '_mta-sts.there.net. TXT "v=STSv1; id=1"\n'
    assert (await hop_of(zone, source=Texts(**{"there.net": ENFORCED}))).tls.mode == "dane"


def test_records_that_cannot_be_read_or_used() -> None:
    for text in (
        "",
        "3 1",
        "a b c d",
        "3 1 1 zz",
        "3 1 1 00",
        "3 1 2 " + KEY,
        "3 1 0 ",
        "3 3 1 " + KEY,
        "4 1 1 " + KEY,
    ):
        assert parse_tlsa(text) is None
    assert parse_tlsa("2 0 0 30 82") == TlsaRecord(2, 0, 0, b"\x30\x82")


def test_the_better_digest_counts() -> None:
    weak, strong = TlsaRecord(3, 1, 1, b"w" * 32), TlsaRecord(3, 1, 2, b"s" * 64)
    whole, other = TlsaRecord(3, 1, 0, b"key"), TlsaRecord(2, 0, 1, b"o" * 32)
    assert strongest([weak, strong, whole, other]) == [strong, whole, other]
