"""Sessions at other servers: connects, begins, and tries without TLS where that is allowed; RFC 5321 4.5.4.1."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import structs

from posthouse.core.queue.contracts import ConnectFailed, Hop, TlsPolicy
from posthouse.protocols.smtp.relay.channel import Connector
from posthouse.protocols.smtp.relay.dialogue import Dialogue
from posthouse.protocols.smtp.relay.opening import MUST, TlsLost, open_session
from posthouse.protocols.smtp.relay.session import Session
from posthouse.protocols.smtp.relay.settings import RelaySettings
from posthouse.protocols.smtp.relay.tls.contexts import ClientTls
from posthouse.storage.clock import now_ms


class SmtpRelay:
    """Makes connections; a Relay."""

    def __init__(
        self,
        connector: Connector,
        hostname: str,
        settings: RelaySettings,
        tls: ClientTls | None = None,
        now: Callable[[], int] = now_ms,
    ) -> None:
        self._connector = connector
        self._hostname = hostname
        self._settings = settings
        self._tls = tls or ClientTls()
        self._now = now

    async def connect(self, hop: Hop) -> Session:
        """A session that has greeted, begun TLS as `hop.tls` wants and logged in; raises ConnectFailed."""
        try:
            return await self._begin(hop)
        except TlsLost as lost:
            if hop.implicit_tls or (hop.tls.mode in MUST and not hop.tls.testing):
                raise
            failure = lost.tls
        # mail that would have gone in plain text without STARTTLS goes so, too, where that fails (RFC 7435)
        return await self._begin(structs.replace(hop, tls=TlsPolicy("none")), failure)

    async def _begin(self, hop: Hop, overlooked: str = "") -> Session:
        try:
            judge = self._tls.judge_for(hop)
            channel = await self._connector.connect(hop, self._settings.connect_seconds)
        except TimeoutError:
            raise ConnectFailed(f"no connection within {self._settings.connect_seconds:g} seconds") from None
        except OSError as error:
            raise ConnectFailed(error.strerror or str(error)) from None
        dialogue = Dialogue(channel, self._settings)
        try:
            opened = await open_session(dialogue, hop, self._hostname, judge)
        except ConnectFailed:
            dialogue.leave()
            raise
        except BaseException:
            dialogue.end()
            raise
        if overlooked:
            opened = structs.replace(opened, tls_failure=overlooked)
        return Session(dialogue, hop, opened, self._now)
