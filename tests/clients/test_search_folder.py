"""Search folders as clients see them: imapclient idles in one, mbsync keeps a copy of one, both ways."""

from __future__ import annotations

from pathlib import Path

from tests.clients.conftest import Person
from tests.clients.inbox import letter, session, subjects
from tests.clients.mbsync import Maildir
from tests.served import Served


def test_imapclient_sees_what_happens(server: Served, person: Person) -> None:
    server.cli("account", "search-folder", "add", person.address, "Unread", "UNSEEN", "--main", "INBOX")
    with session(server, person) as client, session(server, person) as other:
        assert "Unread" in [name for _, _, name in client.list_folders()]
        client.append("INBOX", letter("one"))
        client.append("Archive", letter("two"))
        assert client.select_folder("Unread")[b"EXISTS"] == 2
        client.idle()
        other.append("Unread", letter("three"))
        assert (3, b"EXISTS") in client.idle_check(timeout=20)
        client.idle_done()
        found = client.fetch(client.search(), ["ENVELOPE"])
        uids = {answer[b"ENVELOPE"].subject: uid for uid, answer in found.items()}
        assert sorted(uids) == [b"one", b"three", b"two"]
        client.add_flags(uids[b"two"], [b"\\Seen"])
        assert client.search() == sorted([uids[b"one"], uids[b"three"]])
        client.move([uids[b"one"]], "Trash")
        assert other.folder_status("INBOX", ["MESSAGES"])[b"MESSAGES"] == 1
        assert other.folder_status("Unread", ["MESSAGES"])[b"MESSAGES"] == 1


def test_mbsync_both_ways(server: Served, person: Person, tmp_path: Path) -> None:
    with session(server, person) as client:
        for number in range(10):
            client.append("INBOX" if number % 2 else "Archive", letter(f"far-{number}"))
    server.cli("account", "search-folder", "add", person.address, "Found", "SUBJECT far", "--main", "Archive")
    near_side = Maildir(tmp_path, server, person, "Found")
    near_side.sync()
    found = near_side.mail / "Found"
    near = sorted((found / "new").iterdir())
    assert len(near) == 10
    (found / "new" / "1700000000.near.host").write_bytes(letter("from far and near").replace(b"\r\n", b"\n"))
    near[0].unlink()
    near[1].rename(found / "cur" / (near[1].name.split(":")[0] + ":2,FS"))
    near_side.sync()
    both = subjects(server, person, "INBOX") + subjects(server, person, "Archive")
    assert len(both) == 10
    assert "from far and near" in subjects(server, person, "Archive")
    with session(server, person) as client:
        assert client.select_folder("Found")[b"EXISTS"] == 10
        assert len(client.search(["FLAGGED", "SEEN"])) == 1
    near_side.sync()
    assert len([*(found / "new").iterdir(), *(found / "cur").iterdir()]) == 10
