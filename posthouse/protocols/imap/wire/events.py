"""What `Decoder.next_event` gives beside whole commands."""

from __future__ import annotations

import msgspec

from posthouse.protocols.imap.wire.commands import AppendMessage, Command


class NeedContinuation(msgspec.Struct, frozen=True, gc=False):
    """The peer waits for "+ " before it sends a short literal; write that and go on."""


class AppendStart(msgspec.Struct, frozen=True, gc=False):
    """An APPEND message follows: the `index`th (from 0) of its command.

    To take it, write "+ " when `synchronising`, and go on: AppendOctets come until AppendEnd. To refuse it, here or
    between octets, call `Decoder.refuse` and answer the tag.
    """

    tag: str
    name: str
    message: AppendMessage
    synchronising: bool
    index: int = 0


class AppendOctets(msgspec.Struct, frozen=True, gc=False):
    """The next octets of the message, as many as have come."""

    octets: bytes


class AppendEnd(msgspec.Struct, frozen=True, gc=False):
    """The message is whole; AppendStart of the next follows, or the Append command, or Malformed."""


class Malformed(msgspec.Struct, frozen=True, gc=False):
    """A command that is not to be run; the decoder is at the next one already.

    Answer NO with `code` in brackets when there is one (TOOBIG, CANNOT, BADCHARSET ...), else BAD. `tag` is "*"
    when it could not be read. `text` says what was expected.
    """

    tag: str
    text: str
    code: str | None = None


Event = Command | NeedContinuation | AppendStart | AppendOctets | AppendEnd | Malformed
