"""One client idles while others work on the same mailbox by IMAP, POP3, submission and mbsync: it hears of all."""

from __future__ import annotations

import smtplib
import ssl
from pathlib import Path
from typing import Any

from imapclient import IMAPClient

from tests.clients.conftest import Person
from tests.clients.inbox import letter, session, subjects
from tests.clients.mbsync import Maildir
from tests.clients.test_pop3 import pop3
from tests.served import Served


class Listener:
    """A client that idles in the inbox; `exists` counts its messages as it was told of them, `flags` is what it was
    told of each message, by its number then.
    """

    def __init__(self, client: IMAPClient) -> None:
        self._client = client
        self.exists = client.select_folder("INBOX")[b"EXISTS"]
        self.flags: dict[int, set[bytes]] = {}
        client.idle()

    def hears(self, *wanted: tuple[Any, ...]) -> None:
        """Return when it was told all of this, whatever else it is told: changes that come together have no order."""
        left = list(wanted)
        while left:
            for response in self._said(f"not told: {left}"):
                left = [each for each in left if response[: len(each)] != each]

    def counts(self, messages: int) -> None:
        """Return when it knows of so many messages."""
        while self.exists != messages:
            self._said(f"knows of {self.exists}, not of {messages}")

    def _said(self, otherwise: str) -> list[tuple[Any, ...]]:
        said: list[tuple[Any, ...]] = self._client.idle_check(timeout=20)
        assert said, otherwise
        for response in said:
            if response[1] == b"EXISTS":
                self.exists = response[0]
            elif response[1] == b"EXPUNGE":
                self.exists -= 1
            elif response[1] == b"FETCH":
                fields = dict(zip(response[2][::2], response[2][1::2], strict=True))
                self.flags[response[0]] = set(fields[b"FLAGS"])
        return said


def test_what_one_does_the_others_see(server: Served, person: Person, tmp_path: Path) -> None:
    with session(server, person) as idler, session(server, person) as worker:
        for subject in ("one", "two", "three"):
            worker.append("INBOX", letter(subject))
        listener = Listener(idler)
        assert listener.exists == 3

        worker.select_folder("INBOX")
        worker.add_flags([2], [b"\\Flagged", b"todo"])
        listener.hears((2, b"FETCH"))
        assert {b"\\Flagged", b"todo"} <= listener.flags[2]
        worker.move([1], "Archive")
        listener.hears((1, b"EXPUNGE"))

        context = ssl.create_default_context(cafile=str(server.certificate))
        with smtplib.SMTP_SSL("localhost", server.port("submissions"), context=context) as smtp:
            smtp.login(person.address, person.password)
            text = f"From: {person.address}\r\nTo: {person.address}\r\nSubject: four\r\n\r\nhello\r\n"
            smtp.sendmail(person.address, [person.address], text)
        listener.hears((3, b"EXISTS"))

        dropper = pop3(server, person, "pop3s")
        assert dropper.stat()[0] == 3
        dropper.retr(1)
        dropper.dele(2)
        dropper.quit()
        listener.hears((1, b"FETCH"), (2, b"EXPUNGE"))
        assert {b"\\Seen", b"\\Flagged", b"todo"} <= listener.flags[1]

        near_side = Maildir(tmp_path, server, person)
        near_side.sync()
        inbox = near_side.mail / "INBOX"
        (two,) = (inbox / "cur").iterdir()  # the one that was seen
        assert "F" in two.name
        assert "S" in two.name
        two.unlink()
        (inbox / "new" / "1700000000.near.host").write_bytes(letter("five").replace(b"\r\n", b"\n"))
        near_side.sync()
        listener.hears((1, b"EXPUNGE"))
        listener.counts(2)
        idler.idle_done()
        worker.noop()
        assert idler.search() == worker.search() == [4, 5]
    assert subjects(server, person) == ["four", "five"]
    assert subjects(server, person, "Archive") == ["one"]
