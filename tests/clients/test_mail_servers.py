"""Postfix and Exim pass mail to us, over STARTTLS."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.conftest import Person
from tests.clients.inbox import subjects
from tests.clients.peers import Exim, Peer, Postfix
from tests.served import Served

pytestmark = pytest.mark.skipif(os.getuid() != 0, reason="Postfix and Exim are started as root")
ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["postfix", "exim"])
def peer(request: pytest.FixtureRequest, server: Served, tmp_path: Path) -> Iterator[Peer]:
    key = server.directory / "keys" / "key.pem"
    if request.param == "postfix":
        started: Peer = Postfix(tmp_path, server.port("smtp"), server.certificate, key)
    else:
        program = subprocess.run([ROOT / "script/exim"], capture_output=True, text=True, check=True).stdout.strip()
        started = Exim(Path(program), tmp_path, server.port("smtp"), server.certificate, key)
    started.start()
    yield started
    started.stop()


def test_it_passes_mail_to_us_over_tls(peer: Peer, server: Served, person: Person) -> None:
    peer.send("ann@example.net", person.address, "from another server")
    server.wait_for(lambda: subjects(server, person) == ["from another server"], "nothing came from the other server")
