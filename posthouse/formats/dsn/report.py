"""What a report says."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Action = Literal["failed", "delayed", "delivered", "relayed", "expanded"]  # RFC 3464 2.3.3


class ReportedRecipient(Struct, frozen=True):
    """What became of one recipient.

    `words` are the last reply's, without its codes, of `host`; ours where `code` is 0. `original` is ORCPT, as
    "rfc822;ann@example.net". Times in ms, 0 where there is none.
    """

    address: str
    action: Action
    status: str = ""  # "5.1.1"
    code: int = 0
    words: str = ""
    host: str = ""
    original: str = ""
    last_attempt: int = 0
    retry_until: int = 0


class Returned(Struct, frozen=True):
    """What is sent back of the message: all its octets, or its header block alone; lines end in CRLF."""

    octets: bytes
    whole: bool


class Report(Struct, frozen=True):
    """One report to one sender; `hostname` is ours, `domain` that of ours in whose name it is written.

    `arrived` and `now` in ms. `mark` tells parts apart and occurs in none of them. `utf8`: what is reported needs
    SMTPUTF8, and so does the report.
    """

    sender: str
    hostname: str
    domain: str
    number: str
    mark: str
    arrived: int
    now: int
    recipients: tuple[ReportedRecipient, ...]
    returned: Returned | None = None
    subject: str = ""
    message_id: str = ""
    envelope_id: str = ""
    utf8: bool = False
