"""Mail data on its way out: dots doubled, its end put behind; RFC 5321 4.5.2."""

from __future__ import annotations


class Dots:
    """A piece in, a piece out.

    A dot behind a bare LF is doubled, too: to servers that take it for a line end it would be the end of the message,
    and what follows a second one.
    """

    __slots__ = ("_tail",)

    def __init__(self) -> None:
        self._tail = b"\r\n"

    def stuff(self, octets: bytes) -> bytes:
        """The next octets as they are sent."""
        if not octets:
            return octets
        begins = self._tail.endswith(b"\n") and octets.startswith(b".")
        self._tail = (self._tail + octets[-2:])[-2:]
        if b"\n." in octets:
            octets = octets.replace(b"\n.", b"\n..")
        return b"." + octets if begins else octets

    def end(self) -> bytes:
        """What ends the message; a last line without an end gets one."""
        return b".\r\n" if self._tail == b"\r\n" else b"\r\n.\r\n"
