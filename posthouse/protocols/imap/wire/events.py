"""What `Decoder.next_event` gives beside whole commands."""

from __future__ import annotations

import msgspec

from posthouse.protocols.imap.wire.commands.append import AppendMessage, Replaced
from posthouse.protocols.imap.wire.commands.command import Command


class NeedContinuation(msgspec.Struct, frozen=True, gc=False):
    """The peer waits for "+ " before it sends a short literal; write that and go on."""


class AppendStart(msgspec.Struct, frozen=True, gc=False):
    """A message of APPEND or REPLACE follows: the `index`th (from 0) of its command.

    To take it, write "+ " when `synchronising`, and go on: AppendOctets come until AppendEnd, or, of a `catenated`
    message, AppendUrl and AppendText. To refuse it, here or behind any of these, call `Decoder.refuse` and answer the
    tag.
    """

    tag: str
    name: str
    message: AppendMessage
    synchronising: bool
    index: int = 0
    replaced: Replaced | None = None


class AppendUrl(msgspec.Struct, frozen=True, gc=False):
    """The next part of a catenated message is what the URL names; RFC 4469 3."""

    url: bytes


class AppendText(msgspec.Struct, frozen=True, gc=False):
    """The next part of a catenated message comes as AppendOctets, `size` of them; for others as AppendStart says."""

    size: int
    synchronising: bool
    literal8: bool = False
    utf8: bool = False


class AppendOctets(msgspec.Struct, frozen=True, gc=False):
    """The next octets of the message, as many as have come."""

    octets: bytes


class AppendEnd(msgspec.Struct, frozen=True, gc=False):
    """The message is whole; AppendStart of the next follows, or the Append command, or Malformed."""


class Malformed(msgspec.Struct, frozen=True, gc=False):
    """A command that is not to be run; the decoder is at the next one already.

    Answer NO with `code` in brackets when there is one (TOOBIG, CANNOT, BADCHARSET ...), else BAD. `tag` is "*"
    when it could not be read. `text` says what was expected. `unsaves`: a NO to it leaves no saved search result,
    `closes`: no open mailbox.
    """

    tag: str
    text: str
    code: str | None = None
    unsaves: bool = False
    closes: bool = False


AppendEvent = AppendStart | AppendUrl | AppendText | AppendOctets | AppendEnd
Event = Command | NeedContinuation | AppendEvent | Malformed
