"""The grammar of commands that change messages of the open mailbox, and of UIDBATCHES; RFC 9051 9."""

from __future__ import annotations

from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.commands.messages import Copy, Move, Store, StoreMode, UidExpunge
from posthouse.protocols.imap.wire.commands.search import UidBatches
from posthouse.protocols.imap.wire.reader import MAX_NUMBER64, Expected, Reader, as_flags


def uid_expunge(reader: Reader, tag: str) -> UidExpunge:
    """`"UID" SP "EXPUNGE" SP sequence-set`; RFC 4315 2.1."""
    reader.sp()
    sequence = reader.sequence_set()
    reader.end()
    return UidExpunge(tag, sequence)


def uid_batches(reader: Reader, tag: str) -> UidBatches:
    """`"UIDBATCHES" SP nz-number [SP nz-number ":" nz-number]`; RFC 10022 4."""
    reader.sp()
    size = reader.number("a number of messages", least=1)
    batches: tuple[int, int] | None = None
    if not reader.at_end():
        reader.sp()
        first = reader.number("the first batch", least=1)
        reader.expect(b":")
        last = reader.number("the last batch", least=1)
        batches = first, last
    reader.end()
    return UidBatches(tag, size, batches)


def copy(command: type[Copy] | type[Move], uid: bool, reader: Reader, tag: str) -> Command:
    """`SP sequence-set SP mailbox`."""
    reader.sp()
    sequence = reader.sequence_set()
    reader.sp()
    name = reader.mailbox()
    reader.end()
    return command(tag, sequence, name, uid)


_STORE_ITEMS: dict[bytes, tuple[StoreMode, bool]] = {
    sign + b"FLAGS" + ending: (mode, bool(ending))
    for sign, mode in ((b"", StoreMode.REPLACE), (b"+", StoreMode.ADD), (b"-", StoreMode.REMOVE))
    for ending in (b"", b".SILENT")
}


def store(uid: bool, reader: Reader, tag: str) -> Store:
    """`"STORE" SP sequence-set [store-modifiers] SP store-att-flags`; RFC 7162 3.1.3."""
    reader.sp()
    sequence = reader.sequence_set()
    unchanged_since: int | None = None
    if reader.sp_then(b"("):
        if reader.word("UNCHANGEDSINCE") != b"UNCHANGEDSINCE":
            raise Expected("expected UNCHANGEDSINCE as the modifier")
        reader.sp()
        unchanged_since = reader.number("a modseq", largest=MAX_NUMBER64)
        reader.expect(b")")
    reader.sp()
    name = reader.word("FLAGS, +FLAGS or -FLAGS")
    if name not in _STORE_ITEMS:
        raise Expected("expected FLAGS, +FLAGS or -FLAGS, each with or without .SILENT")
    mode, silent = _STORE_ITEMS[name]
    reader.sp()
    if reader.text.startswith(b"(", reader.at):
        flags = reader.flag_list()
        reader.end()
    else:
        flags = as_flags(reader.rest(reader.flag))
    return Store(tag, sequence, mode, flags, silent, uid, unchanged_since)
