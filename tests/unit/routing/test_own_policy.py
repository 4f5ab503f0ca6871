"""`posthouse dns --check` fetches our own policy, here from a real HTTPS server, and compares it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from posthouse.admin.dns import Finding
from posthouse.admin.sts import check_policies
from posthouse.server.policies import HttpsPolicies
from tests.dns import DnsServer
from tests.https import HttpsServer, https_client
from tests.unit.routing.house import settings_for
from tests.unit.routing.test_https import whole

OURS = "version: STSv1\nmode: enforce\nmx: mail.there.net\nmax_age: 600\n"
PROMISED = Finding("_mta-sts.there.net.", "TXT", "right", "v=stsv1 is there", is_fault=False)


async def check(directory: Path, answer: bytes, findings: list[Finding], **settings: Any) -> list[Finding]:
    async with DnsServer("mta-sts.there.net. A 127.0.0.1\n") as asked:
        wanted = settings_for(asked, ignored_networks=())
        async with https_client(HttpsServer(answer), directory, "mta-sts.there.net", wanted, **settings) as client:
            return await check_policies(HttpsPolicies(client, wanted), findings, OURS)


@pytest.mark.parametrize(
    ("text", "result", "words"),
    [
        (OURS, "right", "the policy is there, mode enforce"),
        (OURS.replace("600", "86400").replace("mail.", "*."), "right", "mode enforce"),
        (OURS.replace("mail", "old"), "wrong", "it does not name mail.there.net"),
        (OURS.replace("enforce", "testing"), "wrong", "its mode is testing, and this server's is enforce"),
        ("hello", "wrong", "it is no policy: a line without a colon"),
    ],
)
async def test_a_policy_is_compared(tmp_path: Path, text: str, result: str, words: str) -> None:
    (found,) = await check(tmp_path, whole(text), [PROMISED])
    assert (found.name, found.type) == ("https://mta-sts.there.net/.well-known/mta-sts.txt", "HTTPS")
    assert (found.result, found.is_fault) == (result, result != "right")
    assert words in found.words


async def test_what_cannot_be_fetched_is_said(tmp_path: Path) -> None:
    (found,) = await check(tmp_path, whole(OURS), [PROMISED], trusted=False)
    assert found.is_fault
    assert found.words.startswith("the policy that the DNS promises cannot be had: ")
    (found,) = await check(tmp_path, whole(OURS, b"HTTP/1.1 404 No\r\n"), [PROMISED])
    assert "404" in found.words


async def test_what_the_dns_does_not_promise_is_not_asked_for(tmp_path: Path) -> None:
    missing = Finding("_mta-sts.there.net.", "TXT", "missing", "", is_fault=False)
    assert await check(tmp_path, b"", [missing]) == []
