"""Reports as other software reads them, and none that an odd address or a hostile reply could change.

The golden files are what a reader of mail sees: `POSTHOUSE_WRITE_GOLDEN=1` writes them anew, to be looked at.
"""

from __future__ import annotations

import email
import email.policy
import os
from email.message import Message
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from posthouse.formats.dsn.compose import compose
from posthouse.formats.dsn.report import Report, ReportedRecipient, Returned
from posthouse.formats.mime.scanner import Scanner

GOLDEN = Path(__file__).parent / "golden"
ARRIVED = 1_790_000_000_000
HEADER = b"From: Ann <ann@example.org>\r\nTo: bob@example.net\r\nSubject: Lunch\r\nMessage-ID: <1@example.org>\r\n"
FAILED = ReportedRecipient(
    "bob@example.net",
    "failed",
    "5.1.1",
    550,
    "No such user here",
    "mx.example.net",
    original="rfc822;bob@example.net",
    last_attempt=ARRIVED + 2000,
)
UNREACHED = ReportedRecipient(
    "carl@example.com", "delayed", "4.4.1", 0, "No server of example.com answers", retry_until=ARRIVED + 432_000_000
)
PLAIN = Report(
    sender="ann@example.org",
    hostname="mail.example.org",
    domain="example.org",
    number="0123456789abcdef",
    mark="report-0123",
    arrived=ARRIVED,
    now=ARRIVED + 5000,
    recipients=(FAILED,),
    returned=Returned(HEADER + b"\r\nAt noon?\r\n", True),
    subject="Lunch",
    message_id="<1@example.org>",
    envelope_id="QQ314159",
)
REPORTS = {
    "failed": PLAIN,
    "delayed": replace(PLAIN, recipients=(UNREACHED,), returned=Returned(HEADER, False), envelope_id=""),
    "success": replace(
        PLAIN,
        recipients=(
            ReportedRecipient("dora@example.org", "delivered", "2.0.0"),
            ReportedRecipient("bob@example.net", "relayed", "2.0.0", 250, "Ok: queued", "mx.example.net"),
        ),
        returned=Returned(HEADER, False),
    ),
    "several": replace(PLAIN, recipients=(UNREACHED, FAILED, replace(FAILED, address="eve@example.net"))),
    "utf8": replace(
        PLAIN,
        sender="jörg@example.org",
        recipients=(replace(FAILED, address="grün@example.net", original="utf-8;grün@example.net", words="Kein Löwe"),),
        returned=Returned("From: jörg@example.org\r\nSubject: Löwe\r\n\r\nGrüße\r\n".encode(), True),
        subject="Löwe",
        utf8=True,
    ),
    "utf8-escaped": replace(
        PLAIN, recipients=(replace(FAILED, address="grün@example.net", original="utf-8;gr\\x{FC}n@example.net"),)
    ),
}


def parsed(report: Report) -> Message:
    message = email.message_from_bytes(compose(report))
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "delivery-status"
    defects = [part.defects for part in message.walk() if part.defects]
    assert defects == []
    return message


def groups(report: Report) -> list[Message]:
    """The fields about the message, and about each recipient, as Python's parser finds them."""
    status = parsed(report).get_payload()[1]
    payload = status.get_payload()
    if status.get_content_type() == "message/delivery-status":
        return list(payload)
    text = payload[0].as_bytes() if isinstance(payload, list) else status.get_payload(decode=True)
    return [email.message_from_bytes(block) for block in text.replace(b"\r\n", b"\n").strip().split(b"\n\n")]


@pytest.mark.parametrize("name", REPORTS)
def test_reports_are_as_they_were(name: str) -> None:
    composed = compose(REPORTS[name])
    file = GOLDEN / f"{name}.eml"
    if os.environ.get("POSTHOUSE_WRITE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        file.write_bytes(composed.replace(b"\r\n", b"\n"))
    assert composed.replace(b"\r\n", b"\n") == file.read_bytes()
    assert composed.count(b"\n") == composed.count(b"\r\n") == composed.count(b"\r")


@pytest.mark.parametrize("name", REPORTS)
def test_three_parts(name: str) -> None:
    report = REPORTS[name]
    parts = parsed(report).get_payload()
    wide = "global" if report.utf8 else ""
    assert report.returned is not None
    assert [part.get_content_type() for part in parts] == [
        "text/plain",
        "message/global-delivery-status" if wide else "message/delivery-status",
        f"message/{wide or 'rfc822'}"
        if report.returned.whole
        else ("message/global-headers" if wide else "text/rfc822-headers"),
    ]


def test_it_is_automatic_and_about_a_message() -> None:
    message = parsed(PLAIN)
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["From"] == "Mail Delivery System <mailer-daemon@example.org>"
    assert message["To"] == "<ann@example.org>"
    assert message["In-Reply-To"] == message["References"] == "<1@example.org>"


def test_what_a_program_reads_of_a_recipient() -> None:
    about, bob = groups(PLAIN)
    assert dict(about) == {
        "Original-Envelope-Id": "QQ314159",
        "Reporting-MTA": "dns; mail.example.org",
        "Arrival-Date": "Mon, 21 Sep 2026 14:13:20 +0000",
    }
    assert dict(bob) == {
        "Original-Recipient": "rfc822; bob@example.net",
        "Final-Recipient": "rfc822; bob@example.net",
        "Action": "failed",
        "Status": "5.1.1",
        "Remote-MTA": "dns; mx.example.net",
        "Diagnostic-Code": "smtp; 550 5.1.1 No such user here",
        "Last-Attempt-Date": "Mon, 21 Sep 2026 14:13:22 +0000",
    }
    delayed = groups(REPORTS["delayed"])[1]
    assert delayed["Will-Retry-Until"] == "Sat, 26 Sep 2026 14:13:20 +0000"
    assert delayed["Diagnostic-Code"] == "x-posthouse; No server of example.com answers"


def test_addresses_beyond_ascii() -> None:
    """RFC 6533 3: as they are where the report may be UTF-8, else escaped."""
    status = parsed(REPORTS["utf8"]).get_payload()[1].as_bytes().decode()
    assert "Final-Recipient: utf-8; grün@example.net" in status
    assert "Original-Recipient: utf-8; grün@example.net" in status
    assert groups(REPORTS["utf8-escaped"])[1]["Final-Recipient"] == "utf-8; gr\\x{FC}n@example.net"
    assert compose(REPORTS["utf8-escaped"]).isascii()


def test_a_status_that_is_none_is_the_actions() -> None:
    for action, status in [("failed", "5.0.0"), ("delayed", "4.0.0"), ("expanded", "2.0.0")]:
        report = replace(PLAIN, recipients=(replace(FAILED, action=action, status="6.x"),))
        assert groups(report)[1]["Status"] == status


def test_our_own_reader_sees_the_same_parts() -> None:
    scanner = Scanner()
    scanner.feed(compose(PLAIN))
    part = scanner.close()
    assert [child.subtype for child in part.children] == ["plain", "delivery-status", "rfc822"]


def test_many_recipients_are_all_in_the_part_for_programs() -> None:
    many = tuple(replace(FAILED, address=f"p{number}@example.net") for number in range(500))
    report = replace(PLAIN, recipients=many)
    assert len(groups(report)) == 501
    text = parsed(report).get_payload()[0].get_payload()
    assert "and 400 others." in text


hostile = st.text(
    st.one_of(st.sampled_from('\r\n\x00\t :;<>"@\\-=\x85\u2028\u202e'), st.characters(codec="utf-8")), max_size=60
) | st.sampled_from(
    ["a\r\nBcc: eve@example.net", "x" * 5000, "--report-0123", "é" * 2000, "\r\n\r\n--report-0123--\r\n"]
)


@settings(max_examples=300)
@given(hostile, hostile, hostile, hostile, hostile, st.booleans(), st.sampled_from([0, 550]))
@example("é" * 2000, "é" * 2000, "", "", "utf-8;" + "é" * 2000, True, 550)
@example("a\x00b@c", "no\x1b[31m \u202eresu", "\x00", "<\x07@x>", "rfc822;a\x00", True, 550)
def test_nothing_that_others_say_begins_a_field(
    address: str, words: str, subject: str, reference: str, original: str, utf8: bool, code: int
) -> None:
    recipient = replace(FAILED, address=address, words=words, original=original, code=code, host=words, status=subject)
    report = replace(
        PLAIN,
        sender=address,
        recipients=(recipient,),
        subject=subject,
        message_id=reference,
        envelope_id=original,
        returned=None,
        utf8=utf8,
    )
    composed = compose(report)
    header, _, body = composed.partition(b"\r\n\r\n")
    names = [line.partition(b":")[0] for line in header.split(b"\r\n") if line[:1] not in b" \t"]
    assert set(names) <= {
        b"From", b"To", b"Subject", b"Date", b"Message-ID", b"In-Reply-To", b"References", b"Auto-Submitted",
        b"MIME-Version", b"Content-Type", b"Content-Transfer-Encoding",
    }  # fmt: skip
    assert len(names) == len(set(names))
    assert body.count(b"\r\n--report-0123") + body.startswith(b"--report-0123") == 3
    status = body.split(b"\r\n--report-0123")[1].partition(b"\r\n\r\n")[2]
    about, one = status.rstrip(b"\r\n").split(b"\r\n\r\n")
    assert about.count(b"Reporting-MTA:") == 1
    fields = [line.partition(b":")[0] for line in one.split(b"\r\n") if not line.startswith(b" ")]
    assert set(fields) <= {
        b"Original-Recipient", b"Final-Recipient", b"Action", b"Status", b"Remote-MTA", b"Diagnostic-Code",
        b"Last-Attempt-Date",
    }  # fmt: skip
    assert composed.count(b"\n") == composed.count(b"\r\n") == composed.count(b"\r")
    assert max(map(len, composed.split(b"\r\n"))) <= 998
    shown = composed.decode().replace("\r\n", "")
    assert [character for character in shown if not character.isprintable()] == []
