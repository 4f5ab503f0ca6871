"""BODYSTRUCTURE and BODY as a FETCH response carries them; RFC 3501 7.4.2, RFC 9051 7.5.2."""

from __future__ import annotations

from posthouse.formats.imap.envelope import envelope
from posthouse.formats.imap.strings import nstring, string
from posthouse.formats.mime.part import Parameters, Part

_ASCII = (b"charset", b"us-ascii")


def structures(part: Part) -> tuple[bytes, bytes]:
    """The parenthesised lists for a part and all in it: BODYSTRUCTURE, and BODY, which has less of it."""
    if part.is_multipart:
        children = [structures(child) for child in part.children]
        subtype = b" " + _string(part.subtype)
        extension = b" " + _parameters(part.parameters) + _extension(part)
        extended = b"".join([whole for whole, _ in children]) + subtype
        body = b"".join([less for _, less in children]) + subtype
        return b"(" + extended + extension + b")", b"(" + body + b")"
    found = b"%b %b %b %b %b %b %d" % (
        _string(part.type),
        _string(part.subtype),
        _parameters(_shown(part)),
        nstring(part.id),
        nstring(part.description),
        _string(part.encoding),
        part.body_octets,
    )
    if part.is_message:
        message = part.children[0]
        found += b" " + envelope(message.header) + b" "
        extended, body = [found + inner + b" %d" % part.lines for inner in structures(message)]
    else:
        if part.type == "text":
            found += b" %d" % part.lines
        extended = body = found
    return b"(" + extended + b" " + nstring(part.md5) + _extension(part) + b")", b"(" + body + b")"


def _shown(part: Part) -> Parameters:
    # RFC 2045 5.2: a text that does not name its character set is US-ASCII; clients expect to be told
    if part.type != "text" or any(name in (b"charset", b"charset*") for name, _ in part.parameters):
        return part.parameters
    return (*part.parameters, _ASCII)


def _extension(part: Part) -> bytes:
    """Disposition, language and location: the extension fields that all parts share."""
    if part.disposition is None and not part.language and part.location is None:
        return b" NIL NIL NIL"
    disposition = b"NIL"
    if part.disposition is not None:
        disposition = b"(%b %b)" % (_string(part.disposition), _parameters(part.disposition_parameters))
    language = b"NIL"
    if part.language:
        language = b"(%b)" % b" ".join([string(tag) for tag in part.language])
    return b" %b %b %b" % (disposition, language, nstring(part.location))


def _parameters(parameters: Parameters) -> bytes:
    if not parameters:
        return b"NIL"
    return b"(%b)" % b" ".join([b"%b %b" % (string(name), string(value)) for name, value in parameters])


def _string(word: str) -> bytes:
    return string(word.encode("ascii", "replace"))
