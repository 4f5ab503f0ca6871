"""Postfix and Exim pass mail to us and take ours, over STARTTLS."""

from __future__ import annotations

import email
import email.policy
import json
import os
import smtplib
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.conftest import PASSWORD, Person
from tests.clients.inbox import subjects
from tests.clients.peers import Exim, Peer, Postfix
from tests.served import Served

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="Postfix and Exim are started as root")
ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["postfix", "exim"])
def peer(request: pytest.FixtureRequest, server: Served) -> Iterator[Peer]:
    # not under pytest's own folder, which is for its user alone: these servers become others
    with tempfile.TemporaryDirectory(prefix="posthouse-peer-") as name:
        started = start_peer(request.param, server, Path(name))
        yield started
        started.stop()


def start_peer(name: str, server: Served, directory: Path) -> Peer:
    """One of them, that knows where we are."""
    key = server.directory / "keys" / "key.pem"
    if name == "postfix":
        started: Peer = Postfix(directory, server.port("smtp"), server.certificate, key)
    else:
        program = subprocess.run([ROOT / "script/exim"], capture_output=True, text=True, check=True).stdout.strip()
        started = Exim(Path(program), directory, server.port("smtp"), server.certificate, key)
    started.start()
    return started


def test_it_passes_mail_to_us_over_tls(peer: Peer, server: Served, person: Person) -> None:
    peer.send("ann@example.net", person.address, "from another server")
    server.wait_for(lambda: subjects(server, person) == ["from another server"], "nothing came from the other server")


def test_it_takes_our_mail_over_tls(peer: Peer, server: Served) -> None:
    domain = f"{type(peer).__name__.lower()}.example"
    sender = f"ann@{domain}"
    server.cli("domain", "add", domain)
    server.cli("account", "add", sender, "--password-stdin", say=PASSWORD)
    server.cli("domain", "change", domain, "--smart-host", f"127.0.0.1:{peer.port}", "--smart-host-plain")
    with smtplib.SMTP("127.0.0.1", server.port("submission")) as client:
        client.login(sender, PASSWORD)
        client.sendmail(sender, ["bob@example.net"], f"From: {sender}\r\nSubject: hello\r\n\r\n.dots\r\n..too\r\n")
    [letter] = peer.wait_for_letters(1)
    message = email.message_from_bytes(letter, policy=email.policy.default)
    assert message["Subject"] == "hello"
    assert message["DKIM-Signature"] is not None
    assert message["Message-ID"] is not None
    assert message.get_content() == ".dots\n..too\n"
    server.wait_for(lambda: is_relayed(server, sender), "the queue does not say so")


def is_relayed(server: Served, sender: str) -> bool:
    """True when the queue says that the smart host has it."""
    listed = json.loads(server.cli("queue", "list", "--sender", sender, "--state", "relayed", "--json"))
    return [each["recipient"] for each in listed] == ["bob@example.net"]
