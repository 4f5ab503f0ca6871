"""SPF records that let this server send or not, addresses that lead back or not, TLSA records that fit or not."""

from __future__ import annotations

import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from posthouse.admin.dns import DnsRecord, Ours, compare
from posthouse.admin.reverse import check_reverse
from posthouse.server.certificate import make_self_signed
from posthouse.server.resolver import DnsResolver
from posthouse.server.setting_up.records import key_digest
from tests import dns
from tests.dns import DnsServer
from tests.unit.relay.certificates import Authority
from tests.unit.routing.house import settings_for

ZONE = """
mail.a.org. A 203.0.113.5
mail.a.org. AAAA 2001:db8::5
a.org. MX 10 mail.a.org.
a.org. A 203.0.113.80
good.net. TXT "v=spf1 ip4:203.0.113.0/24 ip6:2001:db8::/32 -all"
bad.net. TXT "v=spf1 -all"
loop.net. TXT "v=spf1 include:loop.net -all"
"""
HOST = DnsRecord("mail.a.org.", "A", "<here>", "")
SPF = DnsRecord("a.org.", "TXT", '"v=spf1 mx -all"', "")
REFUSED = "does not let this server send from"


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("v=spf1 mx -all", ""),
        ("v=spf1 mx/24//64 ~all", ""),
        ("v=spf1 a:mail.a.org -all", ""),
        ("v=spf1 ip4:203.0.113.5 ip6:2001:db8::5 -all", ""),
        ("v=spf1 include:good.net -all", ""),
        ("v=spf1 include:bad.net mx -all", ""),
        ("v=spf1 redirect=good.net", ""),
        ("v=spf1 exists:%{i}.a.org -all", ""),
        ("V=SPF1 MX -ALL", ""),
        ("v=spf1 a -all", f"{REFUSED} 203.0.113.5, 2001:db8::5"),
        ("v=spf1 ip4:203.0.113.5 -all", f"{REFUSED} 2001:db8::5"),
        ("v=spf1 -mx ip4:203.0.113.0/24 -all", REFUSED),
        ("v=spf1 redirect=bad.net", REFUSED),
        ("v=spf1", REFUSED),
        ("v=spf1 mx ?all", ""),
        ("v=spf1 mx all", "everybody"),
        ("v=spf1 mx ip4:0.0.0.0/0", "everybody"),
        ("v=spf1 mx +mxx -all", "nobody knows: +mxx"),
        ("v=spf1 ip4:203.0.113.5.9 -all", "which is no network"),
        ("v=spf1 include:loop.net -all", "more than 10 look-ups"),
        ("v=spf1 include:nowhere.net -all", "nowhere.net, which has no SPF record"),
    ],
)
async def test_spf(text: str, wrong: str) -> None:
    async with DnsServer(f'{ZONE}a.org. TXT "{text}"') as server:
        _, finding = await compare(DnsResolver(settings_for(server)), [HOST, SPF])
    assert finding.result == ("wrong" if wrong else "right"), finding.words
    assert wrong in finding.words


async def test_spf_of_a_domain_that_sends_from_elsewhere() -> None:
    async with DnsServer(f'{ZONE}a.org. TXT "v=spf1 ip4:198.51.100.7 -all"') as server:
        resolver = DnsResolver(settings_for(server))
        for senders, result in (({"a.org": ["198.51.100.7"]}, "right"), ({"a.org": []}, "right"), ({}, "wrong")):
            _, finding = await compare(resolver, [HOST, SPF], Ours(senders=senders))
            assert finding.result == result


async def test_spf_that_leads_to_a_silent_dns() -> None:
    async with DnsServer(f'{ZONE}a.org. TXT "v=spf1 include:s.net -all"', odd={"s.net": dns.SILENT}) as server:
        _, finding = await compare(DnsResolver(settings_for(server)), [HOST, SPF])
    assert (finding.result, finding.is_fault) == ("unknown", True)


@pytest.mark.parametrize(
    ("zone", "result", "words"),
    [
        (
            "m.a.org. A 203.0.113.5\n5.113.0.203.in-addr.arpa. PTR M.a.org.",
            "right",
            "is called m.a.org, and leads back",
        ),
        (
            "m.a.org. A 203.0.113.5\nx.net. A 203.0.113.5\n5.113.0.203.in-addr.arpa. PTR x.net.",
            "right",
            "is called x.net; m.a.org would be better",
        ),
        ("m.a.org. A 203.0.113.5\n5.113.0.203.in-addr.arpa. PTR x.net.", "wrong", "does not lead back"),
        ("m.a.org. A 203.0.113.5", "missing", "has no name"),
        ("m.a.org. A 192.168.1.5", "wrong", "cannot be reached from elsewhere"),
        (f"m.a.org. AAAA 2001:db8::5\n5.{'0.' * 23}8.b.d.0.1.0.0.2.ip6.arpa. PTR m.a.org.", "right", "leads back"),
    ],
)
async def test_addresses_that_lead_back(zone: str, result: str, words: str) -> None:
    async with DnsServer(zone) as server:
        (finding,) = await check_reverse(DnsResolver(settings_for(server)), "m.a.org")
    assert finding.result == result
    assert words in finding.words
    assert finding.is_fault is (result != "right")


async def test_each_address_by_itself() -> None:
    zone = "m.a.org. A 203.0.113.5\nm.a.org. A 203.0.113.6\n5.113.0.203.in-addr.arpa. PTR m.a.org."
    async with DnsServer(zone, odd={"6.113.0.203.in-addr.arpa": "SERVFAIL"}) as server:
        found = await check_reverse(DnsResolver(settings_for(server)), "m.a.org")
    assert {(finding.name, finding.result) for finding in found} == {
        ("5.113.0.203.in-addr.arpa.", "right"),
        ("6.113.0.203.in-addr.arpa.", "unknown"),
    }


ROOT = Authority("Root")
PAIR = ROOT.sign("mail.a.org")
CHAIN = PAIR.certificate if PAIR.certificate.count(b"BEGIN") > 1 else PAIR.certificate + ROOT.pem
LEAF, ISSUER = x509.load_pem_x509_certificates(CHAIN)[:2]
OTHER = make_self_signed(["x.org"], [])


def digest(certificate: x509.Certificate) -> str:
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


@pytest.mark.parametrize(
    ("records", "secure", "result", "words"),
    [
        ([f"3 1 1 {key_digest(CHAIN)}"], True, "right", "TLSA is there"),
        ([f"3 1 1 {key_digest(CHAIN)}"], False, "right", "where DNSSEC signs the zone"),
        ([f"3 0 1 {digest(LEAF)}"], True, "right", ""),
        ([f"2 0 1 {digest(ISSUER)}"], True, "right", ""),
        ([f"3 1 1 {key_digest(OTHER.certificate)}", f"3 1 1 {key_digest(CHAIN)}"], True, "right", ""),
        ([f"3 1 1 {key_digest(OTHER.certificate)}"], True, "wrong", "does not fit the certificate"),
        ([f"3 0 1 {digest(ISSUER)}"], True, "wrong", "does not fit"),
        ([f"1 1 1 {key_digest(CHAIN)}"], True, "wrong", "none can be used"),
    ],
)
async def test_tlsa(records: list[str], secure: bool, result: str, words: str) -> None:
    zone = "\n".join(f"_25._tcp.mail.a.org. TLSA {record}" for record in records)
    wanted = DnsRecord("_25._tcp.mail.a.org.", "TLSA", f"3 1 1 {key_digest(CHAIN)}", "", optional=True)
    async with DnsServer(zone, secure=("org",) if secure else ()) as server:
        resolver = DnsResolver(settings_for(server, trust_dnssec="always"))
        (finding,) = await compare(resolver, [wanted], Ours(CHAIN))
    assert finding.result == result
    assert words in finding.words
