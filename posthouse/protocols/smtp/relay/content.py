"""A message's octets on their way: streamed, never faster than the server takes them; RFC 5321 4.1.1.4, RFC 3030 2."""

from __future__ import annotations

from posthouse.core.queue.contracts import Content
from posthouse.protocols.smtp.relay.dialogue import Broken, Dialogue
from posthouse.protocols.smtp.relay.wire.commands import bdat
from posthouse.protocols.smtp.relay.wire.dots import Dots
from posthouse.protocols.smtp.relay.wire.reply import Reply


async def send_data(dialogue: Dialogue, content: Content) -> Reply:
    """What comes behind 354; the answer to it. Raises Broken, BlobDamaged."""
    dots = Dots()
    try:
        async for octets in content.chunks():
            await dialogue.send(dots.stuff(octets))
        await dialogue.send(dots.end())
    except Broken as broken:
        return await _last_words(dialogue, broken)
    return await dialogue.hear("the message", dialogue.settings.end_seconds)


async def send_chunk(dialogue: Dialogue, content: Content) -> Reply:
    """The whole message as one chunk: its size is known. Raises Broken, BlobDamaged."""
    left = content.size
    dialogue.say(bdat(left))
    try:
        async for octets in content.chunks():
            left -= len(octets)
            if left < 0:
                break
            await dialogue.send(octets)
    except Broken as broken:
        return await _last_words(dialogue, broken)
    if left:
        raise dialogue.broken("The message here has not the size that it should have", "4.3.0")
    return await dialogue.hear("the message", dialogue.settings.end_seconds)


async def _last_words(dialogue: Dialogue, broken: Broken) -> Reply:
    """What the server said before it took no more: a refusal counts, anything else does not; raises Broken."""
    try:
        reply = await dialogue.hear("the message", dialogue.settings.quit_seconds)
    except Broken as last:
        raise (last if last.code else broken) from None
    dialogue.end()
    if reply.is_transient or reply.is_permanent:
        return reply
    raise broken
