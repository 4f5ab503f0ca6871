"""The other hosts of a route, for what one of them cannot take as it is: too large there, no REQUIRETLS there.

Such a refusal is ours and that host's, not the destination's; another of its hosts may do (RFC 8689 4.2.1).
"""

from __future__ import annotations

from posthouse.core.queue.contracts import (
    CarriedMessage,
    ConnectFailed,
    Content,
    Hop,
    Outcome,
    Relay,
    RelayConnection,
    Route,
    Router,
)


class Detour:
    """Beside one connection: opens one more to each of the other hosts when it is needed, and keeps it."""

    def __init__(self, relay: Relay, router: Router, route: Route, host: str) -> None:
        """`host` is the one that the connection leads to."""
        self._relay = relay
        self._router = router
        self._hops = [hop for hop in route.hops if hop.host != host]
        self._open: dict[Hop, RelayConnection] = {}
        self._failed: dict[Hop, ConnectFailed] = {}

    async def carry(self, message: CarriedMessage, content: Content, refused: list[Outcome]) -> list[Outcome]:
        """What becomes of a message that one host refused so; `refused` when none takes it.

        It waits when one of them could not be asked.
        """
        unasked: ConnectFailed | None = None
        done: set[str] = set()
        for hop in self._hops:
            if hop.host in done:
                continue
            connection = await self._connect(hop)
            if connection is None:
                unasked = self._failed[hop]
                continue
            done.add(hop.host)
            outcomes = await connection.carry(message, content)
            if not all(outcome.again == "elsewhere" for outcome in outcomes):
                return outcomes
        if unasked is None or all(hop.host in done for hop in self._hops):
            return refused
        return [
            Outcome(
                one.recipient, "later", 0, _transient(one.status), f"{one.words}; elsewhere: {unasked.words}", one.host
            )
            for one in refused
        ]

    async def quit(self) -> None:
        """End all sessions."""
        for connection in self._open.values():
            await connection.quit()
        self._open.clear()

    async def _connect(self, hop: Hop) -> RelayConnection | None:
        connection = self._open.get(hop)
        if connection is not None and not connection.is_usable:
            await self._open.pop(hop).quit()
            connection = None
        if connection is None and hop not in self._failed:
            try:
                connection = self._open[hop] = await self._relay.connect(hop)
            except ConnectFailed as failed:
                self._failed[hop] = failed  # not asked again: it may take half a minute each time
            failure = self._failed.get(hop)
            tls = connection.tls_failure if connection is not None else failure.tls if failure is not None else ""
            if connection is not None or tls:
                self._router.note_tls(hop, tls)
        return connection


def _transient(status: str) -> str:
    return f"4{status[1:]}"
