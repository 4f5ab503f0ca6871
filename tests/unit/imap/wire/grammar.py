"""Generators of valid commands: each gives the object and one of the many spellings that the grammar allows for it."""

from __future__ import annotations

from hypothesis import strategies as st

from tests.unit.imap.wire.speller import TAGS, Draw, Speller, Spelt
from tests.unit.imap.wire.spelt_mailboxes import acl, create, list_, metadata, named, quota, rename, select, status
from tests.unit.imap.wire.spelt_messages import copy, fetch, store, uid_expunge
from tests.unit.imap.wire.spelt_searches import multi_search, search, sort, thread, uid_batches
from tests.unit.imap.wire.spelt_sessions import (
    authenticate,
    bare,
    comparator,
    compress,
    enable,
    id_,
    language,
    login,
    notify,
)

RULES = [
    bare, named, select, create, rename, status, list_, id_, login, authenticate, enable, copy, uid_expunge, store,
    language, comparator, compress, uid_batches, notify, fetch, fetch, search, search, multi_search, sort, thread,
    quota, metadata, acl,
]  # fmt: skip


@st.composite
def commands(draw: Draw, *, utf8: bool = False) -> Spelt:
    """Any command."""
    tag = draw(TAGS)
    spell = Speller(draw, utf8)
    command, text = draw(st.sampled_from(RULES))(spell, tag)
    return Spelt(command, b"%b %b\r\n" % (tag.encode(), text), spell.waiting)
