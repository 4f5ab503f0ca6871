"""What the access log tells of a request and its answer."""

from __future__ import annotations

import msgspec
import structlog

log = structlog.get_logger()


class Access(msgspec.Struct, frozen=True):
    """One request; `octets` are the answer's, None where nobody knew before they were sent.

    Of a request whose head was never whole there is no method and no target.
    """

    method: str
    target: str
    status: int
    octets: int | None
    milliseconds: float
    peer: str
    agent: str


def log_access(access: Access) -> None:
    """A line like any other in the log."""
    log.info("http", **msgspec.structs.asdict(access))
