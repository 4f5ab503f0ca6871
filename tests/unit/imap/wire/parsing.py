"""One line read as a command."""

from __future__ import annotations

from posthouse.protocols.imap.wire.decoder import Decoder
from posthouse.protocols.imap.wire.fetch import Attribute
from posthouse.protocols.imap.wire.limits import WireLimits
from posthouse.protocols.imap.wire.sequence import SequenceSet

ALL_MESSAGES = SequenceSet(((1, 0),))
ONE = SequenceSet(((1, 1),))
UID, FLAGS = Attribute.UID, Attribute.FLAGS


def only_event(line: bytes, *, utf8: bool = False, limits: WireLimits | None = None) -> object:
    decoder = Decoder(limits or WireLimits(), utf8=utf8)
    decoder.feed(line + b"\r\n")
    event = decoder.next_event()
    assert decoder.next_event() is None
    assert decoder.buffered == 0
    return event
