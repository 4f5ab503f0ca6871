"""Looking at mail that was expunged, and putting it back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from posthouse.admin.names import address_of
from posthouse.core.accounts.accounts import show_account
from posthouse.core.mail.settings import MailSettings
from posthouse.core.mail.undelete import Choice, ExpungedShown, expunged_page, undelete_some
from posthouse.storage.contract import Store

PAGE = 500  # messages in one transaction: other writers wait so long


async def list_expunged(store: Store, address: str, choice: Choice) -> AsyncIterator[ExpungedShown]:
    """Each message that can be put back, the one that went first at first; raises BadAddress, NoSuchAccount."""
    account = (await store.read(show_account, address_of(address))).number
    after: bytes | None = b""
    while after is not None:
        page = await store.read(expunged_page, account, choice, after, PAGE)
        for message in page.messages:
            yield message
        after = page.last


async def undelete(
    store: Store,
    address: str,
    choice: Choice,
    into: str | None,
    now: Callable[[], int],
    mail: MailSettings,
    advance: Callable[[int], None] = lambda _: None,
) -> int:
    """Put them back, some at a time; how many. `advance` is told of each time's.

    Raises BadAddress, NoSuchAccount, OverQuota and what making a mailbox refuses with: what was put back by then stays.
    """
    account = (await store.read(show_account, address_of(address))).number
    count = 0
    after: bytes | None = b""
    while after is not None:
        done = await store.write(undelete_some, account, choice, into, after, PAGE, now(), mail)
        count += done.messages
        advance(done.messages)
        after = done.last
    return count
