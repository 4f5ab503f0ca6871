"""A submission goes out: from one real server to another by MX, and what cannot go comes back as a report."""

from __future__ import annotations

import asyncio
import json
import smtplib
from collections.abc import Iterator
from pathlib import Path

import pytest
from imapclient import IMAPClient

from tests.dns import DnsServer
from tests.served import Served


class Elsewhere(Served):
    """The other server."""

    domain = "example.net"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Elsewhere]:
    served = Elsewhere(tmp_path / "elsewhere")
    served.start()
    yield served
    served.stop()


def settings(dns: DnsServer, port: int) -> str:
    """Those of a server that finds the other one."""
    return (
        f'routing.dns_servers = ["{dns.address}"]\nrouting.port = {port}\nrouting.ignored_networks = []\n'
        'routing.families = ["ipv4"]\nrouting.mta_sts = false\nqueue.linger_seconds = 0.1\n'
    )


def submit(server: Served, recipient: str) -> None:
    with smtplib.SMTP("127.0.0.1", server.port("submission")) as smtp:
        smtp.login(server.admin, server.password)
        text = b"From: admin@example.org\r\nTo: x@example.net\r\nSubject: hello there\r\n\r\nbody\r\n"
        smtp.sendmail(server.admin, [recipient], text)


def subjects(server: Served) -> list[str]:
    with IMAPClient("127.0.0.1", server.port("imap"), ssl=False) as client:
        client.login(server.admin, server.password)
        client.select_folder("INBOX")
        found = client.fetch(client.search(), ["ENVELOPE"])
        return [each[b"ENVELOPE"].subject.decode() for each in found.values()]


async def test_a_submission_goes_to_another_server_and_a_failure_comes_back(
    tmp_path: Path, elsewhere: Elsewhere
) -> None:
    loop = asyncio.get_running_loop()
    async with DnsServer("example.net. MX 10 mx.example.net.\nmx.example.net. A 127.0.0.1") as dns:
        server = Served(tmp_path / "served", settings=settings(dns, elsewhere.port("smtp")))

        def go() -> None:
            server.start()
            submit(server, elsewhere.admin)
            elsewhere.wait_for(lambda: subjects(elsewhere) == ["hello there"], "it did not arrive")
            server.wait_for(lambda: json.loads(server.cli("queue", "list", "--json")) == [], "it is not finished")
            [sent] = json.loads(server.cli("queue", "list", "--state", "delivered", "--json"))
            assert (sent["recipient"], sent["code"]) == (elsewhere.admin, 250)
            assert "hello there" in server.cli("queue", "show", sent["number"])
            submit(server, "nobody@example.net")
            server.wait_for(lambda: len(subjects(server)) == 1, "no report came back")
            [failed] = json.loads(server.cli("queue", "list", "--state", "failed", "--json"))
            assert failed["code"] == 550

        await loop.run_in_executor(None, go)
        await loop.run_in_executor(None, server.stop)
