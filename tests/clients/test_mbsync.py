"""mbsync keeps a Maildir and the server in step, both ways."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.clients.conftest import Person
from tests.clients.inbox import session, subjects
from tests.served import Served

CONFIGURATION = """
IMAPAccount server
Host localhost
Port {port}
User {user}
Pass "{password}"
SSLType {tls}
CertificateFile {certificate}

IMAPStore far
Account server

MaildirStore near
Path {directory}/mail/
Inbox {directory}/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
Remove Both
SyncState *
"""


def letter(subject: str) -> bytes:
    return f"From: a@example.net\r\nSubject: {subject}\r\nMessage-ID: <{subject}@x>\r\n\r\nhello\r\n".encode()


def test_mbsync_both_ways(server: Served, person: Person, tmp_path: Path) -> None:
    with session(server, person) as client:
        for number in range(20):
            client.append("INBOX", letter(f"far-{number}"))
        client.create_folder("Projekte/Käse")
        client.append("Projekte/Käse", letter("cheese"))
    configuration = tmp_path / "mbsyncrc"
    configuration.write_text(
        CONFIGURATION.format(
            port=server.port("imap"),
            user=person.address,
            password=person.password,
            tls="STARTTLS",
            certificate=server.certificate,
            directory=tmp_path,
        )
    )
    (tmp_path / "mail").mkdir()

    def sync() -> None:
        done = subprocess.run(
            ["mbsync", "--config", str(configuration), "--all"],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    sync()
    inbox = tmp_path / "mail/INBOX"
    near = sorted((inbox / "new").iterdir())
    assert len(near) == 20
    (inbox / "new" / "1700000000.near.host").write_bytes(letter("near").replace(b"\r\n", b"\n"))
    near[0].unlink()
    near[1].rename(inbox / "cur" / (near[1].name.split(":")[0] + ":2,FS"))
    sync()
    with session(server, person) as client:
        client.select_folder("INBOX")
        assert len(client.search()) == 20
        assert len(client.search(["FLAGGED", "SEEN"])) == 1
    assert "near" in subjects(server, person)
    assert subjects(server, person, "Projekte/Käse") == ["cheese"]
    sync()
    with session(server, person) as client:
        assert client.select_folder("INBOX")[b"EXISTS"] == 20
