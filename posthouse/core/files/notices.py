"""The letter that tells somebody what others changed in a folder: plain text, in English, as other letters of ours.

Names and paths are anybody's text: each is one line of it and no more.
"""

from __future__ import annotations

import quopri
import time
from collections.abc import Iterator
from email.header import Header

import msgspec

from posthouse.formats.dsn.lines import field, one_line
from posthouse.formats.mime.dates import date_time

_LONGEST = 300  # characters of a path that are shown


class NoticeLine(msgspec.Struct, array_like=True, frozen=True):
    """Who ("" for somebody with a link, or who is gone) did what to which file, when (ms)."""

    when: int
    who: str
    what: str
    path: list[str]
    is_folder: bool


class Notice(msgspec.Struct, array_like=True, frozen=True):
    """What is told `whom`, by address, of the folder at a path of `owner`; of `more` deeds only how many there are."""

    whom: str
    owner: str
    path: list[str]
    lines: list[NoticeLine]
    more: int


def compose(notice: Notice, message_id: str, now: int) -> bytes:
    """The letter, its lines ended by CRLF; `now` in ms."""
    body = quopri.encodestring("\n".join(_text(notice)).encode("utf-8", "replace")).replace(b"\n", b"\r\n")
    return b"".join([*_header(notice, message_id, now), b"\r\n", body])


def folder_name(notice: Notice) -> str:
    """What the folder is called to whom it is told."""
    where = "/".join(notice.path) or "Files"
    return one_line(where if notice.whom == notice.owner else f"{where} of {notice.owner}", _LONGEST)


def _header(notice: Notice, message_id: str, now: int) -> Iterator[bytes]:
    domain = notice.whom.rpartition("@")[2]
    yield field("From", f"Files <mailer-daemon@{domain}>")
    yield field("To", f"<{notice.whom}>", utf8=True)
    subject = Header(f"Changes in {folder_name(notice)}", "us-ascii" if folder_name(notice).isascii() else "utf-8", 900)
    yield f"Subject: {subject.encode(linesep=chr(13) + chr(10))}\r\n".encode()
    yield field("Date", date_time(now))
    yield field("Message-ID", f"<{message_id}>")
    yield field("Auto-Submitted", "auto-generated")  # RFC 3834 5
    yield b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    yield b"Content-Transfer-Encoding: quoted-printable\r\n"


def _text(notice: Notice) -> Iterator[str]:
    yield f"Others changed what is in {folder_name(notice)}:"
    who = None
    for line in sorted(notice.lines, key=lambda each: each.who):
        if line.who != who:
            who = line.who
            yield ""
            yield f"{who or 'Somebody without an account here'}:"
        moment = time.strftime("%Y-%m-%d %H:%M", time.gmtime(line.when // 1000))
        path = one_line("/".join(line.path), _LONGEST)
        yield f"  {moment}  {line.what:8} {path}{'/' if line.is_folder else ''}"
    if notice.more:
        yield ""
        yield f"and {notice.more} more."
    yield ""
    yield "Times are UTC. You asked to be told of changes there; your own are not told."
    yield ""
