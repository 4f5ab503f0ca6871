"""The grammar of commands that open, make and name mailboxes; RFC 9051 9."""

from __future__ import annotations

from collections.abc import Callable

from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.commands.mailboxes import (
    Create,
    Delete,
    Examine,
    QResync,
    Rename,
    Select,
    Subscribe,
)
from posthouse.protocols.imap.wire.reader import MAX_NUMBER64, Expected, Reader
from posthouse.protocols.imap.wire.sequence import STAR, SequenceSet
from posthouse.storage.ranges import count


def select(command: type[Select] | type[Examine], reader: Reader, tag: str) -> Command:
    """`SP mailbox [select-params]`; RFC 7162 3.1.8 and 3.2.5."""
    reader.sp()
    name = reader.mailbox()
    supplied = reader.denormalized
    condstore = False
    qresync: QResync | None = None
    if reader.sp_then(b"("):
        reader.at -= 1
        for found in reader.listed(lambda: _select_parameter(reader)):
            condstore = True  # RFC 7162 3.2.5: QRESYNC enables it too
            qresync = found or qresync
    reader.end()
    return command(tag, name, condstore, qresync, supplied)


def _select_parameter(reader: Reader) -> QResync | None:
    name = reader.word("CONDSTORE or QRESYNC")
    if name == b"CONDSTORE":
        return None
    if name != b"QRESYNC":
        raise Expected("expected CONDSTORE or QRESYNC among the parameters")
    reader.sp()
    reader.expect(b"(")
    uid_validity = reader.number("a UIDVALIDITY", least=1)
    reader.sp()
    modseq = reader.number("a modseq", largest=MAX_NUMBER64, least=1)
    known_uids = numbers = uids = None
    if not reader.skip(b")"):
        reader.sp()
        if not reader.text.startswith(b"(", reader.at):
            known_uids = reader.sequence_set()
            if not reader.text.startswith(b")", reader.at):
                reader.sp()
        if reader.skip(b"("):
            numbers = reader.sequence_set()
            reader.sp()
            uids = reader.sequence_set()
            reader.expect(b")")
            if not (_ascends(numbers) and _ascends(uids) and count(numbers.ranges) == count(uids.ranges)):
                raise Expected("expected as many ascending message numbers as ascending UIDs")
        reader.expect(b")")
    if known_uids is not None and (known_uids.saved or any(STAR in ends for ends in known_uids.ranges)):
        raise Expected("expected known UIDs without * and $")
    return QResync(uid_validity, modseq, known_uids, numbers, uids)


def _ascends(sequence: SequenceSet) -> bool:
    """Ascending, without `*` (RFC 7162 7, known-sequence-set)."""
    before = STAR
    for first, last in sequence.ranges:
        if not before < first <= last:
            return False
        before = last
    return bool(sequence.ranges)


def create(reader: Reader, tag: str) -> Create:
    """`"CREATE" SP mailbox [create-params]`; RFC 4466 2.2, RFC 6154 3."""
    reader.sp()
    name = reader.mailbox()
    supplied = reader.denormalized
    use: list[str] = []
    if reader.sp_then(b"("):
        if reader.word("USE") != b"USE":
            raise Expected("expected USE among the parameters")
        reader.sp()
        use = reader.listed(lambda: _use(reader), empty=True)
        reader.expect(b")")
    reader.end()
    return Create(tag, name, tuple(dict.fromkeys(use)), supplied)


def _use(reader: Reader) -> str:
    octets = reader.flag()
    if not octets.startswith(b"\\"):
        raise Expected("expected a special use such as \\Sent")
    return octets[1:].decode("ascii").lower()


def named(command: Callable[[str, str], Command], reader: Reader, tag: str) -> Command:
    """`SP mailbox`."""
    reader.sp()
    name = reader.mailbox()
    reader.end()
    return command(tag, name)


def supplied(command: type[Delete] | type[Subscribe], reader: Reader, tag: str) -> Command:
    """`SP mailbox`, of commands whose peer hears how the name is called here."""
    reader.sp()
    name = reader.mailbox()
    reader.end()
    return command(tag, name, reader.denormalized)


def rename(reader: Reader, tag: str) -> Rename:
    """`"RENAME" SP mailbox SP mailbox`."""
    reader.sp()
    old = reader.mailbox()
    old_supplied = reader.denormalized
    reader.sp()
    new = reader.mailbox()
    reader.end()
    if old_supplied is None and reader.denormalized is not None:
        old_supplied = old
    return Rename(tag, old, new, old_supplied)
