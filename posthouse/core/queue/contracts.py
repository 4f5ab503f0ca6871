"""What the queue needs of others: the way to a destination, and a connection that carries messages there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal, Protocol

from msgspec import Struct


class TlsaRecord(Struct, frozen=True):
    """One TLSA record; RFC 6698 2.1."""

    usage: int
    selector: int
    matching: int
    data: bytes


class TlsPolicy(Struct, frozen=True):
    """What TLS a connection must have.

    none: none is tried. opportunistic: where it is offered, unchecked, and in plain text without. encrypted: TLS,
    unchecked. dane: TLS, checked against `tlsa` (RFC 7672). verified: TLS, a certificate of a trusted authority for
    one of `names` (MTA-STS, RFC 8461; smart hosts). `source` and `domain` say whose policy it is, for reports
    (RFC 8460).
    """

    mode: Literal["none", "opportunistic", "encrypted", "dane", "verified"] = "opportunistic"
    names: tuple[str, ...] = ()
    tlsa: tuple[TlsaRecord, ...] = ()
    source: Literal["no-policy-found", "tlsa", "sts", "configuration"] = "no-policy-found"
    domain: str = ""
    text: tuple[str, ...] = ()  # the policy as it was published
    testing: bool = False  # an MTA-STS policy whose failures are only reported


class RemoteLogin(Struct, frozen=True):
    """How we log in at a smart host."""

    name: str
    password: str

    def __repr__(self) -> str:
        return f"<login {self.name}>"  # no password in any log


class Hop(Struct, frozen=True):
    """One address of one host to try; `source` is the address of ours to connect from, "" for any."""

    host: str
    address: str
    port: int
    tls: TlsPolicy = TlsPolicy()
    login: RemoteLogin | None = None
    implicit_tls: bool = False
    source: str = ""


class Route(Struct, frozen=True):
    """The hops to a destination, to be tried in this order. `final` is False for a smart host, that passes mail on."""

    hops: tuple[Hop, ...]
    final: bool = True


class Unroutable(Exception):
    """There is no way to the destination, now (`permanent` False) or ever. `status` as "5.1.2"."""

    def __init__(self, words: str, status: str, *, permanent: bool) -> None:
        super().__init__(words)
        self.words = words
        self.status = status
        self.permanent = permanent


class Router(Protocol):
    """Finds the way."""

    async def route(self, destination: str, domain: str, *, tls_optional: bool = False) -> Route:
        """The way to a destination for mail on behalf of our `domain`; raises Unroutable, StoreUnavailable.

        With `tls_optional` no policy of the destination's keeps mail back (RFC 8689 4.2.2).
        """

    def note_tls(self, hop: Hop, failure: str) -> None:
        """Count a session's TLS for the domain's report; `failure` is a result type of RFC 8460 4.3, "" for none."""


class Content(Protocol):
    """A message as it is sent, CRLF line ends; may be read more than once."""

    @property
    def size(self) -> int:
        """Octets."""

    def chunks(self) -> AsyncIterator[bytes]:
        """Its octets in pieces; raises BlobDamaged."""


class CarriedRecipient(Struct, frozen=True):
    """A recipient as a connection is given it; `number` is the queue's."""

    number: int
    address: str
    notify: tuple[str, ...] = ()
    original: str = ""


class CarriedMessage(Struct, frozen=True):
    """A message's envelope as a connection is given it; the fields are QueuedMessage's."""

    sender: str
    recipients: tuple[CarriedRecipient, ...]
    size: int
    utf8: bool = False
    body: Literal["7BIT", "8BITMIME", "BINARYMIME"] = "8BITMIME"
    ret: Literal["", "FULL", "HDRS"] = ""
    envelope_id: str = ""
    require_tls: bool = False
    priority: int = 0
    deliver_by: int = 0  # when, ms
    deliver_by_mode: Literal["", "N", "R"] = ""
    deliver_by_trace: bool = False


class Outcome(Struct, frozen=True):
    """What became of one recipient at a host.

    taken: the remote has it; `reports` says that it also took over to report (DSN, RFC 3461 5.2.1). later: a 4xx,
    or the connection broke. refused: a 5xx, or it cannot be sent so. `code` is 0 where the words are ours. `again`:
    of a refusal, that another host may take it ("elsewhere"); of a later one, that it was only one too many for this
    transaction ("at once").
    """

    recipient: int
    result: Literal["taken", "later", "refused"]
    code: int
    status: str
    words: str
    host: str
    reports: bool = False
    again: Literal["", "elsewhere", "at once"] = ""


class ConnectFailed(Exception):
    """No session at a hop: not reached, no greeting, TLS or login refused. `words` as for an operator.

    `tls` is the RFC 8460 4.3 result type when TLS was what failed, else "". `permanent`: the host says that it will
    never speak with us, so that a destination whose hosts all say so refuses.
    """

    def __init__(
        self, words: str, status: str = "4.4.1", *, code: int = 0, tls: str = "", permanent: bool = False
    ) -> None:
        super().__init__(words)
        self.words = words
        self.status = status
        self.code = code
        self.tls = tls
        self.permanent = permanent

    @property
    def said(self) -> str:
        """The words with the remote's code, if it gave one."""
        return f"{self.code} {self.words}" if self.code else self.words


class RelayConnection(Protocol):
    """A session at a hop, which carries messages one after another."""

    @property
    def is_usable(self) -> bool:
        """True while another message can be sent."""

    @property
    def tls_failure(self) -> str:
        """What was wrong with TLS and was overlooked, as RFC 8460 4.3 names it; "" for nothing."""

    async def carry(self, message: CarriedMessage, content: Content) -> list[Outcome]:
        """Send it; one outcome a recipient, in their order. Whatever goes wrong there is an outcome."""

    async def quit(self) -> None:
        """End the session politely; never raises."""


class Relay(Protocol):
    """Makes connections."""

    async def connect(self, hop: Hop) -> RelayConnection:
        """A session that has greeted, begun TLS as `hop.tls` wants and logged in; raises ConnectFailed."""
