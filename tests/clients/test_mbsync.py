"""mbsync keeps a Maildir and the server in step, both ways."""

from __future__ import annotations

from pathlib import Path

from tests.clients.conftest import Person
from tests.clients.inbox import letter, session, subjects
from tests.clients.mbsync import Maildir
from tests.served import Served


def test_mbsync_both_ways(server: Served, person: Person, tmp_path: Path) -> None:
    with session(server, person) as client:
        for number in range(20):
            client.append("INBOX", letter(f"far-{number}"))
        client.create_folder("Projekte/Käse")
        client.append("Projekte/Käse", letter("cheese"))
    near_side = Maildir(tmp_path, server, person)
    near_side.sync()
    inbox = near_side.mail / "INBOX"
    near = sorted((inbox / "new").iterdir())
    assert len(near) == 20
    (inbox / "new" / "1700000000.near.host").write_bytes(letter("near").replace(b"\r\n", b"\n"))
    near[0].unlink()
    near[1].rename(inbox / "cur" / (near[1].name.split(":")[0] + ":2,FS"))
    near_side.sync()
    with session(server, person) as client:
        client.select_folder("INBOX")
        assert len(client.search()) == 20
        assert len(client.search(["FLAGGED", "SEEN"])) == 1
    assert "near" in subjects(server, person)
    assert subjects(server, person, "Projekte/Käse") == ["cheese"]
    near_side.sync()
    with session(server, person) as client:
        assert client.select_folder("INBOX")[b"EXISTS"] == 20
