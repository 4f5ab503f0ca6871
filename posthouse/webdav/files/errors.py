"""What core/files refuses, as WebDAV says it; RFC 4918 11 and 16, RFC 4331 6, RFC 3744 7.1.1 and 8.1.1."""

from __future__ import annotations

from posthouse.core.accounts.errors import NoSuchAccount, OverQuota
from posthouse.core.files.errors import (
    ConditionFailed,
    FileExists,
    IntoItself,
    IsAFolder,
    LockConflict,
    Locked,
    NameNotAllowed,
    NoNotices,
    NoSuchFile,
    NoSuchLock,
    NoSuchRevision,
    NotAFolder,
    NotPermitted,
    TooDeep,
    TooManyFiles,
    TooManyLists,
    TooManyLocks,
    TooManyProperties,
    TooManyWatches,
)
from posthouse.core.mail.errors import TooManyKeywords
from posthouse.core.sharing.errors import NoSuchGrantee, TooManyGrants
from posthouse.storage.contract import Refused
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.wire.errors import DavError

# what happened -> status, condition, what to say to people
_TABLE: dict[type[Refused], tuple[int, str, str]] = {
    NoSuchFile: (409, "", "it is there no more"),
    NotAFolder: (409, "", "that is no folder"),
    IsAFolder: (409, "", "that is a folder"),
    FileExists: (412, "", "something is there already"),
    NameNotAllowed: (403, "", "no file may be called so"),
    IntoItself: (403, "", "it cannot be in itself, or in place of what it is in"),
    TooDeep: (403, "", "folders would be too deep within each other"),
    ConditionFailed: (412, "", "it has changed meanwhile"),
    NotPermitted: (403, "{DAV:}need-privileges", "you may not do that"),
    NoSuchGrantee: (403, "{DAV:}recognized-principal", "there is nobody of that name"),
    TooManyGrants: (403, "{DAV:}limited-number-of-aces", "it is shared with too many"),
    TooManyLists: (507, "{DAV:}quota-not-exceeded", "too many files are shared each in its own way"),
    Locked: (423, "{DAV:}lock-token-submitted", "it is locked"),
    LockConflict: (423, "{DAV:}no-conflicting-lock", "it is locked"),
    NoSuchLock: (409, "{DAV:}lock-token-matches-request-uri", "there is no such lock"),
    TooManyLocks: (507, "{DAV:}quota-not-exceeded", "there are too many locks"),
    TooManyFiles: (507, "{DAV:}quota-not-exceeded", "there are too many files"),
    TooManyProperties: (507, "{DAV:}quota-not-exceeded", "there are too many properties"),
    TooManyKeywords: (507, "{DAV:}quota-not-exceeded", "there are too many tags"),
    NoNotices: (403, "", "nobody is told of changes here"),
    TooManyWatches: (507, "{DAV:}quota-not-exceeded", "too many are told of changes there"),
    NoSuchRevision: (404, "", "it has no such earlier contents"),
    OverQuota: (507, "{DAV:}quota-not-exceeded", "there is no room for it"),
    NoSuchAccount: (403, "", "the account is gone"),
}


def refusal_of(error: Refused, inside: str = "") -> HttpError:
    """The answer; `inside` is XML in its condition. Raises the error itself when it is none of these."""
    row = _TABLE.get(type(error))
    if row is None:
        raise error
    status, condition, words = row
    return DavError(status, condition, words, inside) if condition else HttpError(status, words)
