"""GETQUOTA, GETQUOTAROOT, SETQUOTA; RFC 9208 6."""

from __future__ import annotations

from posthouse.protocols.imap.wire.commands.quota import GetQuota, GetQuotaRoot, SetQuota
from posthouse.protocols.imap.wire.reader import Reader

MAX_LIMIT = 2**63 - 1  # RFC 9051 9: number64


def get_quota(reader: Reader, tag: str) -> GetQuota:
    """`"GETQUOTA" SP quota-root-name`."""
    reader.sp()
    root = reader.text_string("a quota root")
    reader.end()
    return GetQuota(tag, root)


def get_quota_root(reader: Reader, tag: str) -> GetQuotaRoot:
    """`"GETQUOTAROOT" SP mailbox`."""
    reader.sp()
    name = reader.mailbox()
    reader.end()
    return GetQuotaRoot(tag, name)


def set_quota(reader: Reader, tag: str) -> SetQuota:
    """`"SETQUOTA" SP quota-root-name SP "(" [setquota-resource *(SP setquota-resource)] ")"`."""
    reader.sp()
    root = reader.text_string("a quota root")
    reader.sp()
    limits = reader.listed(lambda: _limit(reader), empty=True)
    reader.end()
    return SetQuota(tag, root, tuple(limits))


def _limit(reader: Reader) -> tuple[str, int]:
    name = reader.word("a resource such as STORAGE").decode("ascii")
    reader.sp()
    return name, reader.number("a limit", largest=MAX_LIMIT)
