"""Policies fetched from real HTTPS servers on loopback: good ones, wrong ones, slow and endless ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from posthouse.core.routing.contracts import PolicyUnavailable
from posthouse.server.policies import HttpsPolicies
from tests import dns
from tests.dns import DnsServer
from tests.https import HttpsServer, https_client
from tests.unit.routing.house import settings_for

POLICY = "version: STSv1\nmode: enforce\nmx: mx.there.net\nmax_age: 600\n"
ZONE = "mta-sts.there.net. A 127.0.0.1\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"


def whole(text: str = POLICY, header: bytes = OK) -> bytes:
    octets = text.encode("latin-1")
    return header + b"Content-Length: %d\r\n\r\n" % len(octets) + octets


@asynccontextmanager
async def fetching(
    https: HttpsServer,
    directory: Path,
    name: str = "mta-sts.there.net",
    zone: str = ZONE,
    *,
    trusted: bool = True,
    odd: dict[str, str] | None = None,
    **settings: Any,
) -> AsyncIterator[HttpsPolicies]:
    async with DnsServer(zone, odd=odd) as asked:
        wanted = settings_for(asked, **{"ignored_networks": (), **settings})
        async with https_client(https, directory, name, wanted, trusted=trusted) as client:
            yield HttpsPolicies(client, wanted)


async def refusal(https: HttpsServer, directory: Path, **settings: Any) -> PolicyUnavailable:
    async with fetching(https, directory, **settings) as policies:
        with pytest.raises(PolicyUnavailable) as refused:
            await policies.fetch("there.net")
    return refused.value


async def test_a_policy(tmp_path: Path) -> None:
    https = HttpsServer(whole())
    async with fetching(https, tmp_path) as policies:
        assert await policies.fetch("there.net") == POLICY
    assert https.asked[0].startswith(b"GET /.well-known/mta-sts.txt HTTP/1.1\r\n")
    assert b"Host: mta-sts.there.net" in https.asked[0]


async def test_chunks_and_http_1_0(tmp_path: Path) -> None:
    chunked = OK + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(POLICY), POLICY.encode())
    for answer in (chunked, OK.replace(b"1.1", b"1.0") + b"\r\n" + POLICY.encode()):
        async with fetching(HttpsServer(answer), tmp_path) as policies:
            assert await policies.fetch("there.net") == POLICY


async def test_the_next_address_is_asked(tmp_path: Path) -> None:
    async with fetching(HttpsServer(whole()), tmp_path, zone=ZONE + "mta-sts.there.net. AAAA ::1\n") as policies:
        assert await policies.fetch("there.net") == POLICY


@pytest.mark.parametrize(
    "answer",
    [
        whole(header=b"HTTP/1.1 301 Moved\r\nLocation: https://mta-sts.there.net/x\r\nContent-Type: text/plain\r\n"),
        whole(header=b"HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\n"),
        whole(header=b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"),
        whole(header=b"HTTP/1.1 200 OK\r\n"),
        OK + b"Content-Length: 5000\r\n\r\nversion: STSv1",
        b"220 mail.there.net ESMTP\r\n",
        b"\xff" * 100,
        b"HTTP/1.1 200 OK\r\n",
    ],
)
async def test_answers_that_are_no_policy(tmp_path: Path, answer: bytes) -> None:
    assert (await refusal(HttpsServer(answer), tmp_path)).result == "sts-policy-fetch-error"


async def test_a_text_that_is_no_utf_8(tmp_path: Path) -> None:
    assert (await refusal(HttpsServer(whole("\xff")), tmp_path)).result == "sts-policy-invalid"


@pytest.mark.parametrize(
    ("answer", "forever"),
    [
        (whole("x" * 3000), b""),
        (OK + b"\r\n", b"x" * 1000),
        (b"HTTP/1.1 200 OK\r\n", b"Header: x\r\n" * 100),
        (b"", b"x" * 1000),
    ],
)
async def test_what_does_not_end_is_cut_off(tmp_path: Path, answer: bytes, forever: bytes) -> None:
    https = HttpsServer(answer, forever)
    await refusal(https, tmp_path, policy_octets=2000)
    await asyncio.wait_for(https.cut.wait(), 30)


async def test_a_silent_one_is_given_up(tmp_path: Path) -> None:
    https = HttpsServer(b"")
    refused = await refusal(https, tmp_path, policy_timeout_seconds=1)
    assert "in time" in refused.words
    await asyncio.wait_for(https.cut.wait(), 30)


async def test_certificates_for_another_name_or_of_nobody_we_trust(tmp_path: Path) -> None:
    https = HttpsServer(whole())
    for settings in ({"name": "mta-sts.other.net"}, {"trusted": False}):
        assert (await refusal(https, tmp_path, **settings)).result == "sts-webpki-invalid"
    assert https.asked == []


@pytest.mark.parametrize(
    ("zone", "odd"), [("", None), (ZONE, {"mta-sts.there.net": dns.SILENT}), ("mta-sts.there.net. A 192.0.2.1\n", None)]
)
async def test_no_way_there(tmp_path: Path, zone: str, odd: dict[str, str] | None) -> None:
    networks = ("192.0.2.0/24",)
    refused = await refusal(HttpsServer(whole()), tmp_path, zone=zone, odd=odd, ignored_networks=networks)
    assert refused.result == "sts-policy-fetch-error"


async def test_nobody_answers(tmp_path: Path) -> None:
    async with fetching(HttpsServer(whole()), tmp_path) as policies:
        policies._https._port = 1
        with pytest.raises(PolicyUnavailable):
            await policies.fetch("there.net")
