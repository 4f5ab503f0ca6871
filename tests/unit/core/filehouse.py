"""An account with files, on any engine."""

from __future__ import annotations

import hashlib

import msgspec

from posthouse.core.accounts.accounts import NewAccount, add_account
from posthouse.core.accounts.domains import add_domain
from posthouse.core.accounts.quota import usage
from posthouse.core.files.conditions import Conditions
from posthouse.core.files.erasing import erase_doomed
from posthouse.core.files.records import ROOT, Entry
from posthouse.core.files.settings import FileLimits, FileSettings
from posthouse.core.files.sharing import share_file
from posthouse.core.files.tree import list_folder, resolve
from posthouse.core.files.writing import Document, make_folder, put_document
from posthouse.core.maintenance.account import check_account
from posthouse.core.maintenance.blobs import find_miscounts
from posthouse.core.sharing.rights import PRESETS, Right
from posthouse.core.sharing.settings import SharingSettings
from posthouse.storage.blobs.records import Blob
from posthouse.storage.contract import ReadTransaction, Store, query

NOW = 1_790_000_000_000
DAY = 86_400_000
LIMITS = FileSettings().limits
ME = Conditions(1)


async def with_sharer(store: Store, rights: Right = PRESETS["full"]) -> int:
    """Ann as below, who shares all her files with Bob, account 2."""
    await with_account(store)
    bob = await store.write(add_account, NewAccount("bob@example.org", "", None, None), NOW)
    await share(store, "", "bob@example.org", rights)
    return bob


async def share(store: Store, path: str, whom: str, rights: Right) -> None:
    """Give somebody rights on a file; "" is the root."""
    at_node = await node(store, path)
    await store.write(share_file, 1, at_node, whom, "set", int(rights), ME, SharingSettings(), LIMITS, NOW)


async def with_account(store: Store) -> int:
    """Ann of example.org, who is account 1."""
    await store.write(add_domain, "example.org", None, NOW)
    return await store.write(add_account, NewAccount("ann@example.org", "", None, None), NOW)


def document(octets: bytes | str, media_type: str = "text/plain") -> Document:
    """Contents to write."""
    content = octets.encode() if isinstance(octets, str) else octets
    return Document(Blob(hashlib.sha256(content).digest(), len(content), content, None), media_type)


async def put(
    store: Store, path: str, octets: bytes | str = "hello", conditions: Conditions = ME, now: int = NOW, **limits: int
) -> Entry:
    """Write a document whose folder is there."""
    folder, name = await split(store, path)
    allowed = msgspec.structs.replace(LIMITS, **limits)
    return (await store.write(put_document, 1, folder, name, document(octets), conditions, allowed, now)).entry


async def folders(store: Store, *paths: str, now: int = NOW, limits: FileLimits = LIMITS) -> list[int]:
    """Make folders; their numbers."""
    made = []
    for path in paths:
        folder, name = await split(store, path)
        made.append((await store.write(make_folder, 1, folder, name, ME, limits, now)).entry.node)
    return made


async def split(store: Store, path: str) -> tuple[int, str]:
    """The folder's node and the name."""
    *above, name = path.split("/")
    entry = (await store.read(resolve, 1, above)).entry
    assert entry is not None, path
    return entry.node, name


async def at(store: Store, path: str) -> Entry | None:
    """What is at a path; "" is the root."""
    return (await store.read(resolve, 1, path.split("/") if path else [])).entry


async def node(store: Store, path: str) -> int:
    """The node of what is there."""
    entry = await at(store, path)
    assert entry is not None, path
    return entry.node


async def names(store: Store, path: str = "") -> list[str]:
    """What is in a folder."""
    return [name for name, _ in await store.read(list_folder, 1, await node(store, path), "", 10_000)]


async def tree(store: Store, folder: int = ROOT, prefix: str = "") -> dict[str, str]:
    """All paths under a folder, with the size of documents."""
    found = {}
    for name, entry in await store.read(list_folder, 1, folder, "", 10_000):
        found[prefix + name] = "folder" if entry.is_folder else entry.etag[:6]
        if entry.is_folder:
            found |= await tree(store, entry.node, f"{prefix}{name}/")
    return found


async def octets_held(store: Store) -> int:
    """What counts in the quota."""
    return (await store.read(usage, 1)).octets


async def erase_all(store: Store, limit: int = 1000) -> int:
    """Do what the job does; how many steps it took."""
    steps = 1
    while not await store.write(erase_doomed, 1, limit, NOW):
        await sound(store)
        steps += 1
        assert steps < 1000
    return steps


@query
def records(txn: ReadTransaction) -> dict[str, int]:
    """How many records there are in each space of files, and blobs that somebody holds."""
    spaces = {tag: sum(1 for _ in txn.scan(bytes([tag]), bytes([tag + 1]))) for tag in (*range(0x80, 0x88), 0x8B, 0x8C)}
    return {f"{tag:x}": count for tag, count in spaces.items() if count}


async def sound(store: Store) -> None:
    """Nothing that verify would find."""
    report = await store.read(check_account, 1)
    assert [f"{fault.where}: {fault.what}" for fault in report.faults + report.letter_faults] == []
    assert await store.read(find_miscounts, b"", b"\xff" * 32) == []
