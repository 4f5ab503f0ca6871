"""`posthouse dns`: the records of a domain, and what a real DNS server says of them."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from posthouse.admin.dns import DnsRecord, compare
from posthouse.server.cli import posthouse
from posthouse.server.cli.dns import check_quickly
from posthouse.server.resolver import DnsResolver
from posthouse.server.setting_up.records import HERE
from tests import dns
from tests.dns import DnsServer
from tests.https import HttpsServer, https_client
from tests.unit.routing.house import settings_for


def run(directory: Path, *arguments: str) -> Result:
    return CliRunner().invoke(posthouse, ["--config", str(directory / "posthouse.toml"), *arguments])


@pytest.fixture
def house(tmp_path: Path) -> Path:
    set_up = ["init", "--dir", str(tmp_path / "house"), "--domain", "example.org", "--admin", "ann@example.org"]
    assert CliRunner().invoke(posthouse, [*set_up, "--password-stdin", "--yes"], input="correct horse\n").exit_code == 0
    return tmp_path / "house"


def zone_of(records: list[dict[str, str]]) -> str:
    """The zone that publishes them all."""
    lines = (f"{each['name']} {each['type']} {each['value'].replace(HERE, '203.0.113.5')}" for each in records)
    return "\n".join(lines)


class Source:
    """Has the policy of example.org."""

    text = "version: STSv1\nmode: testing\nmx: mail.example.org\nmax_age: 604800\n"

    async def fetch(self, domain: str) -> str:
        return self.text


async def test_all_that_is_published_is_right_and_each_that_is_not_is_named(
    house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("posthouse.server.cli.dns.policy_source", lambda *_: Source())
    printed = await asyncio.to_thread(run, house, "dns", "example.org", "--json")
    records = json.loads(printed.stdout)
    kinds = {(each["name"], each["type"]) for each in records}
    assert kinds >= {
        ("mail.example.org.", "A"),
        ("example.org.", "MX"),
        ("example.org.", "TXT"),
        ("_dmarc.example.org.", "TXT"),
        ("_smtp._tls.example.org.", "TXT"),
        ("_25._tcp.mail.example.org.", "TLSA"),
        ("_imaps._tcp.example.org.", "SRV"),
        ("_pop3s._tcp.example.org.", "SRV"),
        ("_mta-sts.example.org.", "TXT"),
        ("mta-sts.example.org.", "CNAME"),
        ("autoconfig.example.org.", "CNAME"),
    }
    assert len([each for each in records if "_domainkey" in each["name"]]) == 2
    text = (await asyncio.to_thread(run, house, "dns")).stdout
    assert all(f"{each['name']} IN {each['type']} {each['value']}" in text for each in records)

    reverse = "\n5.113.0.203.in-addr.arpa. PTR mail.example.org."
    async with DnsServer(zone_of(records) + reverse) as server:
        configuration = house / "posthouse.toml"
        configuration.write_text(f'{configuration.read_text()}\n[routing]\ndns_servers = ["{server.address}"]\n')
        right = await asyncio.to_thread(run, house, "dns", "--check")
        assert (right.exit_code, {line.split()[0] for line in right.stdout.splitlines()}) == (0, {"right"})
        server.zone.clear()
        server.add(zone_of([each for each in records if each["type"] != "MX"]))
        wrong = await asyncio.to_thread(run, house, "dns", "--check")
        assert wrong.exit_code == 1
        assert [line for line in wrong.stdout.splitlines() if not line.startswith("right")] == [
            "missing  example.org. MX: there is no MX record; publish: 10 mail.example.org.",
            'wrong    example.org. TXT: it does not let this server send from 203.0.113.5; publish: "v=spf1 mx -all"',
            "missing  5.113.0.203.in-addr.arpa. PTR: 203.0.113.5 has no name, so that many take no mail from it; "
            "have who gives you 203.0.113.5 name it mail.example.org.",
        ]
        found = json.loads((await asyncio.to_thread(run, house, "dns", "--check", "--json")).stdout)
        assert [each["result"] for each in found if each["is_fault"]] == ["missing", "wrong", "missing"]


FETCH = """
import asyncio, sys
from pathlib import Path
from posthouse.server.cli.dns import policy_source
from posthouse.server.configuration.reading import parse_configuration
from posthouse.server.resolver import DnsResolver

async def main():
    configuration = parse_configuration(sys.argv[1], "test", Path("/"))
    source = policy_source(configuration, DnsResolver(configuration.routing), int(sys.argv[2]))
    print(await source.fetch("there.net"))

asyncio.run(main())
"""


async def test_a_policy_is_fetched_in_a_process_of_its_own(tmp_path: Path) -> None:
    https = HttpsServer(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello")
    async with (
        DnsServer("mta-sts.there.net. A 127.0.0.1\n") as server,
        https_client(https, tmp_path, "mta-sts.there.net", settings_for(server)) as client,
    ):
        document = (
            f'[routing]\ndns_servers = ["{server.address}"]\nignored_networks = []\n'
            f'authorities = "{tmp_path}/pair.pem"\n'
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", FETCH, document, str(client._port), stdout=asyncio.subprocess.PIPE
        )
        said, _ = await asyncio.wait_for(process.communicate(), 60)
    assert (process.returncode, said) == (0, b"hello\n")


def test_a_domain_that_is_not_ours(house: Path) -> None:
    refused = run(house, "dns", "other.org")
    assert (refused.exit_code, refused.stderr) == (1, "posthouse: no such domain: other.org\n")


KEY = "ab" * 32
DMARC = ("_dmarc.a.org.", "TXT", '"v=DMARC1; p=quarantine"')
TLSRPT = ("_smtp._tls.a.org.", "TXT", '"v=TLSRPTv1; rua=mailto:x@a.org"')
STS = ("_mta-sts.a.org.", "TXT", '"v=STSv1; id=1"')


@pytest.mark.parametrize(
    ("record", "zone", "result", "words"),
    [
        (("a.org.", "MX", "10 mail.a.org."), "a.org. MX 5 other.net.", "wrong", "mail goes to other.net. and not here"),
        (("a.org.", "MX", "10 mail.a.org."), "a.org. MX 5 Mail.A.org.", "right", "MX is there"),
        (("a.org.", "TXT", '"v=spf1 mx -all"'), 'a.org. TXT "v=spf1 ip4:192.0.2.1 -all"', "right", "v=spf1 is there"),
        (("a.org.", "TXT", '"v=spf1 mx -all"'), 'a.org. TXT "something"', "missing", "no TXT v=spf1 record"),
        (("a.org.", "TXT", '"v=spf1 mx -all"'), 'a.org. TXT "v=spf1 +all"', "wrong", "everybody"),
        (
            ("a.org.", "TXT", '"v=spf1 mx -all"'),
            'a.org. TXT "v=spf1 mx"\na.org. TXT "v=spf1 a"',
            "wrong",
            "there are 2",
        ),
        (("k.a.org.", "TXT", '"v=DKIM1; p=AB" "CD"'), 'k.a.org. TXT "v=DKIM1; k=rsa; p=ABCD"', "right", "is there"),
        (("k.a.org.", "TXT", '"v=DKIM1; p=ABCD"'), 'k.a.org. TXT "v=DKIM1; p=ABCE"', "wrong", "another key"),
        (("t.a.org.", "TLSA", f"3 1 1 {KEY}"), f"t.a.org. TLSA 3 1 1 {'cd' * 32}", "wrong", "does not fit"),
        (("t.a.org.", "TLSA", f"3 1 1 {KEY}"), f"t.a.org. TLSA 3 1 1 {KEY.upper()}", "right", "is there"),
        (("s.a.org.", "SRV", "0 1 993 m.a.org."), "s.a.org. SRV 5 5 993 m.a.org.", "right", "is there"),
        (("s.a.org.", "SRV", "0 1 993 m.a.org."), "s.a.org. SRV 0 1 143 x.org.", "wrong", "it names x.org.:143"),
        (DMARC, '_dmarc.a.org. TXT "v=DMARC1; p=reject; rua=mailto:a@b.org!10m,mailto:c@d.org"', "right", "is there"),
        (DMARC, '_dmarc.a.org. TXT "v=DMARC1; p=none"', "right", "others only watch"),
        (DMARC, '_dmarc.a.org. TXT "v=DMARC1; p=block"', "wrong", "p=block is none of none, quarantine, reject"),
        (DMARC, '_dmarc.a.org. TXT "v=DMARC1; rua=mailto:a@b.org"', "wrong", "counts for nothing"),
        (DMARC, '_dmarc.a.org. TXT "v=DMARC1; p=none; sp=maybe"', "wrong", "sp=maybe"),
        (DMARC, '_dmarc.a.org. TXT "v=DMARC1; p=none; pct=120"', "wrong", "no percentage"),
        (DMARC, '_dmarc.a.org. TXT "v=DMARC1; p=none; rua=a@b.org"', "wrong", "rua names a@b.org"),
        (TLSRPT, '_smtp._tls.a.org. TXT "v=TLSRPTv1; rua=mailto:x@y.org"', "right", "is there"),
        (TLSRPT, '_smtp._tls.a.org. TXT "v=TLSRPTv1; rua=x@y.org"', "wrong", "no place"),
        (STS, '_mta-sts.a.org. TXT "v=STSv1; id=1"', "right", "is there"),
        (STS, '_mta-sts.a.org. TXT "v=STSv1; id=2026-01-01"', "wrong", "no id"),
        (("c.a.org.", "CNAME", "m.a.org."), "c.a.org. CNAME M.a.org.\nm.a.org. A 192.0.2.1", "right", "is there"),
        (("c.a.org.", "CNAME", "m.a.org."), "c.a.org. AAAA 2001:db8::1", "right", "is there"),
        (("c.a.org.", "CNAME", "m.a.org."), "c.a.org. CNAME x.org.\nx.org. A 192.0.2.1", "wrong", "leads to x.org."),
        (("m.a.org.", "A", HERE), "m.a.org. AAAA 2001:db8::1", "right", "is there"),
        (("m.a.org.", "A", HERE), "a.org. A 192.0.2.1", "missing", "no such name"),
    ],
)
async def test_what_is_said_of_a_record(record: tuple[str, str, str], zone: str, result: str, words: str) -> None:
    async with DnsServer(zone) as server:
        (finding,) = await compare(DnsResolver(settings_for(server)), [DnsRecord(*record, why="")])
    assert finding.result == result
    assert words in finding.words
    assert finding.is_fault is (result != "right")


async def test_what_is_optional_may_be_missing_and_a_silent_dns_is_no_answer() -> None:
    records = [DnsRecord("a.org.", "TLSA", f"3 1 1 {KEY}", "", optional=True), DnsRecord("b.org.", "MX", "1 m.", "")]
    async with DnsServer(odd={"b.org": dns.SILENT}) as server:
        first, second = await compare(DnsResolver(settings_for(server)), records)
    assert (first.result, first.is_fault) == ("missing", False)
    assert (second.result, second.is_fault) == ("unknown", True)
    assert second.words == "the DNS does not answer: no resolver answered in time"


async def test_a_quick_look_is_never_a_long_one() -> None:
    assert await check_quickly([DnsRecord("b.invalid.", "MX", "1 m.", "")], 0.0) == []
