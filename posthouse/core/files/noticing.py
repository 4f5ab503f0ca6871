"""Telling people what others changed in folders that they hear of: one letter for all of a window.

What was told is forgotten in the transaction that queues the letter, so it is told once, whoever dies when. Nobody
hears of anything that he may not read any more; with his rights on the folder goes his wish. Who is disabled keeps it.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from posthouse.core.accounts.lookup import addresses_of, effective_status
from posthouse.core.accounts.records import read_account
from posthouse.core.files.access import Access
from posthouse.core.files.errors import NoSuchFile
from posthouse.core.files.notices import Notice, NoticeLine, compose
from posthouse.core.files.tree import above, paths_of
from posthouse.core.files.watching import Deed, drop_watch, may_still, read_watch, what_of, write_watch
from posthouse.core.mail.letters import Letters
from posthouse.core.mail.records import Letter
from posthouse.core.queue.numbers import new_number, written
from posthouse.core.queue.send import NewRecipient, Outbound, enqueue
from posthouse.core.sharing.effective import Visitor
from posthouse.core.sharing.rights import Right
from posthouse.formats.address import parse_address
from posthouse.storage.contract import ReadTransaction, Store, WriteTransaction, operation, query
from posthouse.storage.jobs import Lease, end_job, holds_job, put_off_job
from posthouse.storage.spaces import FILE_DEED

RETURN_PATH = b"Return-Path: <>\r\n"


class Gathered(msgspec.Struct, array_like=True, frozen=True):
    """What there is to tell somebody, None for nothing: `due` marks the window, `may_hear` is False where he may not
    read the folder any more, or is nobody.
    """

    notice: Notice | None
    due: int
    may_hear: bool


@query
def gather(txn: ReadTransaction, account: int, node: int, who: int) -> Gathered | None:
    """What others changed; None where he does not want to hear of it, or there is nothing yet."""
    record = read_watch(txn, account, node, who)
    if record is None or not record.due:
        return None
    owner, watcher = read_account(txn, account), read_account(txn, who)
    access = Access(txn, account, Visitor(who, record.reach))
    try:
        may_hear = bool(access.rights(above(txn, account, node)) & Right.READ)
    except NoSuchFile:
        may_hear = False  # it is in the trash: from there it may come back, but not to be watched
    if not may_hear or owner is None or watcher is None or watcher.status == "deleted":
        return Gathered(None, record.due, False)
    if effective_status(txn, watcher) == "disabled":
        return Gathered(None, record.due, True)  # as no other letter reaches him meanwhile
    deeds: list[tuple[int, Deed, str]] = []
    kept = 0
    for key, value in txn.scan(*FILE_DEED.range(account, node, who)):
        *_, at, actor, what = FILE_DEED.parse(key)
        deed = _decode(value)
        kept += 1
        told = what_of(what)
        # what was deleted for him may be where he cannot read
        if may_still(txn, account, access, [deed.folder] if told == "deleted" else [at, deed.folder]):
            deeds.append((actor, deed, told))
    names = dict.fromkeys(actor for actor, _, _ in deeds)
    addresses = dict(zip(names, addresses_of(txn, list(names)), strict=True))
    lines = [
        NoticeLine(deed.when, addresses[actor], what, deed.path, deed.is_folder)
        for actor, deed, what in sorted(deeds, key=lambda each: (each[1].when, each[1].path))
    ]
    if not lines:
        return Gathered(None, record.due, True)
    path = paths_of(txn, account, [node])[0] or []
    more = max(0, record.deeds - kept)
    return Gathered(Notice(watcher.address, owner.address, path, lines, more), record.due, True)


@operation
def settle(
    txn: WriteTransaction,
    account: int,
    node: int,
    who: int,
    due: int,
    may_hear: bool,
    window: int,
    letter: Letter | None,
    outbound: Outbound | None,
    now: int,
) -> bool:
    """Forget what was gathered and queue the letter about it; False when that is done already."""
    record = read_watch(txn, account, node, who)
    if record is None or record.due != due:
        return False
    txn.delete_range(*FILE_DEED.range(account, node, who))
    if not may_hear or not window:
        drop_watch(txn, account, node, who)
        return True
    record.due, record.deeds, record.window = 0, 0, window
    write_watch(txn, account, node, who, record)
    if letter is not None and outbound is not None:
        enqueue(txn, letter, outbound, now)
    return True


@operation
def finish_noticing(txn: WriteTransaction, lease: Lease, body: bytes, now: int) -> bool:
    """End the job, or put it off to when the next window ends; False when it is another's."""
    if not holds_job(txn, lease):
        return False
    record = read_watch(txn, *[int(number) for number in body.split()])
    return end_job(txn, lease) if record is None or not record.due else put_off_job(txn, lease, max(now, record.due))


class Noticer:
    """Tells them; `window` (ms) is for how long changes are gathered, `expires` (ms) how long a letter is tried."""

    def __init__(
        self, store: Store, letters: Letters, hostname: str, window: int, expires: int, now: Callable[[], int]
    ) -> None:
        self._store = store
        self._letters = letters
        self._hostname = hostname
        self._window = window
        self._expires = expires
        self._now = now

    async def tell(self, body: bytes) -> None:
        """Do a job; raises StoreUnavailable."""
        account, node, who = [int(number) for number in body.split()]
        gathered = await self._store.read(gather, account, node, who)
        now = self._now()
        if gathered is None or gathered.due > now:
            return
        letter, outbound = None, None
        if gathered.notice is not None and self._window:
            letter, outbound = await self._letter(gathered.notice, now)
        await self._store.write(
            settle, account, node, who, gathered.due, gathered.may_hear, self._window, letter, outbound, now
        )

    async def _letter(self, notice: Notice, now: int) -> tuple[Letter, Outbound]:
        number = new_number(now)
        writer = self._letters.open()
        try:
            writer.write(RETURN_PATH)
            writer.write(compose(notice, f"{written(number)}@{self._hostname}", now))
            letter = await writer.finish()
        except BaseException:
            writer.abandon()
            raise
        recipient = NewRecipient(notice.whom, own=True, notify=("never",))
        domain = parse_address(notice.whom).domain
        return letter, Outbound(
            number=number,
            sender="",  # nobody need hear what became of it, and nothing answers it
            domain=domain,
            account=0,
            recipients=[recipient],
            start=len(RETURN_PATH),
            prefix=b"",
            expires=now + self._expires,
        )


_decode = msgspec.msgpack.Decoder(Deed).decode
