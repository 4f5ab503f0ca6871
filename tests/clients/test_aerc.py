"""aerc, by its commands: it opens the inbox over TLS, reads, flags, moves, deletes, makes a mailbox, sees new mail."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from tests.clients.conftest import Person
from tests.clients.inbox import session, subjects
from tests.clients.screen import Screen
from tests.served import Served


def letter(subject: str) -> bytes:
    return f"From: a@example.net\r\nSubject: {subject}\r\nMessage-ID: <{subject}@x>\r\n\r\nhello\r\n".encode()


def test_aerc(server: Served, person: Person, tmp_path: Path) -> None:
    with session(server, person) as client:
        for subject in ("aardvark", "badger", "camel"):
            client.append("INBOX", letter(subject))
    configuration = tmp_path / "aerc"
    configuration.mkdir()
    user, password = quote(person.address, safe=""), quote(person.password, safe="")
    accounts = configuration / "accounts.conf"
    accounts.write_text(
        f"[house]\nsource = imaps://{user}:{password}@localhost:{server.port('imaps')}\n"
        f"default = INBOX\nfrom = {person.address}\n"
    )
    accounts.chmod(0o600)
    screen = Screen(
        ["aerc"], {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "SSL_CERT_FILE": str(server.certificate)}
    )
    try:
        screen.wait_for_text("camel")
        with session(server, person) as client:
            client.append("INBOX", letter("dromedary"))
        screen.wait_for_text("dromedary")  # it idles
        screen.press(":search badger\r")
        screen.wait_for_text("badger")  # drawn anew, since it is what is selected now
        screen.press(":flag\r")
        screen.wait_for(lambda: flagged(server, person) == ["badger"], "nothing is flagged")
        screen.press(":mkdir Zoo\r")
        screen.wait_for_text("Zoo")
        screen.press(":move Zoo\r")
        screen.wait_for(lambda: "badger" in there(server, person, "Zoo"), "nothing is moved")
        screen.press(":select 0\r:delete\r")
        screen.wait_for(lambda: len(subjects(server, person)) == 2, "nothing is deleted")
        screen.press(":quit\r")
        assert screen.end() == 0
    finally:
        screen.close()


def flagged(server: Served, person: Person) -> list[str]:
    with session(server, person) as client:
        client.select_folder("INBOX", readonly=True)
        found = client.fetch(client.search(["FLAGGED"]), ["ENVELOPE"])
        return [answer[b"ENVELOPE"].subject.decode() for answer in found.values()]


def there(server: Served, person: Person, mailbox: str) -> list[str]:
    with session(server, person) as client:
        exists = client.folder_exists(mailbox)
    return subjects(server, person, mailbox) if exists else []
