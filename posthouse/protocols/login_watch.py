"""A session ends when who has logged in may not stay: another password, a disabled account."""

from __future__ import annotations

from collections.abc import Callable

from posthouse.core.authentication.authenticator import Login
from posthouse.core.authentication.standing import login_stands
from posthouse.core.bus import Bus
from posthouse.protocols.sessions import Channel
from posthouse.storage.contract import Store, StoreUnavailable
from posthouse.storage.topics import login_topic


def watch_login(login: Login, store: Store, bus: Bus, channel: Channel, end: Callable[[], None]) -> Callable[[], None]:
    """Call `end` when who logged in may not stay; what it returns ends the watch."""

    def look(_topic: str) -> None:
        channel.spawn(_look(login, store, end))

    return bus.subscribe(login_topic(login.account), look)


async def _look(login: Login, store: Store, end: Callable[[], None]) -> None:
    try:
        stands = await store.read(login_stands, login.account, login.epoch)
    except StoreUnavailable:
        stands = False  # nobody stays on the strength of what cannot be looked up
    if not stands:
        end()
