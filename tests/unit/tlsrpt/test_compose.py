"""A report as JSON and as a message; RFC 8460 4, 5 and the example of its appendix B."""

from __future__ import annotations

import email
import gzip
import json
from typing import Any

from posthouse.formats.tlsrpt.compose import compose, file_name
from posthouse.formats.tlsrpt.report import FailureDetails, PolicyReport, TlsReport, compressed, to_json

DAY = 16_892  # 2016-04-01
LINES = ("version: STSv1", "mode: testing", "mx: *.mail.company-y.example", "max_age: 86400")
REPORT = TlsReport(
    id="2016-04-01.company-y.example@company-x.example",
    domain="company-y.example",
    submitter="company-x.example",
    organization="Company-X",
    contact="sts-reporting@company-x.example",
    day=DAY,
    policies=(
        PolicyReport(
            kind="sts",
            lines=LINES,
            domain="company-y.example",
            mail_hosts=("*.mail.company-y.example",),
            succeeded=5326,
            failed=303,
            details=(
                FailureDetails("certificate-expired", "2001:db8::1", "mx1.mail.company-y.example", "192.0.2.1", 100),
                FailureDetails("sts-policy-fetch-error", "", "", "", 203),
            ),
        ),
        PolicyReport("no-policy-found", (), "company-y.example", (), 3, 0, ()),
    ),
)
NOW = (DAY + 1) * 86_400_000 + 5


def test_json() -> None:
    assert json.loads(to_json(REPORT)) == {
        "organization-name": "Company-X",
        "date-range": {"start-datetime": "2016-04-01T00:00:00Z", "end-datetime": "2016-04-01T23:59:59Z"},
        "contact-info": "sts-reporting@company-x.example",
        "report-id": "2016-04-01.company-y.example@company-x.example",
        "policies": [
            {
                "policy": {
                    "policy-type": "sts",
                    "policy-domain": "company-y.example",
                    "policy-string": list(LINES),
                    "mx-host": ["*.mail.company-y.example"],
                },
                "summary": {"total-successful-session-count": 5326, "total-failure-session-count": 303},
                "failure-details": [
                    {
                        "result-type": "certificate-expired",
                        "sending-mta-ip": "2001:db8::1",
                        "receiving-mx-hostname": "mx1.mail.company-y.example",
                        "receiving-ip": "192.0.2.1",
                        "failed-session-count": 100,
                    },
                    {"result-type": "sts-policy-fetch-error", "failed-session-count": 203},
                ],
            },
            {
                "policy": {"policy-type": "no-policy-found", "policy-domain": "company-y.example"},
                "summary": {"total-successful-session-count": 3, "total-failure-session-count": 0},
            },
        ],
    }


def test_a_message() -> None:
    octets = compressed(REPORT)
    text = compose(REPORT, octets, "postmaster@company-x.example", ["a@company-y.example", "b@c.example"], "mark", NOW)
    assert all(len(line) <= 78 for line in text.split(b"\r\n")), "and no line feed without a return"
    assert b"\n" not in text.replace(b"\r\n", b"")
    message = email.message_from_bytes(text)
    assert message.get_content_type() == "multipart/report"
    assert message.get_param("report-type") == "tlsrpt"
    assert message["TLS-Report-Domain"] == "company-y.example"
    assert message["TLS-Report-Submitter"] == "company-x.example"
    assert message["TLS-Required"] == "No"
    assert message["Auto-Submitted"] == "auto-generated"
    assert "".join(message["Subject"].split()) == "".join(
        f"Report Domain: company-y.example Submitter: company-x.example Report-ID: <{REPORT.id}>".split()
    )
    assert message["To"] == "<a@company-y.example>, <b@c.example>"
    parts: Any = message.get_payload()
    words, report = parts
    assert "5329 sessions" in " ".join(words.get_payload().split())
    assert report.get_content_type() == "application/tlsrpt+gzip"
    name = "company-x.example!company-y.example!1459468800!1459555199.json.gz"
    assert report.get_filename() == file_name(REPORT) == name
    assert gzip.decompress(report.get_payload(decode=True)) == to_json(REPORT)
