"""What became of each recipient of a message, while it is being carried."""

from __future__ import annotations

from typing import Literal

from msgspec import structs

from posthouse.core.queue.contracts import CarriedMessage, CarriedRecipient, Outcome
from posthouse.protocols.smtp.relay.wire.reply import Reply

CROWDED = "4.5.3"  # too many recipients; RFC 3463 3.6
TOO_MANY = 552  # once the code of too many recipients, and to be taken for 452; RFC 5321 4.5.3.1.10


class Tally:
    """Outcomes as they come; `accepted` are those whom the server took, and whose message it has not answered yet."""

    __slots__ = ("_host", "_outcomes", "_recipients", "accepted")

    def __init__(self, message: CarriedMessage, host: str) -> None:
        self._recipients = message.recipients
        self._host = host
        self._outcomes: dict[int, Outcome] = {}
        self.accepted: list[CarriedRecipient] = []

    def take(self, recipient: CarriedRecipient, reply: Reply) -> None:
        """The answer to its RCPT."""
        if reply.is_positive:
            self.accepted.append(recipient)
        elif reply.code == TOO_MANY and reply.status in ("", "5.5.3"):
            self._decide(recipient, "later", reply.code, CROWDED, reply.words)
        else:
            self._by_reply(recipient, reply)

    def settle(self, reply: Reply, *, reports: bool) -> None:
        """The answer to the message, for all whom the server took."""
        for recipient in self.accepted:
            self._by_reply(recipient, reply, reports=reports)
        self.accepted = []

    def refuse(self, recipient: CarriedRecipient, status: str, words: str) -> None:
        """One that cannot be sent, in our words."""
        self._decide(recipient, "refused", 0, status, words)

    def postpone(self, recipient: CarriedRecipient, words: str) -> None:
        """One too many for this transaction: it goes with the next."""
        self._decide(recipient, "later", 0, CROWDED, words, again="at once")

    def rest_by(self, reply: Reply) -> None:
        """One answer for all who are not decided."""
        for recipient in self._open():
            self._by_reply(recipient, reply)

    def rest(
        self,
        result: Literal["later", "refused"],
        status: str,
        words: str,
        code: int = 0,
        *,
        again: Literal["", "elsewhere"] = "",
    ) -> None:
        """Likewise, in our words; of a later one the status is transient."""
        for recipient in self._open():
            self._decide(recipient, result, code, status, words, again=again)

    def outcomes(self) -> list[Outcome]:
        """One a recipient, in their order.

        Those that the server found too many go at once with the next transaction when it took any in this one:
        RFC 5321 4.5.3.1.10.
        """
        found = [self._outcomes[recipient.number] for recipient in self._recipients]
        if not any(outcome.result == "taken" for outcome in found):
            return found
        return [
            structs.replace(outcome, again="at once")
            if outcome.result == "later" and outcome.status == CROWDED
            else outcome
            for outcome in found
        ]

    def _open(self) -> list[CarriedRecipient]:
        return [recipient for recipient in self._recipients if recipient.number not in self._outcomes]

    def _by_reply(self, recipient: CarriedRecipient, reply: Reply, *, reports: bool = False) -> None:
        result: Literal["taken", "later", "refused"] = "later" if reply.is_transient else "refused"
        if reply.is_positive:
            result = "taken"
        status = reply.status or ("5.3.4" if reply.code == TOO_MANY else f"{reply.code // 100}.0.0")
        self._decide(recipient, result, reply.code, status, reply.words, reports=reports and reply.is_positive)

    def _decide(
        self,
        recipient: CarriedRecipient,
        result: Literal["taken", "later", "refused"],
        code: int,
        status: str,
        words: str,
        *,
        reports: bool = False,
        again: Literal["", "elsewhere", "at once"] = "",
    ) -> None:
        number = recipient.number
        self._outcomes[number] = Outcome(number, result, code, status, words, self._host, reports, again)
