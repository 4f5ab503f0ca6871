"""Which parts a reader would call attachments; RFC 8621 4.1.4 (hasAttachment), RFC 2183."""

from __future__ import annotations

from posthouse.formats.mime.parameters import decoded_parameter
from posthouse.formats.mime.part import Part

# Wrappings that a reader never sees as a file, whatever their disposition says
_SIGNATURES = {"pkcs7-signature", "x-pkcs7-signature", "pgp-signature", "pgp-encrypted"}
# Notices that programs read, where nobody gave them a name
_NOTICES = {
    ("message", "delivery-status"), ("message", "global-delivery-status"), ("message", "disposition-notification"),
    ("message", "global-disposition-notification"), ("message", "feedback-report"),
    ("text", "rfc822-headers"), ("message", "global-headers"),
}  # fmt: skip


def has_attachment(message: Part) -> bool:
    """Whether anything in the message would be offered as a file: not its text, pictures in place, signature."""
    return _holds_file(message, "")


def filename(part: Part) -> str | None:
    """The name that the sender gave the part; from Content-Disposition, else from Content-Type."""
    return decoded_parameter(part.disposition_parameters, b"filename") or decoded_parameter(part.parameters, b"name")


def _holds_file(part: Part, outer: str) -> bool:
    if part.is_multipart:
        return any(_holds_file(child, part.subtype) for child in part.children)
    if part.type == "application" and part.subtype in _SIGNATURES:
        return False
    if part.disposition == "attachment":
        return True
    named = bool(filename(part))
    if part.disposition == "inline" or outer == "related":
        # in place: text and pictures that the text shows, unless it cannot show them
        if part.type == "text" and not named:
            return False
        if part.type == "image":
            return part.id is None and outer != "related"
        return named or outer != "related"
    if (part.type, part.subtype) in _NOTICES:
        return named
    if outer == "report" and part.is_message:
        return False  # RFC 6522: the message that the report is about
    return named or part.type != "text"
