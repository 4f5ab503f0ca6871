"""What HTTP transcripts play on: a site that answers every request below /echo with its method, path and octets.

Below /open pages of https://app.example.org may ask the same, below /public those of any site; /locked wants a login,
and /text has a long text.

`# with:` takes `peer=ADDRESS` and any setting of HttpSettings. `[silence]` lasts as long as the connection waits.
"""

from __future__ import annotations

from typing import Any

from posthouse.webdav.http.answer import Answer
from posthouse.webdav.http.cors import CrossOrigin
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.request import Request
from posthouse.webdav.http.settings import HttpSettings
from posthouse.webdav.http.site import HttpFactory
from tests.transcripts.runner import MemoryTransport, Stage

MOST_OCTETS = 1_000


class Silent:
    """The runner's view of a session."""

    is_busy = False


async def echo(request: Request) -> Answer:
    """What was asked, on a line of its own."""
    octets = await request.body.read(MOST_OCTETS)
    line = f"{request.method} {request.target} {len(octets)}\r\n".encode()
    return Answer(200, ((b"content-type", b"text/plain"),), line)


async def refuse(_request: Request) -> Answer:
    """What one says who wants a login."""
    raise HttpError(401, "log in", ((b"www-authenticate", b'Basic realm="Posthouse"'),))


async def long_text(_request: Request) -> Answer:
    """Text that is worth to be sent compressed."""
    return Answer(200, ((b"content-type", b"text/plain"),), b"one line\r\n" * 200)


async def set_stage(options: dict[str, str]) -> Stage:
    """A new site for one transcript."""
    settings: Any = {
        name: tuple(value.split(",")) if "/" in value else float(value) if "." in value else int(value)
        for name, value in options.items()
        if name != "peer"
    }
    site = HttpFactory(
        {
            ("echo",): echo,
            ("open",): CrossOrigin(echo, ("https://app.example.org",)),
            ("locked",): CrossOrigin(refuse, ("https://app.example.org",)),
            ("public",): CrossOrigin(echo, ("*",)),
            ("text",): long_text,
        },
        HttpSettings(**settings),
    )

    def connect(transport: MemoryTransport) -> None:
        channel = site.buildProtocol(None)
        channel.session = Silent()
        channel.timed_out = channel._on_silence
        transport.begin(channel)

    return Stage(connect)
