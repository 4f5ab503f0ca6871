"""offlineimap keeps a Maildir and the server in step, both ways: new mail, flags, what was deleted, new folders."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.clients.conftest import Person
from tests.clients.inbox import session, subjects
from tests.served import Served

CONFIGURATION = """
[general]
accounts = house
metadata = {directory}/state
socktimeout = 30

[Account house]
localrepository = near
remoterepository = far

[Repository near]
type = Maildir
localfolders = {directory}/mail

[Repository far]
type = IMAP
remotehost = localhost
remoteport = {port}
remoteuser = {user}
remotepass = {password}
ssl = yes
sslcacertfile = {certificate}
auth_mechanisms = PLAIN
"""


def letter(subject: str) -> bytes:
    return f"From: a@example.net\r\nSubject: {subject}\r\nMessage-ID: <{subject}@x>\r\n\r\nhello\r\n".encode()


def test_offlineimap_both_ways(server: Served, person: Person, tmp_path: Path) -> None:
    with session(server, person) as client:
        for number in range(10):
            client.append("INBOX", letter(f"far-{number}"))
        client.create_folder("Projekte/2026")
        client.append("Projekte/2026", letter("plan"))
    configuration = tmp_path / "offlineimaprc"
    configuration.write_text(
        CONFIGURATION.format(
            directory=tmp_path,
            port=server.port("imaps"),
            user=person.address,
            password=person.password,
            certificate=server.certificate,
        )
    )

    def sync() -> None:
        done = subprocess.run(
            ["offlineimap", "-c", str(configuration), "-o", "-1", "-u", "basic"],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    sync()
    inbox = tmp_path / "mail/INBOX"
    near = sorted((inbox / "new").iterdir())
    assert len(near) == 10
    (plan,) = (tmp_path / "mail/Projekte.2026/new").iterdir()
    assert b"Subject: plan" in plan.read_bytes()
    (inbox / "new" / "1700000000_0.1.near,U=").write_bytes(letter("near").replace(b"\r\n", b"\n"))
    near[0].unlink()
    near[1].rename(inbox / "cur" / (near[1].name.split(":")[0] + ":2,FS"))
    with session(server, person) as client:
        client.select_folder("INBOX")
        client.add_flags([9], [b"\\Answered"])
        client.move([10], "Archive")
    sync()
    with session(server, person) as client:
        client.select_folder("INBOX")
        assert len(client.search(["FLAGGED", "SEEN"])) == 1
        assert client.search(["ANSWERED"]) == [9]
    assert sorted(subjects(server, person)) == sorted(["near", *[f"far-{number}" for number in range(1, 9)]])
    assert len(list((tmp_path / "mail/Archive/new").iterdir())) == 1
    assert len([path for path in inbox.glob("*/*") if ":2," in path.name and path.name.endswith("R")]) == 1
    sync()
    assert len(subjects(server, person)) == 9
