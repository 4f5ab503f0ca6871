"""Waits for the demonstration server, prints where it listens and, when it is new, delivers some mail to read."""

from __future__ import annotations

import argparse
import json
import os
import smtplib
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path

POSTHOUSE = str(Path(sys.executable).with_name("posthouse"))
ALICE = "alice@example.org"
BOB = "bob@example.org"

LETTERS = (
    (BOB, ALICE, "Lunch on Thursday?", "The new place by the river has a table at half past twelve.\n\nBob\n"),
    (
        ALICE,
        BOB,
        "Re: Lunch on Thursday?",
        "With pleasure. I bring the drawings.\n\nAlice\n",
    ),
    (
        "Zoë Käfer <zoe@example.net>",
        ALICE,
        "Grüße aus Zürich",
        "Liebe Alice,\n\ndie Züge fahren pünktlich, der Käse ist vorzüglich. ☕\n\nZoë\n",
    ),
    (
        "orders@shop.example.com",
        ALICE,
        "Your order 4711 is on its way",
        "Two boxes, one signature.\n",
    ),
    ("newsletter@example.net", BOB, "The week in gardens", "Prune the roses; leave the asters.\n"),
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--server-pid", type=int, required=True)
    parser.add_argument("--deliver", action="store_true")
    asked = parser.parse_args()
    listeners = wait(asked.server_pid)
    if asked.deliver:
        lmtp = next(listener for listener in listeners if listener["name"] == "lmtp")
        deliver(int(lmtp["port"]))
    for listener in listeners:
        tls = " (TLS)" if listener["tls"] else ""
        print(f"{listener['name']:12} {listener['host']}:{listener['port']}{tls}")


def wait(pid: int) -> list[dict[str, object]]:
    """The listeners, once the server is up; ends when the server does."""
    for _ in range(300):
        done = subprocess.run([POSTHOUSE, "status", "--json"], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return list(json.loads(done.stdout)["listeners"])
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            sys.exit("the server did not start")
        time.sleep(0.1)
    sys.exit("the server did not start in time")


def deliver(port: int) -> None:
    """The demonstration letters, and one with an attachment."""
    when = datetime.now(UTC) - timedelta(hours=len(LETTERS))
    with smtplib.LMTP("127.0.0.1", port) as lmtp:
        for number, (sender, recipient, subject, text) in enumerate(LETTERS):
            letter = EmailMessage()
            letter["From"], letter["To"], letter["Subject"] = sender, recipient, subject
            letter["Date"] = format_datetime(when + timedelta(hours=number))
            letter["Message-ID"] = make_msgid(domain="example.org")
            letter.set_content(text)
            if number == 1:
                letter.add_attachment(drawing(), maintype="application", subtype="pdf", filename="drawings.pdf")
            lmtp.send_message(letter)


def drawing() -> bytes:
    """A PDF file of one page: a square, and what it is; ISO 32000-1 7.5."""
    content = b"100 500 200 200 re S BT /F 24 Tf 100 460 Td (The kitchen, seen from above) Tj ET"
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    octets = b"%PDF-1.4\n"
    places = []
    for number, one in enumerate(objects, 1):
        places.append(len(octets))
        octets += b"%d 0 obj%b endobj\n" % (number, one)
    table = b"0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    tail = b"xref\n0 6\n%btrailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (table, len(octets))
    return octets + tail


if __name__ == "__main__":
    main()
