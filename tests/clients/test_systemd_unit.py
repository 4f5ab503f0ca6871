"""The unit in docs/ lets the server do all that it does."""

from __future__ import annotations

import base64
import smtplib
import sys
from email.message import EmailMessage
from pathlib import Path
from urllib.request import Request, urlopen

from tests.clients.office import document
from tests.served import Served
from tests.unit.documents.samples import pdf
from tests.unit.formats.test_pictures import drawn

UNIT = Path(__file__).parents[2] / "docs/posthouse.service"


def test_no_process_dies_of_a_system_call(tmp_path: Path) -> None:
    server = Served(tmp_path / "served", wrapping=(sys.executable, "-m", "tests.seccomp", str(UNIT)))
    server.start()
    try:
        index(server)
        draw(server, "image/png", drawn("PNG"))
        draw(server, "application/vnd.oasis.opendocument.text", document("odt", "A garden plan"))
        server.cli("reload")
        server.wait_until_up()
    finally:
        server.stop()
    log = server.log.read_text()
    assert "process ended" not in log, log
    assert "could not be read" not in log, log


def index(server: Served) -> None:
    """A letter with a PDF file, read by a process apart."""
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "a@example.net", server.admin, "plans"
    letter.set_content("see the file")
    letter.add_attachment(pdf("a garden"), maintype="application", subtype="pdf", filename="plans.pdf")
    with smtplib.LMTP("127.0.0.1", server.port("lmtp")) as lmtp:
        lmtp.send_message(letter, "a@example.net", [server.admin])
    server.wait_for(lambda: bool(server.status()["search"]["up"]), "the indexer is not up")
    server.wait_for(lambda: server.status()["search"]["waiting"] == 0, "the letter is not indexed")


def draw(server: Served, kind: str, octets: bytes) -> None:
    """A small picture of a file, made by processes apart."""
    login = base64.b64encode(f"{server.admin}:{server.password}".encode()).decode()
    address = f"http://127.0.0.1:{server.port('http')}/dav/files/{server.admin}/a"
    there = Request(address, octets, {"Content-Type": kind}, method="PUT")
    for request in (there, Request(address + "?thumbnail=64")):
        request.add_header("Authorization", f"Basic {login}")
        with urlopen(request, timeout=60) as answer:
            made = answer.headers["Content-Type"]
    assert made == "image/webp"
