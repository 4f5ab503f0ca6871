"""neomutt, by its keys: it uploads, opens the inbox over TLS, flags, moves, deletes, searches and makes a mailbox."""

from __future__ import annotations

from pathlib import Path

from tests.clients.conftest import Person
from tests.clients.inbox import session, subjects
from tests.clients.screen import Screen
from tests.served import Served

CONFIGURATION = """
set imap_user="{user}"
set imap_pass="{password}"
set folder="imaps://localhost:{port}/"
set spoolfile="+INBOX"
set certificate_file="{certificate}"
set ssl_verify_host=yes
set ssl_force_tls=yes
set imap_idle=yes
set delete=yes
set move=no
set quit=yes
set mark_old=no
set confirmappend=no
set confirmcreate=no
set wait_key=no
set record=""
set trash=""
set header_cache=""
set collapse_unread=no
unset imap_passive
"""


def letter(subject: str) -> bytes:
    return f"From: a@example.net\r\nSubject: {subject}\r\nMessage-ID: <{subject}@x>\r\n\r\nhello\r\n".encode()


def work(server: Served, person: Person, directory: Path, mailbox: str, keys: str) -> None:
    """Open a mailbox, press these keys."""
    configuration = directory / "neomuttrc"
    configuration.write_text(
        CONFIGURATION.format(
            user=person.address, password=person.password, port=server.port("imaps"), certificate=server.certificate
        )
    )
    screen = Screen(
        ["neomutt", "-n", "-F", str(configuration), "-f", mailbox, "-e", f"push '{keys}'"], {"HOME": str(directory)}
    )
    try:
        assert screen.end() == 0
    finally:
        screen.close()


def test_neomutt(server: Served, person: Person, tmp_path: Path) -> None:
    with session(server, person) as client:
        for subject in ("one", "two", "three", "four"):
            client.append("INBOX", letter(subject))
    work(
        *(server, person, tmp_path, "+INBOX"),
        "<search>~s two<enter><flag-message>"
        "<search>~s three<enter><save-message>=Projects/Three<enter>"
        "<delete-pattern>~s four<enter><sync-mailbox>"
        "<search>~s one<enter><display-message><exit><quit>",
    )
    with session(server, person) as client:
        client.select_folder("INBOX")
        assert len(client.search(["FLAGGED", "SUBJECT", "two"])) == 1
        assert len(client.search(["SEEN", "SUBJECT", "one"])) == 1
    assert subjects(server, person) == ["one", "two"]
    assert subjects(server, person, "Projects/Three") == ["three"]
    near = tmp_path / "near"
    near.write_text("From a@example.net Thu Jan  1 00:00:00 2026\nSubject: uploaded\n\nfrom near\n")
    work(server, person, tmp_path, str(near), "<copy-message>+Sent<enter><quit>")
    assert subjects(server, person, "Sent") == ["uploaded"]
