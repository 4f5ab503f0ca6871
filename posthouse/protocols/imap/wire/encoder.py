"""Responses as bytes: status lines, codes, mailboxes, search results; RFC 9051 7. FETCH is in fetch_encoder.py.

Whatever can carry a peer's text goes through formats/imap/strings.py or `printable`, so that none ends a line early.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from posthouse.core.sharing.rights import VIRTUAL, Right, letters
from posthouse.formats.imap import mutf7
from posthouse.formats.imap.strings import astring, literal8, nstring, string
from posthouse.protocols.imap.wire.commands.listing import StatusItem
from posthouse.protocols.imap.wire.names import encode_name
from posthouse.storage.ranges import Range

Condition = Literal["OK", "NO", "BAD", "BYE", "PREAUTH"]


def printable(text: str, *, utf8: bool = False) -> bytes:
    """Text for people: ASCII or UTF-8 without controls, other characters as "?"."""
    shown = text if text.isprintable() else "".join(one if one.isprintable() else "?" for one in text)
    return shown.encode("utf-8" if utf8 else "ascii", "replace")


def status_line(tag: str, condition: Condition, text: str, code: bytes | None = None, *, utf8: bool = False) -> bytes:
    """`a1 OK [CODE] text`; tag "*" for an untagged one; `code` is what stands in the brackets. RFC 9051 7.1.

    `utf8` for text that need not be ASCII (RFC 5255 3.5).
    """
    if code is None:
        return tag.encode("ascii") + _without_code(condition, text, utf8)
    return b"%b %b [%b] %b\r\n" % (
        tag.encode("ascii"),
        condition.encode("ascii"),
        code,
        printable(text, utf8=utf8),
    )


@functools.lru_cache(256)
def _without_code(condition: Condition, text: str, utf8: bool) -> bytes:
    """What stands behind the tag; most answers have one of few texts."""
    return b" %b %b\r\n" % (condition.encode("ascii"), printable(text, utf8=utf8))


def continuation(text: str = "go on") -> bytes:
    """`+ text`, or a base64 challenge of AUTHENTICATE (then also empty); RFC 9051 7.6."""
    return b"+ %b\r\n" % printable(text)


# Response codes; RFC 9051 7.1, RFC 4315 3


def append_uid(uid_validity: int, uids: Iterable[Range]) -> bytes:
    """APPENDUID."""
    return b"APPENDUID %d %b" % (uid_validity, uid_set(uids))


def copy_uid(uid_validity: int, source: Iterable[Range], target: Iterable[Range]) -> bytes:
    """COPYUID."""
    return b"COPYUID %d %b %b" % (uid_validity, uid_set(source), uid_set(target))


def permanent_flags(names: Iterable[str], *, new_keywords: bool) -> bytes:
    r"""PERMANENTFLAGS; `new_keywords` adds `\*`: the peer may create keywords."""
    return b"PERMANENTFLAGS " + flag_names([*names, "\\*"] if new_keywords else names)


def number_code(name: bytes, number: int) -> bytes:
    """UIDNEXT, UIDVALIDITY and others of this form."""
    return b"%b %d" % (name, number)


def in_progress(tag: str, done: int, goal: int) -> bytes:
    """INPROGRESS; RFC 9585 4, which has NIL for a tag that would end the code."""
    told = b"NIL" if "]" in tag else string(tag.encode("ascii"))
    return b"INPROGRESS (%b %d %d)" % (told, done, goal)


# Sets of numbers


def uid_set(ranges: Iterable[Range]) -> bytes:
    """Inclusive ranges as `1:3,5`."""
    return b",".join([b"%d" % first if first == last else b"%d:%d" % (first, last) for first, last in ranges])


# The server and the mailbox


def capability(names: Iterable[str]) -> bytes:
    """CAPABILITY as a response; RFC 9051 7.2.2. As a code it is the same without `* ` and CRLF."""
    return b"* CAPABILITY %b\r\n" % " ".join(names).encode("ascii")


def enabled(names: Iterable[str]) -> bytes:
    """ENABLED; RFC 9051 7.2.1."""
    return b"* %b\r\n" % " ".join(["ENABLED", *names]).encode("ascii")


def id_(fields: Iterable[tuple[str, str | None]]) -> bytes:
    """ID; RFC 2971 3.2."""
    parts = [
        string(name.encode()) + b" " + nstring(None if value is None else value.encode()) for name, value in fields
    ]
    return b"* ID (%b)\r\n" % b" ".join(parts) if parts else b"* ID NIL\r\n"


def languages(names: Iterable[str]) -> bytes:
    """LANGUAGE: the one that is used, or all there are; RFC 5255 3.3."""
    return b"* LANGUAGE (%b)\r\n" % " ".join(names).encode("ascii")


def comparator(name: str) -> bytes:
    """COMPARATOR: the one by which text is compared; RFC 5255 4.8."""
    return b"* COMPARATOR %b\r\n" % name.encode("ascii")


def exists(count: int) -> bytes:
    """EXISTS; RFC 9051 7.4.1."""
    return b"* %d EXISTS\r\n" % count


def recent(count: int) -> bytes:
    """RECENT; RFC 3501 7.3.2."""
    return b"* %d RECENT\r\n" % count


def expunge(number: int) -> bytes:
    """EXPUNGE; RFC 9051 7.5.1."""
    return b"* %d EXPUNGE\r\n" % number


def vanished(uids: Iterable[Range], *, earlier: bool = False) -> bytes:
    """VANISHED: messages that went, by UID; RFC 7162 3.2.10. `earlier` for what went before the mailbox was opened."""
    return b"* VANISHED %b%b\r\n" % (b"(EARLIER) " if earlier else b"", uid_set(uids))


def uid_batches(tag: str, batches: Iterable[Range]) -> bytes:
    """UIDBATCHES: (highest, lowest UID) of each batch; RFC 10022 3.2."""
    told = b",".join([b"%d:%d" % batch for batch in batches])
    return b"* UIDBATCHES (TAG %b)%b\r\n" % (string(tag.encode("ascii")), b" " + told if told else b"")


def flag_names(names: Iterable[str]) -> bytes:
    r"""`(\Seen $Forwarded)`."""
    return b"(%b)" % " ".join(names).encode("ascii")


def flags(names: Iterable[str]) -> bytes:
    """FLAGS: what the mailbox knows; RFC 9051 7.3.5."""
    return b"* FLAGS %b\r\n" % flag_names(names)


def list_line(
    attributes: Iterable[str],
    name: str,
    *,
    utf8: bool = False,
    child_info: Iterable[str] = (),
    old_name: str | None = None,
    word: bytes = b"LIST",
) -> bytes:
    r"""LIST or LSUB; RFC 9051 7.3.1. `attributes` with their backslash.

    `child_info` holds selection options that something under the mailbox fits (RFC 9051 6.3.9.6), `old_name` what it
    was called before, or by the peer (6.3.9.7).
    """
    items = []
    if child := " ".join(f'"{option}"' for option in child_info).encode("ascii"):
        items.append(b'"CHILDINFO" (%b)' % child)
    if old_name is not None:
        items.append(b'"OLDNAME" (%b)' % encode_name(old_name, utf8=utf8))
    tail = b" (%b)" % b" ".join(items) if items else b""
    return b'* %b %b "/" %b%b\r\n' % (word, flag_names(attributes), encode_name(name, utf8=utf8), tail)


DELIMITER_LINE = b'* LIST (\\Noselect) "/" ""\r\n'  # what LIST "" "" asks for; RFC 9051 6.3.9


def namespace(others: str, shared: str, translations: Mapping[str, str]) -> bytes:
    """NAMESPACE: the personal one without a prefix, other users', shared; RFC 9051 7.3.2.

    Behind those prefixes that `translations` has others for, these are told (RFC 5255 3.4).
    """
    parts = []
    for prefix in ("", others, shared):
        name = string(mutf7.encode(prefix)) + b' "/"'
        if prefix in translations:
            name += b' "TRANSLATION" (%b)' % string(mutf7.encode(translations[prefix]))
        parts.append(b"((%b))" % name)
    return b"* NAMESPACE %b\r\n" % b" ".join(parts)


def status(name: str, items: Iterable[tuple[StatusItem, int | bytes]], *, utf8: bool = False) -> bytes:
    """STATUS; RFC 9051 7.3.3. Values are numbers, or bytes ready to send (`(id)` for MAILBOXID, NIL)."""
    parts = [
        b"%b %d" % (item.value, value) if isinstance(value, int) else b"%b %b" % (item.value, value)
        for item, value in items
    ]
    return b"* STATUS %b (%b)\r\n" % (encode_name(name, utf8=utf8), b" ".join(parts))


def quota(root: str, resources: Iterable[tuple[str, int, int]]) -> bytes:
    """QUOTA: (resource, usage, limit) each, STORAGE in units of 1024 octets; RFC 9208 4.2.1."""
    parts = " ".join(f"{name} {used} {limit}" for name, used, limit in resources)
    return b"* QUOTA %b (%b)\r\n" % (astring(root.encode()), parts.encode("ascii"))


def quota_root(name: str, roots: Iterable[str], *, utf8: bool = False) -> bytes:
    """QUOTAROOT: which quotas a mailbox counts to; RFC 9208 4.2.2."""
    return (
        b" ".join([b"* QUOTAROOT", encode_name(name, utf8=utf8), *[astring(root.encode()) for root in roots]]) + b"\r\n"
    )


def metadata_changed(name: str, entries: Iterable[str], *, utf8: bool = False) -> bytes:
    """METADATA that nobody asked for: the entries that changed; RFC 5464 4.4.2."""
    names = [astring(entry.encode()) for entry in entries]
    return b"* METADATA %b %b\r\n" % (encode_name(name, utf8=utf8), b" ".join(names))


def metadata(name: str, entries: Iterable[tuple[str, bytes | None]], *, utf8: bool = False) -> bytes:
    """METADATA with values; RFC 5464 4.4.1. One that holds NUL goes as a literal8."""
    parts = [
        astring(entry.encode()) + b" " + (nstring(value) if value is None or b"\0" not in value else literal8(value))
        for entry, value in entries
    ]
    return b"* METADATA %b (%b)\r\n" % (encode_name(name, utf8=utf8), b" ".join(parts))


# Rights; RFC 4314 3.6–3.8


def acl(name: str, grants: Iterable[tuple[str, int]], *, utf8: bool = False) -> bytes:
    """ACL: who may do what."""
    parts = [astring(whom.encode()) + b" " + _letters(rights) for whom, rights in grants]
    return b" ".join([b"* ACL", encode_name(name, utf8=utf8), *parts]) + b"\r\n"


def list_rights(name: str, whom: str, required: int, optional: Iterable[str], *, utf8: bool = False) -> bytes:
    """LISTRIGHTS: what somebody always has, and each set of rights that he can be given."""
    parts = [encode_name(name, utf8=utf8), astring(whom.encode()), _letters(required)]
    return b" ".join([b"* LISTRIGHTS", *parts, *[rights.encode("ascii") for rights in optional]]) + b"\r\n"


def my_rights(name: str, rights: int, *, utf8: bool = False) -> bytes:
    """MYRIGHTS."""
    return b"* MYRIGHTS %b %b\r\n" % (encode_name(name, utf8=utf8), _letters(rights))


def _letters(rights: int) -> bytes:
    """With the virtual ones that older clients know (RFC 4314 2.1.1)."""
    virtual = "".join(letter for letter, members in VIRTUAL.items() if members & rights)
    return (letters(Right(rights)) + virtual).encode("ascii") or b'""'


# Search results


def numbers(found: Sequence[int]) -> bytes:
    """What SEARCH and SORT list, each behind a blank; RFC 3501 7.2.5, RFC 5256 4."""
    return b" %d" * len(found) % tuple(found)


def esearch(
    tag: str,
    *,
    uid: bool,
    least: int | None = None,
    largest: int | None = None,
    found: bytes = b"",
    count: int | None = None,
    modseq: int | None = None,
    partial: tuple[tuple[int, int], bytes] | None = None,
    mailbox: tuple[str, int] | None = None,
    utf8: bool = False,
    relevancy: bytes | None = None,
) -> bytes:
    """ESEARCH; RFC 9051 7.3.4. MIN, MAX and ALL stand only when something was found; None leaves others out.

    `found` is a set as `uid_set` writes it, `relevancy` the scores with blanks between them (RFC 6203 4).

    `partial` is the range that was asked for and the set that stands there, PARTIAL of RFC 9394 3.1. Sorted results
    are in their order (RFC 5267 3.1). `mailbox` is the name and UIDVALIDITY of one of several (RFC 7377 2.1).
    """
    correlator = b"TAG " + string(tag.encode("ascii"))
    if mailbox is not None:
        name, validity = mailbox
        correlator += b" MAILBOX %b UIDVALIDITY %d" % (encode_name(name, utf8=utf8), validity)
    parts = [b"* ESEARCH (%b)%b" % (correlator, b" UID" if uid else b"")]
    if least is not None:
        parts.append(b"MIN %d" % least)
    if largest is not None:
        parts.append(b"MAX %d" % largest)
    if found:
        parts.append(b"ALL " + found)
    if count is not None:
        parts.append(b"COUNT %d" % count)
    if partial is not None:
        (first, last), shown = partial
        parts.append(b"PARTIAL (%d:%d %b)" % (first, last, shown or b"NIL"))
    if relevancy is not None:
        parts.append(b"RELEVANCY (%b)" % relevancy)
    if modseq is not None:
        parts.append(b"MODSEQ %d" % modseq)  # RFC 4731 3.2
    return b" ".join(parts) + b"\r\n"
