"""What stands in a mailbox, as imapclient sees it."""

from __future__ import annotations

import email
import email.policy

from imapclient import IMAPClient

from tests.clients.conftest import Person
from tests.served import Served


def session(server: Served, person: Person) -> IMAPClient:
    """A logged-in connection."""
    client = IMAPClient("127.0.0.1", server.port("imap"), ssl=False)
    client.login(person.address, person.password)
    return client


def subjects(server: Served, person: Person, mailbox: str = "INBOX") -> list[str]:
    """The subjects of all messages, in order."""
    with session(server, person) as client:
        client.select_folder(mailbox, readonly=True)
        found = client.fetch(client.search(), ["BODY.PEEK[]"])
        return [subject_of(answer[b"BODY[]"]) for _, answer in sorted(found.items())]


def subject_of(octets: bytes) -> str:
    """The decoded subject."""
    return str(email.message_from_bytes(octets, policy=email.policy.default)["Subject"])


def letter(subject: str) -> bytes:
    return f"From: a@example.net\r\nSubject: {subject}\r\nMessage-ID: <{subject}@x>\r\n\r\nhello\r\n".encode()
