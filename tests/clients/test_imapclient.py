"""imapclient: the daily round of a mail program."""

from __future__ import annotations

import selectors
import smtplib
import time

import psutil
import pytest
from imapclient import SEEN, IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from tests.clients.conftest import PASSWORD, Person
from tests.clients.inbox import letter, session
from tests.served import Served


def test_a_daily_round(server: Served, person: Person) -> None:
    with session(server, person) as client:
        assert {b"IMAP4REV1", b"IDLE", b"UIDPLUS", b"MOVE", b"NAMESPACE"} <= set(client.capabilities())
        names = {name for _, _, name in client.list_folders()}
        assert {"INBOX", "Sent", "Drafts", "Trash", "Spam", "Archive"} <= names
        for number in range(5):
            client.append("INBOX", letter(f"n{number}"), flags=[SEEN] if number % 2 else [])
        assert client.select_folder("INBOX")[b"EXISTS"] == 5
        assert client.search(["UNSEEN"]) == [1, 3, 5]
        assert client.search(["SUBJECT", "N3"]) == [4]
        client.add_flags([1], [b"\\Flagged", b"$Later"])
        assert set(client.get_flags([1])[1]) == {b"\\Flagged", b"$Later"} | (
            set(client.get_flags([1])[1]) & {b"\\Recent"}
        )
        client.copy([1, 2], "Archive")
        client.move([2], "Trash")
        client.delete_messages([3])
        client.expunge()
        assert client.search() == [1, 4, 5]
        answer = client.fetch([4], ["ENVELOPE", "BODYSTRUCTURE", "RFC822.SIZE", "INTERNALDATE", "BODY[HEADER]"])[4]
        assert answer[b"ENVELOPE"].subject == b"n3"
        assert answer[b"BODYSTRUCTURE"][0] == b"text"
        assert client.folder_status("Archive")[b"MESSAGES"] == 2
        assert client.folder_status("Trash")[b"MESSAGES"] == 1


def test_wrong_password(server: Served, person: Person) -> None:
    client = IMAPClient("127.0.0.1", server.port("imap"), ssl=False)
    with pytest.raises(LoginError):
        client.login(person.address, "wrong")
    client.shutdown()


@pytest.fixture(scope="module")
def four_workers(tmp_path_factory: pytest.TempPathFactory) -> Served:
    served = Served(tmp_path_factory.mktemp("four"), workers=4)
    served.start()
    yield served
    served.stop()


def worker_of(server: Served, local: tuple[str, int]) -> int:
    """The process id of the worker that holds the other end of a connection from `local`."""
    for pid in server.worker_pids():
        for connection in psutil.Process(pid).net_connections("tcp"):
            if connection.raddr and connection.raddr == local:
                return pid
    raise LookupError("no worker holds this connection")


def idlers_elsewhere(server: Served, person: Person, worker: int) -> list[IMAPClient]:
    """A session in the inbox on each worker but this one; the kernel spreads connections."""
    found: dict[int, IMAPClient] = {}
    wanted = set(server.worker_pids()) - {worker}
    for _ in range(300):
        client = session(server, person)
        pid = worker_of(server, client.socket().getsockname())
        if pid in wanted:
            client.select_folder("INBOX")
            found[pid] = client
            wanted.remove(pid)
        else:
            client.logout()
        if not wanted:
            return list(found.values())
    raise AssertionError(f"no connection came to {wanted}")


def test_a_delivery_wakes_idle_on_every_other_worker(four_workers: Served) -> None:
    server = four_workers
    person = Person(f"idler@{server.domain}", "correct horse battery")
    server.cli("account", "add", person.address, "--password-stdin", say=person.password)
    lmtp = smtplib.LMTP("127.0.0.1", server.port("lmtp"))
    receivers = idlers_elsewhere(server, person, worker_of(server, lmtp.sock.getsockname()))
    took = []
    for number in range(20):
        for receiver in receivers:
            receiver.idle()
        lmtp.sendmail("a@example.net", [person.address], letter(f"wake-{number}"))
        answered = time.monotonic()
        took += woken(receivers, answered)
        for receiver in receivers:
            receiver.idle_done()
    lmtp.quit()
    middle, longest = sorted(took)[len(took) // 2], max(took)
    print(f"IDLE on other workers, woken after the 250: {middle * 1000:.1f} ms, at most {longest * 1000:.1f} ms")


def woken(receivers: list[IMAPClient], since: float) -> list[float]:
    """How long after `since` each of these heard EXISTS; raises TimeoutError."""
    took = []
    with selectors.DefaultSelector() as selector:
        for receiver in receivers:
            selector.register(receiver.socket(), selectors.EVENT_READ, receiver)
        while selector.get_map():
            ready = selector.select(15)
            if not ready:
                raise TimeoutError("IDLE heard nothing")
            heard = time.monotonic()
            for key, _ in ready:
                if any(answer[1] == b"EXISTS" for answer in key.data.idle_check(timeout=30)):
                    took.append(heard - since)
                    selector.unregister(key.fileobj)
    return took


def test_sharing(server: Served, person: Person) -> None:
    other = Person(f"other.{person.address}", PASSWORD)
    server.cli("account", "add", other.address, "--password-stdin", say=PASSWORD)
    with session(server, person) as owner, session(server, other) as guest:
        assert owner.namespace().other == (("Other Users/", "/"),)
        assert owner.namespace().shared == (("Shared/", "/"),)
        owner.create_folder("Projects/2026")
        owner.append("Projects/2026", letter("plan"))
        shared = f"Other Users/{person.address}/Projects/2026"
        assert not guest.folder_exists(shared)
        owner.setacl("Projects", other.address, "lrs")
        held = [(person.address.encode(), b"lrswipkxteacd"), (other.address.encode(), b"lrs")]
        assert owner.getacl("Projects") == held
        assert [name for _, _, name in guest.list_folders("Other Users/", "*")] == [
            f"Other Users/{person.address}",
            shared.rpartition("/")[0],
            shared,
        ]
        guest.select_folder(shared)
        assert guest.fetch([1], ["ENVELOPE"])[1][b"ENVELOPE"].subject == b"plan"
        guest.copy([1], "INBOX")
        with pytest.raises(IMAPClientError, match="NOPERM"):
            guest.delete_messages([1])
        owner.setacl("Projects", other.address, "-lrs")
        with pytest.raises(IMAPClientAbortError):
            guest.noop()
    with session(server, other) as guest:
        assert guest.list_folders("Other Users/", "*") == []
        assert guest.select_folder("INBOX")[b"EXISTS"] == 1
