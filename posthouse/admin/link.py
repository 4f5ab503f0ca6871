"""Share links to an account's files: made, listed, revoked."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from posthouse.admin.names import address_of
from posthouse.core.accounts.lookup import addresses_of, find_login
from posthouse.core.authentication.settings import AuthenticationSettings
from posthouse.core.files.conditions import Conditions
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
from posthouse.core.files.sharing import find_file
from posthouse.core.files.tree import paths_of
from posthouse.core.sharing.settings import Reach
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
    """A link; `path` is empty for what is in the trash now, times are ms, 0 for none, `by` whose it is."""

    id: str
    path: str
    mode: str
    password: bool
    expires: int
    downloads: int
    used: int
    label: str
    by: str


async def add(
    store: Store,
    address: str,
    path: str,
    wish: LinkWish,
    password: str,
    by: str | None,
    site: Callable[[str], str],
    authentication: AuthenticationSettings,
    limits: FileLimits,
    reach: Reach,
    now: int,
) -> LinkMade:
    """Share what is at a path among an account's or a group's files, in the name of the account `by`, None for the
    owner; `site` makes a token an address, `password` is empty for none.

    Raises BadAddress, NotHere, NoSuchAccountHere, NoSuchFile, NotPermitted, NotAFolder, TooManyLinks.
    """
    spot = await store.read(find_file, address_of(address), [step for step in path.split("/") if step])
    if not spot.account:
        raise NoSuchFile(path)
    conditions = Conditions(spot.account if by is None else await _account(store, by), reach=reach)
    if password:
        wish = msgspec.structs.replace(wish, password=link_password(password, authentication))
    token = new_token(spot.account, spot.node)
    key = read_token(token)
    try:
        await store.write(make_link, key, wish, conditions, limits, now)
    except NoSuchFile:
        raise NoSuchFile(path) from None
    return LinkMade(key.hash.hex()[:ID_DIGITS], site(token))


async def list_all(store: Store, address: str) -> list[LinkShown]:
    """The links to an account's or a group's files; raises BadAddress, NotHere."""
    account = (await store.read(find_file, address_of(address), [])).account
    links = await store.read(list_links, account, None, MOST)
    paths = await store.read(paths_of, account, [link.key.node for link in links])
    makers = await store.read(addresses_of, [link.record.who for link in links])
    return [_shown(*each) for each in zip(links, paths, makers, strict=True)]


async def remove(store: Store, address: str, id_: str) -> None:
    """Revoke a link; raises BadAddress, NotHere, NoSuchLink."""
    account = (await store.read(find_file, address_of(address), [])).account
    for link in await store.read(list_links, account, None, MOST):
        if link.key.hash.hex()[:ID_DIGITS] == id_.strip().lower():
            await store.write(drop_link, link.key, Conditions(account))
            return
    raise NoSuchLink(id_)


async def _account(store: Store, address: str) -> int:
    canonical = address_of(address)
    found = await store.read(find_login, canonical)
    if found is None:
        raise NoSuchAccountHere(canonical)
    return found.account


def _shown(link: Link, path: list[str] | None, maker: str) -> LinkShown:
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
        maker,
    )
