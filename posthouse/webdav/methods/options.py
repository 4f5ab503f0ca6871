"""OPTIONS: what can be done here; RFC 4918 10.1, 18. Windows looks for MS-Author-Via. It needs no login."""

from __future__ import annotations

from posthouse.webdav.http.answer import Answer
from posthouse.webdav.methods.asked import COMPLIANCE, LISTS, LOCKS, READS, WRITES
from posthouse.webdav.methods.search import DASL


async def options(*, changes: bool) -> Answer:
    """What can be done to resources that people change, or to those that are only read."""
    allow = (b"allow", (f"{READS}, {WRITES}, {LOCKS}, {LISTS}" if changes else READS).encode())
    return Answer(200, (COMPLIANCE, allow, (b"ms-author-via", b"DAV"), DASL, (b"accept-ranges", b"bytes")))
