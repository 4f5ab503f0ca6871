"""Every command's grammar in one table; RFC 9051 9 (command)."""

from __future__ import annotations

import binascii
import functools
import re
from collections.abc import Callable

from posthouse.protocols.imap.wire.acl_grammar import identified, named, set_acl
from posthouse.protocols.imap.wire.commands import (
    Authenticate,
    Capability,
    Check,
    Close,
    Command,
    Comparator,
    Compress,
    Copy,
    Create,
    Delete,
    DeleteAcl,
    Enable,
    Examine,
    Expunge,
    GetAcl,
    Id,
    Idle,
    Language,
    ListRights,
    Login,
    Logout,
    Move,
    MyRights,
    Namespace,
    Noop,
    QResync,
    Rename,
    Select,
    StartTls,
    Store,
    StoreMode,
    Subscribe,
    UidBatches,
    UidExpunge,
    Unauthenticate,
    Unselect,
    Unsubscribe,
)
from posthouse.protocols.imap.wire.fetch_grammar import fetch
from posthouse.protocols.imap.wire.limits import WireLimits
from posthouse.protocols.imap.wire.list_grammar import list_, lsub, status
from posthouse.protocols.imap.wire.metadata_grammar import get_metadata, set_metadata
from posthouse.protocols.imap.wire.multisearch_grammar import multi_search
from posthouse.protocols.imap.wire.notify_grammar import notify
from posthouse.protocols.imap.wire.quota_grammar import get_quota, get_quota_root, set_quota
from posthouse.protocols.imap.wire.reader import MAX_NUMBER64, Expected, Reader, as_flags
from posthouse.protocols.imap.wire.search_grammar import search
from posthouse.protocols.imap.wire.sequence import STAR, SequenceSet
from posthouse.protocols.imap.wire.sort_grammar import sort, thread
from posthouse.storage.ranges import count

Rule = Callable[[Reader, str], Command]

_HEAD = re.compile(rb'([^\x00-\x20(){%*"\\+\x7f-\xff]+) (UID )?([A-Za-z0-9.-]+)(?=[ \r]|\Z)', re.IGNORECASE)
_TAG = re.compile(rb'([^\x00-\x20(){%*"\\+\x7f-\xff]+) ')


def parse_command(text: bytes, limits: WireLimits, *, utf8: bool = False, partial: bool = False) -> Command:
    """One command without its last CRLF; raises Expected.

    A `partial` one ends in the header of a literal: Incomplete says that it is right so far.
    """
    match = _HEAD.match(text)
    if match is None:
        if not _TAG.match(text):
            raise Expected("expected a tag and a command")
        raise Expected("expected a command behind the tag")
    tag, uid, name = match.groups()
    reader = Reader(text, limits, utf8=utf8, at=match.end(), partial=partial)
    rule = (UID_RULES if uid else RULES).get(name.upper())
    if rule is None:
        shown = name[:40].decode("ascii").upper()
        raise Expected(f"there is no command {'UID ' if uid else ''}{shown}")
    return rule(reader, tag.decode("ascii"))


def tag_of(text: bytes) -> str:
    """The tag that the text begins with, "*" without one."""
    match = _TAG.match(text)
    return match[1].decode("ascii") if match else "*"


# Commands without arguments


def _bare(command: Callable[[str], Command], reader: Reader, tag: str) -> Command:
    reader.end()
    return command(tag)


# Any state and not authenticated


def _id(reader: Reader, tag: str) -> Id:
    """`"ID" SP ("(" [string SP nstring *(SP string SP nstring)] ")" / nil)`; RFC 2971 4."""
    reader.sp()
    fields: list[tuple[str, str | None]] = []
    if reader.text.startswith(b"(", reader.at):
        fields = reader.listed(lambda: _id_field(reader), empty=True)
    elif reader.word("ID fields or NIL") != b"NIL":
        raise Expected("expected a list of ID fields, or NIL")
    reader.end()
    return Id(tag, tuple(fields))


def _id_field(reader: Reader) -> tuple[str, str | None]:
    name = reader.string("an ID field in quotes").decode("utf-8", "replace").lower()
    reader.sp()
    value = reader.nstring("an ID value in quotes or NIL")
    return name, None if value is None else value.decode("utf-8", "replace")


def _login(reader: Reader, tag: str) -> Login:
    """`"LOGIN" SP userid SP password`."""
    reader.sp()
    name = reader.text_string("a user name")
    reader.sp()
    password = reader.text_string("a password")
    reader.end()
    return Login(tag, name, password)


def _authenticate(reader: Reader, tag: str) -> Authenticate:
    """`"AUTHENTICATE" SP auth-type [SP initial-resp]`; an empty initial response is "=" (RFC 4959 3)."""
    reader.sp()
    mechanism = reader.word("a mechanism").decode("ascii")
    initial: bytes | None = None
    if not reader.at_end():
        reader.sp()
        initial = _base64(reader.text[reader.at :].rstrip(b" "))
    return Authenticate(tag, mechanism, initial)


def _base64(octets: bytes) -> bytes:
    if octets == b"=":
        return b""
    try:
        return binascii.a2b_base64(octets, strict_mode=True)
    except binascii.Error:
        raise Expected('expected an initial response in base64, or "="') from None


# Authenticated


def _language(reader: Reader, tag: str) -> Language:
    """`"LANGUAGE" *(SP lang-range-quoted)`; RFC 5255 3.4."""
    ranges: list[str] = []
    if not reader.at_end():
        reader.sp()
        ranges = reader.rest(lambda: reader.text_string("a language range").lower())
    return Language(tag, tuple(ranges))


def _comparator(reader: Reader, tag: str) -> Comparator:
    """`"COMPARATOR" *(SP comp-order-quoted)`; RFC 5255 4.10."""
    wanted: list[str] = []
    if not reader.at_end():
        reader.sp()
        wanted = reader.rest(lambda: reader.text_string("a collation").lower())
    return Comparator(tag, tuple(wanted))


def _enable(reader: Reader, tag: str) -> Enable:
    """`"ENABLE" 1*(SP capability)`; RFC 5161 4."""
    reader.sp()
    names = reader.rest(lambda: reader.word("a capability").decode("ascii"))
    return Enable(tag, tuple(dict.fromkeys(names)))


def _compress(reader: Reader, tag: str) -> Compress:
    """`"COMPRESS" SP algorithm`; RFC 4978 5."""
    reader.sp()
    algorithm = reader.word("an algorithm").decode("ascii")
    reader.end()
    return Compress(tag, algorithm)


def _select(command: type[Select] | type[Examine], reader: Reader, tag: str) -> Command:
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


def _create(reader: Reader, tag: str) -> Create:
    """`"CREATE" SP mailbox [create-params]`; RFC 4466 2.2, RFC 6154 3."""
    reader.sp()
    name = reader.mailbox()
    use: list[str] = []
    if reader.sp_then(b"("):
        if reader.word("USE") != b"USE":
            raise Expected("expected USE among the parameters")
        reader.sp()
        use = reader.listed(lambda: _use(reader), empty=True)
        reader.expect(b")")
    reader.end()
    return Create(tag, name, tuple(dict.fromkeys(use)))


def _use(reader: Reader) -> str:
    octets = reader.flag()
    if not octets.startswith(b"\\"):
        raise Expected("expected a special use such as \\Sent")
    return octets[1:].decode("ascii").lower()


def _named(command: Callable[[str, str], Command], reader: Reader, tag: str) -> Command:
    """`SP mailbox`."""
    reader.sp()
    name = reader.mailbox()
    reader.end()
    return command(tag, name)


def _rename(reader: Reader, tag: str) -> Rename:
    """`"RENAME" SP mailbox SP mailbox`."""
    reader.sp()
    old = reader.mailbox()
    reader.sp()
    new = reader.mailbox()
    reader.end()
    return Rename(tag, old, new)


# Selected


def _uid_expunge(reader: Reader, tag: str) -> UidExpunge:
    """`"UID" SP "EXPUNGE" SP sequence-set`; RFC 4315 2.1."""
    reader.sp()
    sequence = reader.sequence_set()
    reader.end()
    return UidExpunge(tag, sequence)


def _uid_batches(reader: Reader, tag: str) -> UidBatches:
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


def _copy(command: type[Copy] | type[Move], uid: bool, reader: Reader, tag: str) -> Command:
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


def _store(uid: bool, reader: Reader, tag: str) -> Store:
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


RULES: dict[bytes, Rule] = {
    b"CAPABILITY": functools.partial(_bare, Capability),
    b"NOOP": functools.partial(_bare, Noop),
    b"LOGOUT": functools.partial(_bare, Logout),
    b"ID": _id,
    b"STARTTLS": functools.partial(_bare, StartTls),
    b"LOGIN": _login,
    b"AUTHENTICATE": _authenticate,
    b"UNAUTHENTICATE": functools.partial(_bare, Unauthenticate),
    b"LANGUAGE": _language,
    b"COMPARATOR": _comparator,
    b"ENABLE": _enable,
    b"ESEARCH": multi_search,
    b"SELECT": functools.partial(_select, Select),
    b"EXAMINE": functools.partial(_select, Examine),
    b"CREATE": _create,
    b"DELETE": functools.partial(_named, Delete),
    b"RENAME": _rename,
    b"SUBSCRIBE": functools.partial(_named, Subscribe),
    b"UNSUBSCRIBE": functools.partial(_named, Unsubscribe),
    b"LIST": list_,
    b"LSUB": lsub,
    b"NAMESPACE": functools.partial(_bare, Namespace),
    b"STATUS": status,
    b"SETACL": set_acl,
    b"DELETEACL": functools.partial(identified, DeleteAcl),
    b"GETACL": functools.partial(named, GetAcl),
    b"LISTRIGHTS": functools.partial(identified, ListRights),
    b"MYRIGHTS": functools.partial(named, MyRights),
    b"GETQUOTA": get_quota,
    b"GETQUOTAROOT": get_quota_root,
    b"SETQUOTA": set_quota,
    b"GETMETADATA": get_metadata,
    b"SETMETADATA": set_metadata,
    b"COMPRESS": _compress,
    b"IDLE": functools.partial(_bare, Idle),
    b"NOTIFY": notify,
    b"CHECK": functools.partial(_bare, Check),
    b"CLOSE": functools.partial(_bare, Close),
    b"UNSELECT": functools.partial(_bare, Unselect),
    b"EXPUNGE": functools.partial(_bare, Expunge),
    b"UIDBATCHES": _uid_batches,
    b"SEARCH": functools.partial(search, uid=False),
    b"SORT": functools.partial(sort, uid=False),
    b"THREAD": functools.partial(thread, uid=False),
    b"FETCH": functools.partial(fetch, uid=False),
    b"STORE": functools.partial(_store, False),
    b"COPY": functools.partial(_copy, Copy, False),
    b"MOVE": functools.partial(_copy, Move, False),
}

UID_RULES: dict[bytes, Rule] = {
    b"EXPUNGE": _uid_expunge,
    b"SEARCH": functools.partial(search, uid=True),
    b"SORT": functools.partial(sort, uid=True),
    b"THREAD": functools.partial(thread, uid=True),
    b"FETCH": functools.partial(fetch, uid=True),
    b"STORE": functools.partial(_store, True),
    b"COPY": functools.partial(_copy, Copy, True),
    b"MOVE": functools.partial(_copy, Move, True),
}
