"""A report as a message: multipart/report (RFC 6522) of words, message/delivery-status (RFC 3464) and what is returned.

Automatic, from nobody (RFC 3834 3): nothing answers it.
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator

from posthouse.formats.dsn.lines import field, one_line, typed_address, typed_original
from posthouse.formats.dsn.report import Action, Report, ReportedRecipient, Returned
from posthouse.formats.dsn.words import explanation, subject
from posthouse.formats.mime.dates import date_time

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")  # RFC 3463 2
_CLASSES: dict[Action, str] = {"failed": "5", "delayed": "4", "delivered": "2", "relayed": "2", "expanded": "2"}


def compose(report: Report) -> bytes:
    """The report, lines ended by CRLF. It is 8-bit where what it returns is, or where it needs SMTPUTF8."""
    parts = [_explanation(report), _status(report)]
    if report.returned is not None:
        parts.append(_returned(report.returned, utf8=report.utf8))
    mark = report.mark.encode()
    body = b"".join(b"--%b\r\n%b\r\n" % (mark, part) for part in parts)
    encoding = b"" if body.isascii() else b"Content-Transfer-Encoding: 8bit\r\n"
    return b"".join([*_header(report), encoding, b"\r\n", body, b"--%b--\r\n" % mark])


def _header(report: Report) -> Iterator[bytes]:
    yield field("From", f"Mail Delivery System <mailer-daemon@{report.domain}>")
    yield field("To", f"<{report.sender}>", utf8=report.utf8)
    yield field("Subject", subject(report))
    yield field("Date", date_time(report.now))
    yield field("Message-ID", f"<{report.number}@{report.hostname}>")
    reference = one_line(report.message_id)
    if reference and " " not in reference and (reference.isascii() or report.utf8):
        yield field("In-Reply-To", reference, utf8=report.utf8)
        yield field("References", reference, utf8=report.utf8)
    yield field("Auto-Submitted", "auto-replied")  # RFC 3834 5
    yield b"MIME-Version: 1.0\r\n"
    yield b'Content-Type: multipart/report; report-type=delivery-status;\r\n boundary="%b"\r\n' % report.mark.encode()


def _explanation(report: Report) -> bytes:
    text = explanation(report)
    if text.isascii():
        return b"Content-Type: text/plain; charset=us-ascii\r\n\r\n" + text.encode().replace(b"\n", b"\r\n")
    encoded = quopri.encodestring(text.encode("utf-8", "replace")).replace(b"\n", b"\r\n")
    return b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n%b" % encoded


def _status(report: Report) -> bytes:
    """Fields of the message, then of each recipient; RFC 3464 2.2, 2.3."""
    utf8 = report.utf8
    groups = [b"".join(_message_fields(report))]
    groups += [b"".join(_recipient_fields(recipient, utf8=utf8)) for recipient in report.recipients]
    body = b"\r\n".join(groups)
    if not utf8:
        return b"Content-Type: message/delivery-status\r\n\r\n" + body
    encoding = b"" if body.isascii() else b"Content-Transfer-Encoding: 8bit\r\n"
    return b"Content-Type: message/global-delivery-status\r\n%b\r\n%b" % (encoding, body)


def _message_fields(report: Report) -> Iterator[bytes]:
    if report.envelope_id:
        yield field("Original-Envelope-Id", report.envelope_id)
    yield field("Reporting-MTA", f"dns; {report.hostname}")
    yield field("Arrival-Date", date_time(report.arrived))


def _recipient_fields(recipient: ReportedRecipient, *, utf8: bool) -> Iterator[bytes]:
    original = typed_original(recipient.original, utf8=utf8)
    if original is not None:
        yield field("Original-Recipient", original, utf8=utf8)
    yield field("Final-Recipient", typed_address(recipient.address, utf8=utf8), utf8=utf8)
    yield field("Action", recipient.action)
    known = _STATUS.fullmatch(recipient.status) is not None
    yield field("Status", recipient.status if known else f"{_CLASSES[recipient.action]}.0.0")
    if recipient.host:
        yield field("Remote-MTA", f"dns; {recipient.host}")
    if recipient.code:
        said = " ".join(part for part in (str(recipient.code), recipient.status, recipient.words) if part)
        yield field("Diagnostic-Code", f"smtp; {said}", utf8=utf8)
    elif recipient.words:
        yield field("Diagnostic-Code", f"x-posthouse; {recipient.words}", utf8=utf8)
    if recipient.last_attempt:
        yield field("Last-Attempt-Date", date_time(recipient.last_attempt))
    if recipient.retry_until and recipient.action == "delayed":
        yield field("Will-Retry-Until", date_time(recipient.retry_until))


def _returned(returned: Returned, *, utf8: bool) -> bytes:
    """The message or its header; RFC 6522 3, RFC 6533 5."""
    octets = returned.octets
    if returned.whole:
        kind = b"message/global" if utf8 else b"message/rfc822"
    else:
        kind = b"message/global-headers" if utf8 else b"text/rfc822-headers"
    encoding = b"" if octets.isascii() else b"Content-Transfer-Encoding: 8bit\r\n"
    return b"Content-Type: %b\r\n%b\r\n%b" % (kind, encoding, octets)
