"""The part tree of a message, with exact octet offsets; RFC 2045, RFC 2046.

Text stands as it came (unfolded, not decoded); words that RFC 2045 calls case-insensitive are in lower case.
"""

from __future__ import annotations

import msgspec

Parameters = tuple[tuple[bytes, bytes], ...]  # (name in lower case, value without quotes), in their order

MESSAGE_SUBTYPES = ("rfc822", "global")  # RFC 2046 5.2.1, RFC 6532 3.7


class Part(msgspec.Struct, array_like=True):
    """One part, or the message itself; nobody changes it after the scanner gave it out.

    Offsets count octets from the first of the message: the header is [header_start, body_start) with the blank line
    that ends it, the body [body_start, body_end) without the line break before the boundary that ends it
    (RFC 2046 5.1.1). `lines` are the line ends in the body.

    A multipart has at least one child. A message/rfc822 or message/global part has exactly one: the message in it.
    `header` is kept for messages only (the whole one and those in it). `text` holds the first octets of the first
    text worth a preview, still encoded, on the part that they come from.
    """

    header_start: int
    body_start: int
    body_end: int = 0
    lines: int = 0
    type: str = "text"
    subtype: str = "plain"
    parameters: Parameters = ()
    encoding: str = "7bit"
    id: bytes | None = None
    description: bytes | None = None
    md5: bytes | None = None
    disposition: str | None = None
    disposition_parameters: Parameters = ()
    language: tuple[bytes, ...] = ()
    location: bytes | None = None
    children: list[Part] = msgspec.field(default_factory=list)
    header: bytes = b""
    text: bytes = b""

    @property
    def is_multipart(self) -> bool:
        """Whether the body is a row of parts."""
        return self.type == "multipart"

    @property
    def is_message(self) -> bool:
        """Whether the body is a message of its own, the only child."""
        return self.type == "message" and bool(self.children)

    @property
    def body_octets(self) -> int:
        """Size of the body, still encoded."""
        return self.body_end - self.body_start
