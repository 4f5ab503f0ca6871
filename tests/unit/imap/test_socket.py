"""A client that we did not write, over a real socket."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable
from typing import Any, cast

import imapclient
from twisted.internet import reactor

from tests.unit.imap.world import World, open_world

MESSAGE = b"From: ann@example.org\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nHello\r\n"


async def with_client(world: World, work: Callable[[imapclient.IMAPClient], Any]) -> Any:
    """Run blocking work with a logged-in client in a thread, while the server runs here."""
    port = cast(Any, reactor).listenTCP(0, world.factory, interface="127.0.0.1")

    def run() -> Any:
        with imapclient.IMAPClient("127.0.0.1", port=port.getHost().port, ssl=False, timeout=20) as client:
            client.login("alice@example.org", "secret")
            return work(client)

    try:
        return await asyncio.get_running_loop().run_in_executor(None, run)
    finally:
        await port.stopListening().asFuture(asyncio.get_running_loop())


def everyday(client: imapclient.IMAPClient) -> None:
    assert client.has_capability("UIDPLUS")
    assert {name for _, _, name in client.list_folders()} >= {"INBOX", "Sent", "Trash"}
    assert client.find_special_folder(b"\\Trash") == "Trash"
    client.create_folder("Grüße/2026")
    assert client.folder_exists("Grüße/2026")
    when = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    assert b"APPENDUID" in client.append("INBOX", MESSAGE, ["\\Seen", "work"], when)
    client.append("INBOX", MESSAGE)
    assert client.select_folder("INBOX")[b"EXISTS"] == 2
    first, second = client.search("ALL")
    row = client.fetch([first], ["FLAGS", "INTERNALDATE", "ENVELOPE", "BODYSTRUCTURE", "BODY.PEEK[]"])[first]
    assert set(row[b"FLAGS"]) >= {b"\\Seen", b"work"}
    assert row[b"ENVELOPE"].from_[0].mailbox == b"ann"
    assert row[b"BODY[]"] == MESSAGE
    assert client.search(["SUBJECT", "grüße"], "UTF-8") == [first, second]
    client.copy([first], "Grüße/2026")
    client.move([second], "Trash")
    assert client.folder_status("Trash", ["MESSAGES"])[b"MESSAGES"] == 1
    client.delete_messages([first])
    client.expunge()
    assert client.search("ALL") == []
    client.idle()
    assert client.idle_check(timeout=0) == []
    client.idle_done()
    client.rename_folder("Grüße", "Regards")
    assert client.folder_exists("Regards/2026")


async def test_everyday_work() -> None:
    await with_client(await open_world(), everyday)


async def test_a_large_message_there_and_back() -> None:
    octets = b"Subject: large\r\n\r\n" + b"0123456789abcdef" * 64 * 1024 * 5

    def work(client: imapclient.IMAPClient) -> bytes:
        client.append("INBOX", octets)
        client.select_folder("INBOX")
        return bytes(client.fetch([1], ["BODY[]"])[1][b"BODY[]"])

    assert await with_client(await open_world(), work) == octets
