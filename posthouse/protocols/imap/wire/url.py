"""IMAP URLs of a message or a part of one on this server, as CATENATE names them; RFC 5092 5 and 11, RFC 4469 3.

`/Drafts;UIDVALIDITY=1700000000/;UID=20/;SECTION=1.MIME/;PARTIAL=0.100`; without a mailbox, `;UID=20` is relative to the
selected one, and so is `Drafts/;UID=20`, which stands beside it. URLs of other servers, and those of URLAUTH, are none
of ours.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

import msgspec

from posthouse.protocols.imap.wire.fetch import Section
from posthouse.protocols.imap.wire.fetch_grammar import section_spec
from posthouse.protocols.imap.wire.limits import WireLimits
from posthouse.protocols.imap.wire.names import decode_name
from posthouse.protocols.imap.wire.reader import MAX_NUMBER, MAX_NUMBER64, Expected

_LONGEST = 8192
_CHARS = re.compile(rb"[!-~]+")
_PLACE = re.compile(rb"(/|(?![^/]*:))([^/;][^;]*)(?:;UIDVALIDITY=(\d{1,10}))?/(?=;UID=)|/?(?=;UID=)", re.IGNORECASE)
_WHAT = re.compile(
    rb";UID=(\d{1,10})(?:/;SECTION=([^;/]*(?:/[^;/]+)*))?(?:/;PARTIAL=(\d{1,19})(?:\.(\d{1,19}))?)?", re.IGNORECASE
)
_BAD_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class MessageUrl(msgspec.Struct, frozen=True):
    """What a URL names. `mailbox` is None for the selected one, `uid_validity` None for whatever it is now.

    `beside` tells that the name is relative to the level on which the selected mailbox stands (RFC 3986 5.2.3).
    """

    mailbox: str | None
    uid_validity: int | None
    uid: int
    section: Section
    beside: bool = False


def parse_url(octets: bytes, limits: WireLimits) -> MessageUrl:
    """What the URL names; raises ValueError."""
    if len(octets) > _LONGEST or _CHARS.fullmatch(octets) is None or _BAD_ESCAPE.search(octets):
        raise ValueError("no URL")
    place = _PLACE.match(octets)
    what = None if place is None else _WHAT.fullmatch(octets, place.end())
    if place is None or what is None:
        raise ValueError("no URL of a message on this server")
    mailbox = None if place[2] is None else decode_name(unquote_to_bytes(place[2]), utf8=True)
    validity, uid = int(place[3]) if place[3] else None, int(what[1])
    first, count = int(what[3] or 0), int(what[4] or MAX_NUMBER64)
    if not (0 < uid <= MAX_NUMBER and (validity is None or 0 < validity <= MAX_NUMBER)):
        raise ValueError("a number is too large, or none")
    if max(first, count) > MAX_NUMBER64 or not count:
        raise ValueError("a number is too large, or none")
    try:
        section = section_spec(unquote_to_bytes(what[2] or b""), limits)
    except Expected as error:
        raise ValueError(error.what) from None
    if what[3] is not None:
        section = msgspec.structs.replace(section, partial=(first, count))
    return MessageUrl(mailbox, validity, uid, section, place[1] == b"")
