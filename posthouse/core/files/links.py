"""Share links: whoever has the token may read a file or folder, or put files into a folder, without an account.

A token says whose file it is and which, and has a secret; only the secret's hash is kept. While the file is in the
trash its links lead nowhere; they go with it.

Who administers a file may make links to it (SPEC F3). A link never gives more than its maker has himself, in the
moment in which it is used: when his rights end, so does it.
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
from posthouse.core.files.access import Access, access_of
from posthouse.core.files.conditions import Conditions
from posthouse.core.files.errors import LinkOver, NoSuchFile, NoSuchLink, NotAFolder, TooManyLinks
from posthouse.core.files.names import canonical
from posthouse.core.files.records import ENCODER, Entry, LinkRecord, decode_link
from posthouse.core.files.settings import FileLimits
from posthouse.core.files.tree import above, list_folder, locate, read_entry
from posthouse.core.sharing.effective import Visitor
from posthouse.core.sharing.rights import Right
from posthouse.core.sharing.settings import Reach
from posthouse.storage.contract import ReadTransaction, WriteTransaction, operation, query
from posthouse.storage.spaces import FILE_LINK

SECRET_OCTETS = 16
_NEEDS = {"read": Right.READ, "upload": Right.INSERT}  # what the maker must have himself
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


class LinkMembers(msgspec.Struct, array_like=True, frozen=True):
    """Some of what is in a folder; `after` begins the next, None at the end."""

    members: list[tuple[str, Entry]]
    after: str | None


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
    txn: WriteTransaction, key: LinkKey, wish: LinkWish, conditions: Conditions, limits: FileLimits, now: int
) -> LinkRecord:
    """Share a node; raises NoSuchFile, NotPermitted, NotAFolder (to upload into), TooManyLinks."""
    nodes = above(txn, key.account, key.node)
    found = locate(txn, key.account, key.node)
    access_of(txn, key.account, conditions).need(nodes, Right.ADMINISTER | _NEEDS[wish.mode])
    if wish.mode == "upload" and not found.entry.is_folder:
        raise NotAFolder(found.place.name)
    if sum(1 for _ in islice(txn.scan(*FILE_LINK.range(key.account)), limits.links)) >= limits.links:
        raise TooManyLinks(limits.links)
    record = LinkRecord(wish.mode, conditions.who, now, wish.password, wish.expires, wish.downloads, wish.label)
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
def open_link(txn: ReadTransaction, key: LinkKey, reach: Reach, now: int) -> Link:
    """What a token leads to; raises NoSuchLink, LinkOver. The caller asks for the password where there is one."""
    record = _read(txn, key, now)
    for account in {key.account, record.who}:
        holder = read_account(txn, account)
        if holder is None or effective_status(txn, holder) != "enabled":
            raise NoSuchLink(str(key.node))
    try:
        nodes = above(txn, key.account, key.node)
        found = locate(txn, key.account, key.node)
    except NoSuchFile:
        raise NoSuchLink(str(key.node)) from None
    needs = Right.ADMINISTER | _NEEDS[record.mode]
    if needs & ~_of_maker(txn, key, record, reach).rights(nodes):
        raise NoSuchLink(str(key.node))
    return Link(key, record, found.entry, found.place.name)


@query
def open_in_link(
    txn: ReadTransaction, key: LinkKey, path: list[str], reach: Reach, now: int
) -> tuple[Link, str, Entry]:
    """A link, and what is at a path below what it leads to: its name and entry.

    Raises as `open_link` does, and NoSuchFile. A document has nothing below it but itself, by its name.
    """
    link = open_link(txn, key, reach, now)
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
    if path and Right.READ & ~_of_maker(txn, key, link.record, reach).rights(above(txn, key.account, entry.node)):
        raise NoSuchFile(name)
    return link, name, entry


@query
def members_by_link(txn: ReadTransaction, link: Link, folder: int, after: str, limit: int, reach: Reach) -> LinkMembers:
    """Those among up to `limit` members of a folder behind the name `after` ("" to begin) that the link's maker may
    read; nothing of a folder that is gone.
    """
    account = link.key.account
    page = list_folder(txn, account, folder, after, limit)
    following = page[-1][0] if len(page) == limit else None
    access = _of_maker(txn, link.key, link.record, reach)
    if page and not access.is_owner:
        nodes = above(txn, account, folder)
        page = [(name, entry) for name, entry in page if access.rights([entry.node, *nodes]) & Right.READ]
    return LinkMembers(page, following)


@operation
def count_download(txn: WriteTransaction, key: LinkKey, now: int) -> int:
    """Use a link once more; how often it was by now. Raises NoSuchLink, LinkOver."""
    record = _read(txn, key, now)
    record.used += 1
    txn.put(_stored(key), ENCODER.encode(record))
    return record.used


@operation
def drop_link(txn: WriteTransaction, key: LinkKey, conditions: Conditions) -> None:
    """Share it by this link no more, as its maker or who administers the file may have it.

    Raises NoSuchLink, NotPermitted, NoSuchFile.
    """
    value = txn.get(_stored(key))
    if value is None:
        raise NoSuchLink(str(key.node))
    if conditions.who not in (key.account, decode_link(value).who):
        access_of(txn, key.account, conditions).need(above(txn, key.account, key.node), Right.ADMINISTER)
    txn.delete(_stored(key))


def _read(txn: ReadTransaction, key: LinkKey, now: int) -> LinkRecord:
    value = txn.get(_stored(key))
    if value is None:
        raise NoSuchLink(str(key.node))
    record = decode_link(value)
    if (record.expires and record.expires <= now) or (record.downloads and record.used >= record.downloads):
        raise LinkOver(record.label)
    return record


def _of_maker(txn: ReadTransaction, key: LinkKey, record: LinkRecord, reach: Reach) -> Access:
    return Access(txn, key.account, Visitor(record.who, reach))


def _stored(key: LinkKey) -> bytes:
    return FILE_LINK.key(key.account, key.node, key.hash)
