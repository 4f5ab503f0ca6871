"""A message's envelope for one server: whether it can be carried there, and MAIL and RCPT as the server takes them."""

from __future__ import annotations

from msgspec import Struct

from posthouse.core.queue.contracts import CarriedMessage, CarriedRecipient
from posthouse.protocols.smtp.relay.opening import Opened
from posthouse.protocols.smtp.relay.wire.commands import Unsendable, command, original_recipient, path, xtext

LONGEST_BY = 999_999_999  # nine digits; RFC 2852 4


class Misfit(Struct, frozen=True):
    """Why a message cannot be carried to a server: for good. `is_hosts`: another host may take it."""

    status: str
    words: str
    is_hosts: bool = True


def misfit_of(message: CarriedMessage, opened: Opened, now: int) -> Misfit | None:
    """What the message needs and the server has not; None when it can be carried.

    Text of eight bits goes to a server without 8BITMIME as it is: all take it, and to encode it anew would break its
    signatures. `now` in ms.
    """
    offered = opened.extensions
    if message.require_tls and not (opened.is_verified and offered.require_tls):  # RFC 8689 4.2.1
        what = "REQUIRETLS is not offered there" if opened.is_verified else "the host has not proved who it is by TLS"
        return Misfit("5.7.30", f"The message may only go where TLS protects it all the way, and {what}")
    if message.body == "BINARYMIME" and not offered.binary:  # RFC 3030 3
        return Misfit("5.6.1", "The message is binary (BINARYMIME), which the host does not take")
    if _needs_utf8(message) and not offered.utf8:  # RFC 6531 3.2
        return Misfit("5.6.7", "The message has international addresses (SMTPUTF8), which the host does not take")
    if 0 < offered.size < message.size:  # RFC 1870 5
        return Misfit("5.3.4", f"The message has {message.size} octets, and the host takes {offered.size}")
    return _late(message, opened, now)


def _late(message: CarriedMessage, opened: Opened, now: int) -> Misfit | None:
    """A message that must come in time or not at all; RFC 2852 4."""
    if not message.deliver_by or message.deliver_by_mode != "R":
        return None
    shortest, left = opened.extensions.deliver_by, _seconds_left(message, now)
    if left <= 0:
        return Misfit("5.4.7", "The time in which it was to be delivered is over", is_hosts=False)
    if shortest is None:
        return Misfit("5.3.3", "The message must be delivered in time (DELIVERBY), which the host does not promise")
    if left < shortest:
        return Misfit("5.4.7", f"{left} seconds are left for its delivery, and the host wants {shortest}")
    return None


def mail_command(message: CarriedMessage, opened: Opened, now: int) -> bytes:
    """MAIL with the parameters that the server knows; raises Unsendable."""
    offered = opened.extensions
    words = ["MAIL", f"FROM:{path(message.sender)}"]
    if offered.has_size:
        words.append(f"SIZE={message.size}")
    if message.body == "BINARYMIME" or (message.body == "8BITMIME" and offered.eight_bit):
        words.append(f"BODY={message.body}")
    if offered.utf8 and _needs_utf8(message):
        words.append("SMTPUTF8")
    if offered.dsn and message.ret:
        words.append(f"RET={message.ret}")
    if offered.dsn and message.envelope_id:
        words.append(f"ENVID={xtext(message.envelope_id)}")
    if message.require_tls:
        words.append("REQUIRETLS")
    if offered.deliver_by is not None and message.deliver_by:
        left = max(-LONGEST_BY, min(_seconds_left(message, now), LONGEST_BY))
        words.append(f"BY={left};{message.deliver_by_mode or 'N'}{'T' * message.deliver_by_trace}")
    if offered.priority and message.priority:
        words.append(f"MT-PRIORITY={message.priority}")
    return command(*words)


def recipient_command(recipient: CarriedRecipient, opened: Opened) -> bytes:
    """RCPT likewise; raises Unsendable."""
    words = ["RCPT", f"TO:{path(recipient.address)}"]
    if not recipient.address:
        raise Unsendable("a recipient has an address")
    if opened.extensions.dsn and recipient.notify:
        words.append(f"NOTIFY={','.join(recipient.notify).upper()}")
    if opened.extensions.dsn and recipient.original:
        words.append(f"ORCPT={original_recipient(recipient.original)}")
    return command(*words)


def _needs_utf8(message: CarriedMessage) -> bool:
    return message.utf8 or not all(
        address.isascii() for address in (message.sender, *(recipient.address for recipient in message.recipients))
    )


def _seconds_left(message: CarriedMessage, now: int) -> int:
    return (message.deliver_by - now) // 1000
