"""The DKIM-Signature field of a message; RFC 6376 3.5 and 5, RFC 8463 3."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Iterator

from posthouse.formats.dkim.keys import SigningKey
from posthouse.formats.mime.headers import Fields, read_fields, unfold

# Signed where they stand (RFC 6376 5.4.1). The first ones are signed once more than they stand, also where they do not,
# and so cannot be added afterwards (8.15); the second ones only where they stand, for servers add those that miss.
ALWAYS_SEALED = (b"from", b"reply-to", b"subject", b"to", b"cc")
SEALED = (
    b"date", b"message-id", b"mime-version", b"content-type", b"content-transfer-encoding", b"in-reply-to",
    b"references",
)  # fmt: skip
SIGNED = (
    b"sender", b"content-id", b"content-description", b"content-disposition", b"content-language",
    b"resent-date", b"resent-from", b"resent-sender", b"resent-to", b"resent-cc", b"resent-message-id",
    b"list-id", b"list-help", b"list-unsubscribe", b"list-unsubscribe-post", b"list-subscribe", b"list-post",
    b"list-owner", b"list-archive", b"autocrypt", b"tls-report-domain", b"tls-report-submitter", b"tls-required",
)  # fmt: skip

_WIDTH = 76  # columns, of the 78 that RFC 5322 2.1.1 recommends
_BLANKS = re.compile(rb"[ \t]+")


def sign(header: bytes, body_hash: bytes, key: SigningKey, domain: str, selector: str, now: int) -> bytes:
    """The DKIM-Signature field, with its CRLF, of a message with that header block; `now` in ms.

    `domain` is an A-label name. The field goes on top of the header.
    """
    fields = read_fields(header)
    names = list(signed_names(fields))
    tags = [
        b" v=1;",
        b" a=%b;" % key.algorithm.encode(),
        b" c=relaxed/relaxed;",
        b" d=%b;" % domain.encode(),
        b" s=%b;" % selector.encode(),
        b" t=%d;" % (now // 1000),
        *_tag(b"h", b":".join(names), b":"),
        *_tag(b"bh", base64.b64encode(body_hash)),
        b" b=",
    ]
    unsigned = _folded(b"DKIM-Signature:", tags)
    covered = b"".join([*covered_fields(fields, names), relaxed(b"DKIM-Signature", unsigned.partition(b":")[2])])
    signature = base64.b64encode(key.sign(covered.removesuffix(b"\r\n")))  # without its line end: 3.7
    return _folded(b"DKIM-Signature:", [*tags[:-1], *_tag(b"b", signature, end=b"")]) + b"\r\n"


def signed_names(fields: Fields) -> Iterator[bytes]:
    """The names of `h=`, each as often as it is signed."""
    for name in (*ALWAYS_SEALED, *SEALED, *SIGNED):
        standing = len(fields.get(name, ()))
        sealed = name in ALWAYS_SEALED or (name in SEALED and standing)
        yield from [name] * (standing + bool(sealed))


def covered_fields(fields: Fields, names: Iterable[bytes]) -> Iterator[bytes]:
    """The fields that `h=` names, in canonical form: of those alike the last first; RFC 6376 5.4.2."""
    left = {name: list(values) for name, values in fields.items()}
    for name in names:
        values = left.get(name)
        if values:
            yield relaxed(name, values.pop())


def relaxed(name: bytes, value: bytes) -> bytes:
    """A field in relaxed canonical form; RFC 6376 3.4.2."""
    return b"%b:%b\r\n" % (name.lower(), _BLANKS.sub(b" ", unfold(value)))


def _tag(name: bytes, value: bytes, behind: bytes = b"", end: bytes = b";") -> list[bytes]:
    """A tag in pieces that may stand on lines of their own: cut `behind` an octet, or anywhere; RFC 6376 3.5."""
    text = b" %b=%b%b" % (name, value, end)
    if behind:
        pieces = text.split(behind)
        return [*(piece + behind for piece in pieces[:-1]), pieces[-1]]
    return [text[at : at + _WIDTH - 1] for at in range(0, len(text), _WIDTH - 1)]


def _folded(name: bytes, pieces: list[bytes]) -> bytes:
    lines = [name]
    for piece in pieces:
        if len(lines[-1]) + len(piece) > _WIDTH:
            lines.append(b"\t" + piece.removeprefix(b" "))
        else:
            lines[-1] += piece
    return b"\r\n".join(lines)
