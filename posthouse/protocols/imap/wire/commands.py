"""Every command as a frozen object; RFC 9051 6 and 9, and the extensions named at each.

Mailbox names are Unicode (NFC) with "/" between levels; the inbox and what is under it begin with "INBOX".
"""

from __future__ import annotations

import enum
from typing import Literal

import msgspec

from posthouse.protocols.imap.wire.fetch import FetchAttribute
from posthouse.protocols.imap.wire.flags import Flags
from posthouse.protocols.imap.wire.notify import NotifyGroup
from posthouse.protocols.imap.wire.search import Return, SearchKey
from posthouse.protocols.imap.wire.sequence import SequenceSet
from posthouse.protocols.imap.wire.sort import Criterion, Threading


class Command(msgspec.Struct, frozen=True, gc=False):
    """What all have: the tag that the answer carries."""

    tag: str


# Any state


class Capability(Command, frozen=True):
    """CAPABILITY; RFC 9051 6.1.1."""


class Noop(Command, frozen=True):
    """NOOP; RFC 9051 6.1.2."""


class Logout(Command, frozen=True):
    """LOGOUT; RFC 9051 6.1.3."""


class Id(Command, frozen=True):
    """ID; RFC 2971. Field names in lower case; empty for ID NIL."""

    fields: tuple[tuple[str, str | None], ...]


# Not authenticated


class StartTls(Command, frozen=True):
    """STARTTLS; RFC 9051 6.2.1. The session calls `Decoder.discard` before it begins TLS."""


class Login(Command, frozen=True):
    """LOGIN; RFC 9051 6.2.3."""

    name: str
    password: str


class Authenticate(Command, frozen=True):
    """AUTHENTICATE; RFC 9051 6.2.2. `mechanism` in capitals; `initial` is decoded, None when absent (RFC 4959).

    The session reads further responses with `Decoder.next_line`.
    """

    mechanism: str
    initial: bytes | None


# Authenticated


class Unauthenticate(Command, frozen=True):
    """UNAUTHENTICATE; RFC 8437."""


class Language(Command, frozen=True):
    """LANGUAGE; RFC 5255 3.3. Language ranges in lower case, as many as were given."""

    ranges: tuple[str, ...]


class Comparator(Command, frozen=True):
    """COMPARATOR; RFC 5255 4.7. Patterns of collations in lower case, as many as were given."""

    wanted: tuple[str, ...]


class Enable(Command, frozen=True):
    """ENABLE; RFC 9051 6.3.1. Capabilities in capitals."""

    capabilities: tuple[str, ...]


class QResync(msgspec.Struct, frozen=True, gc=False):
    """SELECT's QRESYNC parameter; RFC 7162 3.2.5. `known_numbers` match `known_number_uids` one to one."""

    uid_validity: int
    modseq: int
    known_uids: SequenceSet | None = None
    known_numbers: SequenceSet | None = None
    known_number_uids: SequenceSet | None = None


class Select(Command, frozen=True):
    """SELECT; RFC 9051 6.3.2, RFC 7162 3.1.8 (CONDSTORE).

    `supplied` is the name as the peer wrote it, where that was no Net-Unicode.
    """

    name: str
    condstore: bool = False
    qresync: QResync | None = None
    supplied: str | None = None


class Examine(Command, frozen=True):
    """EXAMINE; RFC 9051 6.3.3."""

    name: str
    condstore: bool = False
    qresync: QResync | None = None
    supplied: str | None = None


class Create(Command, frozen=True):
    r"""CREATE; RFC 9051 6.3.4, RFC 6154 3 (USE). `use` holds roles: "sent" for \Sent, and so on.

    A "/" at the end of the name is still there: it announces names under it.
    """

    name: str
    use: tuple[str, ...] = ()


class Delete(Command, frozen=True):
    """DELETE; RFC 9051 6.3.5."""

    name: str


class Rename(Command, frozen=True):
    """RENAME; RFC 9051 6.3.6."""

    old: str
    new: str


class Subscribe(Command, frozen=True):
    """SUBSCRIBE; RFC 9051 6.3.7."""

    name: str


class Unsubscribe(Command, frozen=True):
    """UNSUBSCRIBE; RFC 9051 6.3.8."""

    name: str


class StatusItem(enum.Enum):
    """What STATUS can ask; the value is the name in the response.

    RFC 9051 6.3.11, RFC 7162, RFC 7889, RFC 8474, RFC 9208 4.1.4.
    """

    MESSAGES = b"MESSAGES"
    RECENT = b"RECENT"
    UIDNEXT = b"UIDNEXT"
    UIDVALIDITY = b"UIDVALIDITY"
    UNSEEN = b"UNSEEN"
    DELETED = b"DELETED"
    SIZE = b"SIZE"
    HIGHESTMODSEQ = b"HIGHESTMODSEQ"
    APPENDLIMIT = b"APPENDLIMIT"
    MAILBOXID = b"MAILBOXID"
    DELETED_STORAGE = b"DELETED-STORAGE"


class MetadataWanted(msgspec.Struct, frozen=True, gc=False):
    """Which annotations to show; RFC 5464 4.2.

    Entries in lower case; `max_size` in octets, None for any; `depth` None for all that is below.
    """

    entries: tuple[str, ...]
    max_size: int | None = None
    depth: int | None = 0


class ListSelect(enum.IntFlag):
    """LIST's selection options; RFC 9051 6.3.9.1, RFC 6154 2."""

    SUBSCRIBED = 1
    REMOTE = 2
    RECURSIVEMATCH = 4
    SPECIAL_USE = 8


class ListReturn(enum.IntFlag):
    """LIST's return options; RFC 9051 6.3.9.2, RFC 6154 2, RFC 8440."""

    SUBSCRIBED = 1
    CHILDREN = 2
    SPECIAL_USE = 4
    MYRIGHTS = 8


class List(Command, frozen=True):
    """LIST; RFC 9051 6.3.9. `patterns` may hold `*` and `%`.

    `status` names what to give of each mailbox (RFC 5819), `metadata` which annotations (RFC 9590). `extended` tells
    the extended form, where an empty pattern matches nothing instead of asking for the hierarchy delimiter.
    """

    reference: str
    patterns: tuple[str, ...]
    select: ListSelect = ListSelect(0)
    returns: ListReturn = ListReturn(0)
    status: tuple[StatusItem, ...] = ()
    extended: bool = False
    metadata: MetadataWanted | None = None


class Lsub(Command, frozen=True):
    """LSUB; RFC 3501 6.3.9."""

    reference: str
    pattern: str


class Namespace(Command, frozen=True):
    """NAMESPACE; RFC 9051 6.3.10."""


class Status(Command, frozen=True):
    """STATUS; RFC 9051 6.3.11. Each item once."""

    name: str
    items: tuple[StatusItem, ...]


class AppendMessage(msgspec.Struct, frozen=True, gc=False):
    """One message of APPEND: what stands before its octets.

    `internal_date` in ms since the epoch, None for now; `size` in octets; `literal8` for `~{n}` (RFC 3516 4.2);
    `utf8` for UTF8 (~{n}) (RFC 6855 4); `catenated` for one of parts, whose size nobody knows yet (RFC 4469).
    """

    flags: Flags
    internal_date: int | None
    size: int = 0
    literal8: bool = False
    utf8: bool = False
    catenated: bool = False


class Append(Command, frozen=True):
    """APPEND, when all its messages have come as AppendStart, AppendOctets and AppendEnd; RFC 9051 6.3.12, RFC 3502."""

    name: str
    messages: tuple[AppendMessage, ...]


class Replaced(msgspec.Struct, frozen=True, gc=False):
    """The message that REPLACE puts another in the place of: its number or UID, `STAR` for `*`; RFC 8508 3.1, 3.2."""

    number: int
    uid: bool


class Replace(Command, frozen=True):
    """REPLACE and UID REPLACE, when the message has come as in APPEND; RFC 8508."""

    name: str
    messages: tuple[AppendMessage, ...]
    replaced: Replaced


class GetQuota(Command, frozen=True):
    """GETQUOTA; RFC 9208 4.1.1."""

    root: str


class GetQuotaRoot(Command, frozen=True):
    """GETQUOTAROOT; RFC 9208 4.1.2."""

    name: str


class SetQuota(Command, frozen=True):
    """SETQUOTA; RFC 9208 4.1.3. Resources in capitals with their new limits."""

    root: str
    limits: tuple[tuple[str, int], ...]


class GetMetadata(Command, frozen=True):
    """GETMETADATA; RFC 5464 4.2. `name` is empty for what is said of the server."""

    name: str
    wanted: MetadataWanted


class SetMetadata(Command, frozen=True):
    """SETMETADATA; RFC 5464 4.3. Entries in lower case; None removes one."""

    name: str
    changes: tuple[tuple[str, bytes | None], ...]


class SetAcl(Command, frozen=True):
    """SETACL; RFC 4314 3.1.

    `rights`, as bits of `core.sharing`'s Right, replace what there is, are added or removed.
    """

    name: str
    identifier: str
    mode: Literal["set", "add", "remove"]
    rights: int


class DeleteAcl(Command, frozen=True):
    """DELETEACL; RFC 4314 3.2."""

    name: str
    identifier: str


class GetAcl(Command, frozen=True):
    """GETACL; RFC 4314 3.3."""

    name: str


class ListRights(Command, frozen=True):
    """LISTRIGHTS; RFC 4314 3.4."""

    name: str
    identifier: str


class MyRights(Command, frozen=True):
    """MYRIGHTS; RFC 4314 3.5."""

    name: str


class Compress(Command, frozen=True):
    """COMPRESS; RFC 4978 3. `algorithm` in capitals."""

    algorithm: str


class Notify(Command, frozen=True):
    """NOTIFY; RFC 5465 3.1. Without groups it is NOTIFY NONE; `status` asks for STATUS of what is watched."""

    groups: tuple[NotifyGroup, ...]
    status: bool = False


class Idle(Command, frozen=True):
    """IDLE; RFC 9051 6.3.13. The session reads DONE with `Decoder.next_line`."""


# Selected


class Check(Command, frozen=True):
    """CHECK; RFC 3501 6.4.1."""


class Close(Command, frozen=True):
    """CLOSE; RFC 9051 6.4.1."""


class Unselect(Command, frozen=True):
    """UNSELECT; RFC 9051 6.4.2."""


class Expunge(Command, frozen=True):
    """EXPUNGE; RFC 9051 6.4.3."""


class UidExpunge(Command, frozen=True):
    """UID EXPUNGE; RFC 9051 6.4.9."""

    sequence: SequenceSet


class Search(Command, frozen=True):
    """SEARCH and UID SEARCH; RFC 9051 6.4.4.

    `returns` is None without RETURN (RFC 3501's SEARCH response is meant then, unless the session is IMAP4rev2);
    RETURN () is Return.ALL. `partial` is the PARTIAL range (RFC 9394 3.1): both ends from 1, or both negative to
    count from the end. `charset` in capitals; `key` is decoded already.
    """

    key: SearchKey
    uid: bool = False
    returns: Return | None = None
    partial: tuple[int, int] | None = None
    charset: str | None = None


class SourceKind(enum.Enum):
    """Which mailboxes ESEARCH searches; RFC 5465 6, RFC 7377 2.2."""

    SELECTED = b"SELECTED"
    INBOXES = b"INBOXES"
    PERSONAL = b"PERSONAL"
    SUBSCRIBED = b"SUBSCRIBED"
    SUBTREE = b"SUBTREE"
    SUBTREE_ONE = b"SUBTREE-ONE"
    MAILBOXES = b"MAILBOXES"


class Source(msgspec.Struct, frozen=True, gc=False):
    """A source of ESEARCH; `names` of the last three kinds."""

    kind: SourceKind
    names: tuple[str, ...] = ()


class MultiSearch(Command, frozen=True):
    """ESEARCH; RFC 7377 2.1. Without IN the selected mailbox is the source; the rest is as in Search."""

    sources: tuple[Source, ...]
    key: SearchKey
    returns: Return = Return.ALL
    partial: tuple[int, int] | None = None
    charset: str | None = None

    @property
    def uid(self) -> bool:
        """Results are UIDs always."""
        return True


class Sort(Command, frozen=True):
    """SORT and UID SORT; RFC 5256 3, RFC 5267 3. `returns` is None without RETURN; the rest is as in Search."""

    criteria: tuple[Criterion, ...]
    key: SearchKey
    uid: bool = False
    returns: Return | None = None
    partial: tuple[int, int] | None = None
    charset: str = "UTF-8"


class Thread(Command, frozen=True):
    """THREAD and UID THREAD; RFC 5256 3."""

    algorithm: Threading
    key: SearchKey
    uid: bool = False
    charset: str = "UTF-8"


class Fetch(Command, frozen=True):
    """FETCH and UID FETCH; RFC 9051 6.4.5, RFC 7162 3.1.4.1 and 3.2.6, RFC 9394 3.3.

    `attributes` holds each once; UID is among them when `uid` is true, MODSEQ when `changed_since` is given.
    """

    sequence: SequenceSet
    attributes: tuple[FetchAttribute, ...]
    uid: bool = False
    changed_since: int | None = None
    vanished: bool = False
    partial: tuple[int, int] | None = None


class StoreMode(enum.Enum):
    """FLAGS, +FLAGS and -FLAGS; the values are those of `core.mail`'s FlagChange.mode."""

    REPLACE = "replace"
    ADD = "add"
    REMOVE = "remove"


class Store(Command, frozen=True):
    """STORE and UID STORE; RFC 9051 6.4.6, RFC 7162 3.1.3 (UNCHANGEDSINCE)."""

    sequence: SequenceSet
    mode: StoreMode
    flags: Flags
    silent: bool = False
    uid: bool = False
    unchanged_since: int | None = None


class UidBatches(Command, frozen=True):
    """UIDBATCHES; RFC 10022 3.1. `size` in messages; `batches` (first, last) counts them from 1, None for all."""

    size: int
    batches: tuple[int, int] | None = None


class Copy(Command, frozen=True):
    """COPY and UID COPY; RFC 9051 6.4.7."""

    sequence: SequenceSet
    name: str
    uid: bool = False


class Move(Command, frozen=True):
    """MOVE and UID MOVE; RFC 9051 6.4.8."""

    sequence: SequenceSet
    name: str
    uid: bool = False
