"""A report as a message: multipart/report of words and the report itself; RFC 8460 5.1, 5.3, 6."""

from __future__ import annotations

import base64
import textwrap
from collections.abc import Iterator

from posthouse.formats.dsn.lines import field
from posthouse.formats.mime.dates import date_time
from posthouse.formats.tlsrpt.report import TlsReport

_BASE64_LINE = 57  # octets: 76 characters


def file_name(report: TlsReport) -> str:
    """Whose report of whom, and of when; RFC 8460 5.1."""
    return f"{report.submitter}!{report.domain}!{report.begins}!{report.ends}.json.gz"


def compose(report: TlsReport, octets: bytes, sender: str, recipients: list[str], mark: str, now: int) -> bytes:
    """The message, lines ended by CRLF; `octets` is the compressed report, `now` in ms."""
    parts = [
        b"Content-Type: text/plain; charset=us-ascii\r\n\r\n" + _words(report),
        b'Content-Type: application/tlsrpt+gzip\r\nContent-Disposition: attachment;\r\n filename="%b"\r\n'
        b"Content-Transfer-Encoding: base64\r\n\r\n%b" % (file_name(report).encode(), _base64(octets)),
    ]
    body = b"".join(b"--%b\r\n%b\r\n" % (mark.encode(), part) for part in parts)
    return b"".join([*_header(report, sender, recipients, mark, now), b"\r\n", body, b"--%b--\r\n" % mark.encode()])


def _header(report: TlsReport, sender: str, recipients: list[str], mark: str, now: int) -> Iterator[bytes]:
    yield field("From", f"<{sender}>")
    yield field("To", ", ".join(f"<{recipient}>" for recipient in recipients))
    yield field("Subject", f"Report Domain: {report.domain} Submitter: {report.submitter} Report-ID: <{report.id}>")
    yield field("Date", date_time(now))
    yield field("Message-ID", f"<{report.id}>")
    yield field("Auto-Submitted", "auto-generated")  # RFC 3834 5
    yield field("TLS-Report-Domain", report.domain)
    yield field("TLS-Report-Submitter", report.submitter)
    yield field("TLS-Required", "No")  # RFC 8689 3: what is wrong with TLS must not keep the report back
    yield b"MIME-Version: 1.0\r\n"
    yield b'Content-Type: multipart/report; report-type="tlsrpt";\r\n boundary="%b"\r\n' % mark.encode()


def _words(report: TlsReport) -> bytes:
    succeeded = sum(policy.succeeded for policy in report.policies)
    failed = sum(policy.failed for policy in report.policies)
    text = (
        f"This is a report of how TLS went between the mail servers of {report.submitter} and those of "
        f"{report.domain} (RFC 8460), from {date_time(report.begins * 1000)} to {date_time(report.ends * 1000)}. "
        f"{succeeded} sessions began well and {failed} failures were seen."
    )
    return ("\r\n".join(textwrap.wrap(text, 76)) + "\r\n").encode("ascii", "replace")


def _base64(octets: bytes) -> bytes:
    pieces = (octets[at : at + _BASE64_LINE] for at in range(0, len(octets), _BASE64_LINE))
    return b"".join(base64.b64encode(piece) + b"\r\n" for piece in pieces)
