"""Every command's grammar in one table; RFC 9051 9 (command)."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

from posthouse.protocols.imap.wire.acl_grammar import identified, set_acl
from posthouse.protocols.imap.wire.commands.acl import DeleteAcl, GetAcl, ListRights, MyRights
from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.commands.listing import Namespace
from posthouse.protocols.imap.wire.commands.mailboxes import (
    Close,
    Delete,
    Examine,
    Select,
    Subscribe,
    Unselect,
    Unsubscribe,
)
from posthouse.protocols.imap.wire.commands.messages import Copy, Expunge, Move
from posthouse.protocols.imap.wire.commands.session import (
    Capability,
    Check,
    Idle,
    Logout,
    Noop,
    StartTls,
    Unauthenticate,
)
from posthouse.protocols.imap.wire.fetch_grammar import fetch
from posthouse.protocols.imap.wire.limits import WireLimits
from posthouse.protocols.imap.wire.list_grammar import list_, lsub, status
from posthouse.protocols.imap.wire.mailbox_grammar import create, named, rename, select, supplied
from posthouse.protocols.imap.wire.messages_grammar import copy, store, uid_batches, uid_expunge
from posthouse.protocols.imap.wire.metadata_grammar import get_metadata, set_metadata
from posthouse.protocols.imap.wire.multisearch_grammar import multi_search
from posthouse.protocols.imap.wire.notify_grammar import notify
from posthouse.protocols.imap.wire.quota_grammar import get_quota, get_quota_root, set_quota
from posthouse.protocols.imap.wire.reader import Expected, Reader
from posthouse.protocols.imap.wire.search_grammar import search
from posthouse.protocols.imap.wire.session_grammar import (
    authenticate,
    bare,
    comparator,
    compress,
    enable,
    id_,
    language,
    login,
)
from posthouse.protocols.imap.wire.sort_grammar import sort, thread

Rule = Callable[[Reader, str], Command]

_HEAD = re.compile(rb'([^\x00-\x20(){%*"\\+\x7f-\xff]++) ([Uu][Ii][Dd] )?([A-Za-z0-9.-]++)(?=[ \r]|\Z)')
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


RULES: dict[bytes, Rule] = {
    b"CAPABILITY": functools.partial(bare, Capability),
    b"NOOP": functools.partial(bare, Noop),
    b"LOGOUT": functools.partial(bare, Logout),
    b"ID": id_,
    b"STARTTLS": functools.partial(bare, StartTls),
    b"LOGIN": login,
    b"AUTHENTICATE": authenticate,
    b"UNAUTHENTICATE": functools.partial(bare, Unauthenticate),
    b"LANGUAGE": language,
    b"COMPARATOR": comparator,
    b"ENABLE": enable,
    b"ESEARCH": multi_search,
    b"SELECT": functools.partial(select, Select),
    b"EXAMINE": functools.partial(select, Examine),
    b"CREATE": create,
    b"DELETE": functools.partial(supplied, Delete),
    b"RENAME": rename,
    b"SUBSCRIBE": functools.partial(supplied, Subscribe),
    b"UNSUBSCRIBE": functools.partial(named, Unsubscribe),
    b"LIST": list_,
    b"LSUB": lsub,
    b"NAMESPACE": functools.partial(bare, Namespace),
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
    b"COMPRESS": compress,
    b"IDLE": functools.partial(bare, Idle),
    b"NOTIFY": notify,
    b"CHECK": functools.partial(bare, Check),
    b"CLOSE": functools.partial(bare, Close),
    b"UNSELECT": functools.partial(bare, Unselect),
    b"EXPUNGE": functools.partial(bare, Expunge),
    b"UIDBATCHES": uid_batches,
    b"SEARCH": functools.partial(search, uid=False),
    b"SORT": functools.partial(sort, uid=False),
    b"THREAD": functools.partial(thread, uid=False),
    b"FETCH": functools.partial(fetch, uid=False),
    b"STORE": functools.partial(store, False),
    b"COPY": functools.partial(copy, Copy, False),
    b"MOVE": functools.partial(copy, Move, False),
}

UID_RULES: dict[bytes, Rule] = {
    b"EXPUNGE": uid_expunge,
    b"SEARCH": functools.partial(search, uid=True),
    b"SORT": functools.partial(sort, uid=True),
    b"THREAD": functools.partial(thread, uid=True),
    b"FETCH": functools.partial(fetch, uid=True),
    b"STORE": functools.partial(store, True),
    b"COPY": functools.partial(copy, Copy, True),
    b"MOVE": functools.partial(copy, Move, True),
}
