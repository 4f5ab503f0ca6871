"""Share links: whoever has the token may read a file or folder, or put files into a folder, without an account.

A token says whose file it is and which, and has a secret; only the secret's hash is kept. While the file is in the
trash its links lead nowhere; they go with it.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from itertools import islice
from typing import Literal

import argon2
import msgspec

from posthouse.core.accounts.lookup import effective_status
from posthouse.core.accounts.records import read_account
from posthouse.core.authentication.passwords import hasher, prepared
from posthouse.core.authentication.settings import AuthenticationSettings
from posthouse.core.files.errors import LinkOver, NoSuchFile, NoSuchLink, NotAFolder, TooManyLinks
from posthouse.core.files.names import canonical
from posthouse.core.files.records import ENCODER, Entry, LinkRecord, decode_link
from posthouse.core.files.settings import FileLimits
from posthouse.core.files.tree import above, locate, read_entry
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import FILE_LINK

SECRET_OCTETS = 16
_TOKEN = re.compile(r"([0-9a-f]{1,8})-([0-9a-f]{1,8})-([A-Za-z0-9_-]{22})")


class LinkKey(msgspec.Struct, array_like=True, frozen=True):
    """What of a token finds its link."""

    account: int
    node: int
    hash: bytes


class LinkWish(msgspec.Struct, array_like=True, frozen=True):
    """A link to make: `password` is its argon2id hash, `expires` in ms, `downloads` how many; 0 and "" for none."""

    mode: Literal["read", "upload"]
    password: str = ""
    expires: int = 0
    downloads: int = 0
    label: str = ""


class Link(msgspec.Struct, array_like=True, frozen=True):
    """A link and what it leads to."""

    key: LinkKey
    record: LinkRecord
    entry: Entry
    name: str


def new_token(account: int, node: int) -> str:
    """A token that nobody can guess."""
    return f"{account:x}-{node:x}-{secrets.token_urlsafe(SECRET_OCTETS)}"


def read_token(token: str) -> LinkKey:
    """What finds its link; raises NoSuchLink for what is no token."""
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise NoSuchLink(token[:64])
    digest = hashlib.sha256(b"posthouse share link\0" + found[3].encode()).digest()
    return LinkKey(int(found[1], 16), int(found[2], 16), digest)


def link_password(password: str, settings: AuthenticationSettings) -> str:
    """What is kept of a link's password; takes tens of milliseconds."""
    return hasher(settings).hash(prepared(password).encode())


def is_link_password(held: str, password: str) -> bool:
    """Whether it is the link's; takes tens of milliseconds."""
    try:
        return argon2.PasswordHasher().verify(held, prepared(password).encode())
    except argon2.exceptions.VerificationError:
        return False


@operation
def make_link(
    txn: WriteTransaction, key: LinkKey, wish: LinkWish, who: int, limits: FileLimits, now: int
) -> LinkRecord:
    """Share a node; raises NoSuchFile, NotAFolder (to upload into), TooManyLinks."""
    above(txn, key.account, key.node)
    found = locate(txn, key.account, key.node)
    if wish.mode == "upload" and not found.entry.is_folder:
        raise NotAFolder(found.place.name)
    if sum(1 for _ in islice(txn.scan(*FILE_LINK.range(key.account)), limits.links)) >= limits.links:
        raise TooManyLinks(limits.links)
    record = LinkRecord(wish.mode, who, now, wish.password, wish.expires, wish.downloads, wish.label)
    txn.put(_stored(key), ENCODER.encode(record))
    return record


@query
def list_links(txn: ReadTransaction, account: int, node: int | None, limit: int) -> list[Link]:
    """Up to `limit` links to a node, or to any of the account's, also those that lead nowhere any more or now."""
    found = []
    values = (account,) if node is None else (account, node)
    for key, value in islice(txn.scan(*FILE_LINK.range(*values)), limit):
        held = LinkKey(*FILE_LINK.parse(key))
        there = locate(txn, account, held.node)
        found.append(Link(held, decode_link(value), there.entry, there.place.name))
    return found


@query
def open_link(txn: ReadTransaction, key: LinkKey, now: int) -> Link:
    """What a token leads to; raises NoSuchLink, LinkOver. The caller asks for the password where there is one."""
    record = _read(txn, key, now)
    owner = read_account(txn, key.account)
    if owner is None or effective_status(txn, owner) != "enabled":
        raise NoSuchLink(str(key.node))
    try:
        above(txn, key.account, key.node)
        found = locate(txn, key.account, key.node)
    except NoSuchFile:
        raise NoSuchLink(str(key.node)) from None
    return Link(key, record, found.entry, found.place.name)


@query
def open_in_link(txn: ReadTransaction, key: LinkKey, path: list[str], now: int) -> tuple[Link, str, Entry]:
    """A link, and what is at a path below what it leads to: its name and entry.

    Raises as `open_link` does, and NoSuchFile. A document has nothing below it but itself, by its name.
    """
    link = open_link(txn, key, now)
    name, entry = link.name, link.entry
    if not entry.is_folder:
        if [canonical(step) for step in path] not in ([], [name]):
            raise NoSuchFile("/".join(path)[:200])
        return link, name, entry
    for step in path:
        name = canonical(step)
        found = read_entry(txn, key.account, entry.node, name) if entry.is_folder else None
        if found is None:
            raise NoSuchFile(name)
        entry = found
    return link, name, entry


@operation
def count_download(txn: WriteTransaction, key: LinkKey, now: int) -> int:
    """Use a link once more; how often it was by now. Raises NoSuchLink, LinkOver."""
    record = _read(txn, key, now)
    record.used += 1
    txn.put(_stored(key), ENCODER.encode(record))
    return record.used


@operation
def drop_link(txn: WriteTransaction, key: LinkKey) -> None:
    """Share it by this link no more; raises NoSuchLink."""
    if not txn.delete(_stored(key)):
        raise NoSuchLink(str(key.node))


def _read(txn: ReadTransaction, key: LinkKey, now: int) -> LinkRecord:
    value = txn.get(_stored(key))
    if value is None:
        raise NoSuchLink(str(key.node))
    record = decode_link(value)
    if (record.expires and record.expires <= now) or (record.downloads and record.used >= record.downloads):
        raise LinkOver(record.label)
    return record


def _stored(key: LinkKey) -> bytes:
    return FILE_LINK.key(key.account, key.node, key.hash)
