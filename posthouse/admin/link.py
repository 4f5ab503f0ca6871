"""Share links to an account's files: made, listed, revoked."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from posthouse.admin.names import address_of
from posthouse.core.accounts.lookup import find_login
from posthouse.core.authentication.settings import AuthenticationSettings
from posthouse.core.files.errors import NoSuchFile, NoSuchLink
from posthouse.core.files.links import (
    Link,
    LinkWish,
    drop_link,
    link_password,
    list_links,
    make_link,
    new_token,
    read_token,
)
from posthouse.core.files.settings import FileLimits
from posthouse.core.files.tree import paths_of, resolve
from posthouse.storage.contract import Refused, Store

MOST = 100_000
ID_DIGITS = 12  # of the hash of a link's secret: enough to tell it by, useless to open it


class NoSuchAccountHere(Refused):
    """args: the address."""


class LinkMade(msgspec.Struct, frozen=True):
    """A new link: its address, which is shown this once, and what it is told by later."""

    id: str
    address: str


class LinkShown(msgspec.Struct, frozen=True):
    """A link; `path` is empty for what is in the trash now, times are ms, 0 for none."""

    id: str
    path: str
    mode: str
    password: bool
    expires: int
    downloads: int
    used: int
    label: str


async def add(
    store: Store,
    address: str,
    path: str,
    wish: LinkWish,
    password: str,
    site: Callable[[str], str],
    authentication: AuthenticationSettings,
    limits: FileLimits,
    now: int,
) -> LinkMade:
    """Share what is at a path; `site` makes a token an address, `password` is empty for none.

    Raises BadAddress, NoSuchAccountHere, NoSuchFile, NotAFolder, TooManyLinks.
    """
    account = await _account(store, address)
    entry = (await store.read(resolve, account, [step for step in path.split("/") if step])).entry
    if entry is None:
        raise NoSuchFile(path)
    if password:
        wish = msgspec.structs.replace(wish, password=link_password(password, authentication))
    token = new_token(account, entry.node)
    key = read_token(token)
    await store.write(make_link, key, wish, account, limits, now)
    return LinkMade(key.hash.hex()[:ID_DIGITS], site(token))


async def list_all(store: Store, address: str) -> list[LinkShown]:
    """An account's links; raises BadAddress, NoSuchAccountHere."""
    account = await _account(store, address)
    links = await store.read(list_links, account, None, MOST)
    paths = await store.read(paths_of, account, [link.key.node for link in links])
    return [_shown(link, path) for link, path in zip(links, paths, strict=True)]


async def remove(store: Store, address: str, id_: str) -> None:
    """Revoke a link; raises BadAddress, NoSuchAccountHere, NoSuchLink."""
    account = await _account(store, address)
    for link in await store.read(list_links, account, None, MOST):
        if link.key.hash.hex()[:ID_DIGITS] == id_.strip().lower():
            await store.write(drop_link, link.key)
            return
    raise NoSuchLink(id_)


async def _account(store: Store, address: str) -> int:
    canonical = address_of(address)
    found = await store.read(find_login, canonical)
    if found is None:
        raise NoSuchAccountHere(canonical)
    return found.account


def _shown(link: Link, path: list[str] | None) -> LinkShown:
    record = link.record
    where = "" if path is None else "/" + "/".join(path)
    has_password = bool(record.password)
    return LinkShown(
        link.key.hash.hex()[:ID_DIGITS],
        where,
        record.mode,
        has_password,
        record.expires,
        record.downloads,
        record.used,
        record.label,
    )
