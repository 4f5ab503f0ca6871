"""A session that carries messages one after another; RFC 5321 3.3, 4.1.4."""

from __future__ import annotations

from collections.abc import Callable

from posthouse.core.queue.contracts import CarriedMessage, Content, Hop, Outcome
from posthouse.protocols.smtp.relay.dialogue import Broken, Dialogue
from posthouse.protocols.smtp.relay.envelope import misfit_of
from posthouse.protocols.smtp.relay.opening import Opened
from posthouse.protocols.smtp.relay.tally import Tally
from posthouse.protocols.smtp.relay.transaction import Transaction
from posthouse.storage.blobs.contract import BlobDamaged


class Session:
    """One session at a hop; a RelayConnection. `now` gives ms since the epoch."""

    def __init__(self, dialogue: Dialogue, hop: Hop, opened: Opened, now: Callable[[], int]) -> None:
        self._dialogue = dialogue
        self._host = hop.host or hop.address
        self._opened = opened
        self._now = now
        self._carried = 0
        self._must_reset = False  # the server may still hold an envelope

    @property
    def is_usable(self) -> bool:
        """True while another message can be sent; a server that has spoken unasked is about to close."""
        most = self._opened.extensions.most_messages
        return self._dialogue.is_quiet and (not most or self._carried < most)

    @property
    def tls_failure(self) -> str:
        """What was wrong with TLS and overlooked, as RFC 8460 4.3 names it; "" for nothing."""
        return self._opened.tls_failure

    async def carry(self, message: CarriedMessage, content: Content) -> list[Outcome]:
        """Send it; one outcome a recipient, in their order."""
        tally = Tally(message, self._host)
        misfit = misfit_of(message, self._opened, self._now())
        if misfit is not None:
            tally.rest("refused", misfit.status, misfit.words, again="elsewhere" if misfit.is_hosts else "")
        elif self._dialogue.has_ended:
            tally.rest("later", "4.4.2", "The connection is gone")
        else:
            await self._transact(message, content, tally)
        return tally.outcomes()

    async def _transact(self, message: CarriedMessage, content: Content, tally: Tally) -> None:
        self._carried += 1
        transaction = Transaction(self._dialogue, self._opened, message, tally)
        try:
            await transaction.run(content, self._now(), reset=self._must_reset)
            self._must_reset = transaction.is_open
        except Broken as broken:
            # whether a message whose answer is lost was taken nobody knows: it is sent again (RFC 5321 4.5.4.1)
            tally.rest("later", broken.status, broken.words, broken.code)
        except BlobDamaged as damaged:
            tally.rest("later", "4.3.0", f"The message cannot be read here: {damaged}")
            self._dialogue.end()  # the server waits for its rest, and must not take it for whole
        except BaseException:
            self._dialogue.end()  # likewise
            raise

    async def quit(self) -> None:
        """Say goodbye, and close; RFC 5321 4.1.1.10."""
        if not self._dialogue.has_ended:
            await self._dialogue.quit()
