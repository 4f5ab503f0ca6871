"""What mapped directories and their file systems refuse, as WebDAV says it; RFC 4918 11 and 16, RFC 4331 6."""

from __future__ import annotations

from errno import (
    EACCES,
    EDQUOT,
    EEXIST,
    EFBIG,
    EINVAL,
    EISDIR,
    ENAMETOOLONG,
    ENOENT,
    ENOSPC,
    ENOTDIR,
    ENOTSUP,
    EOVERFLOW,
    EPERM,
    EROFS,
    EXDEV,
)

import structlog

from posthouse.core.directories.errors import NoSuchDirectory, PathLocked
from posthouse.core.files.errors import ConditionFailed, NoSuchLock, TooManyLocks
from posthouse.storage.contract import Refused
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.wire.errors import DavError

log = structlog.get_logger()

# what happened -> status, condition, what to say to people
_REFUSALS: dict[type[Refused], tuple[int, str, str]] = {
    ConditionFailed: (412, "", "it has changed meanwhile"),
    NoSuchDirectory: (409, "", "the directory is there no more"),
    NoSuchLock: (409, "{DAV:}lock-token-matches-request-uri", "there is no such lock"),
    PathLocked: (423, "{DAV:}lock-token-submitted", "it is locked"),
    TooManyLocks: (507, "{DAV:}quota-not-exceeded", "there are too many locks"),
}
_ERRORS: dict[int, tuple[int, str, str]] = {
    EACCES: (403, "", "this server may not do that there"),
    EPERM: (403, "", "this server may not do that there"),
    EROFS: (403, "", "nothing can be written there"),
    EDQUOT: (507, "{DAV:}quota-not-exceeded", "there is no room for it"),
    ENOSPC: (507, "{DAV:}sufficient-disk-space", "there is no room for it"),
    EEXIST: (409, "", "something is called so"),
    EFBIG: (507, "{DAV:}sufficient-disk-space", "that is too much"),
    EINVAL: (403, "", "it cannot be called so, or be there"),
    EISDIR: (409, "", "that is a folder"),
    ENAMETOOLONG: (403, "", "the name is too long for the file system there"),
    ENOENT: (409, "", "it is there no more"),
    ENOTDIR: (409, "", "that is no folder"),
    ENOTSUP: (507, "{DAV:}quota-not-exceeded", "the file system there keeps no properties"),
    EOVERFLOW: (507, "{DAV:}number-of-matches-within-limits", "there are too many files in that folder"),
    EXDEV: (403, "", "that is another file system: copy it, and delete it then"),
}


def refusal_of(error: Refused, inside: str = "") -> HttpError:
    """The answer; `inside` is XML in its condition. Raises the error itself when it is none of these."""
    row = _REFUSALS.get(type(error))
    if row is None:
        raise error
    return _answer(*row, inside)


def trouble_of(error: OSError, name: str) -> HttpError:
    """The answer to what the file system of a directory says; what is nobody's fault who asks is logged."""
    row = _ERRORS.get(error.errno or 0)
    if row is None:
        log.warning("a mapped directory cannot be used", directory=name, why=str(error))
        return HttpError(503, "the directory cannot be used now")
    return _answer(*row, "")


def _answer(status: int, condition: str, words: str, inside: str) -> HttpError:
    return DavError(status, condition, words, inside) if condition else HttpError(status, words)
