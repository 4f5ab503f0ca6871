"""The letter that tells somebody what others changed in a folder: plain text. Accounts have no language: it is English.

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


class Wording(msgspec.Struct, frozen=True):
    """What a notice says in one language; names in braces are put in."""

    whole: str  # the folder above all
    foreign: str  # a folder of others
    subject: str
    opening: str
    nobody: str  # who has no account here
    deeds: dict[str, str]
    deed: str
    more: str
    closing: str


ENGLISH = Wording(
    whole="Files",
    foreign="{folder} of {owner}",
    subject="Changes in {folder}",
    opening="Others changed what is in {folder}:",
    nobody="Somebody without an account here",
    deeds={"added": "added", "changed": "changed", "moved": "moved", "deleted": "deleted"},
    deed="  {moment}  {what:8} {path}",
    more="and {more} more.",
    closing="Times are UTC. You asked to be told of changes there; your own are not told.",
)


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


def compose(notice: Notice, message_id: str, now: int, words: Wording = ENGLISH) -> bytes:
    """The letter, its lines ended by CRLF; `now` in ms."""
    body = quopri.encodestring("\n".join(_text(notice, words)).encode("utf-8", "replace")).replace(b"\n", b"\r\n")
    return b"".join([*_header(notice, message_id, now, words), b"\r\n", body])


def _folder(notice: Notice, words: Wording) -> str:
    """What the folder is called to whom it is told."""
    where = "/".join(notice.path) or words.whole
    is_own = notice.whom == notice.owner
    return one_line(where if is_own else words.foreign.format(folder=where, owner=notice.owner), _LONGEST)


def _header(notice: Notice, message_id: str, now: int, words: Wording) -> Iterator[bytes]:
    domain = notice.whom.rpartition("@")[2]
    yield field("From", f"{words.whole} <mailer-daemon@{domain}>")
    yield field("To", f"<{notice.whom}>", utf8=True)
    said = words.subject.format(folder=_folder(notice, words))
    subject = Header(said, "us-ascii" if said.isascii() else "utf-8", 900)
    yield f"Subject: {subject.encode(linesep=chr(13) + chr(10))}\r\n".encode()
    yield field("Date", date_time(now))
    yield field("Message-ID", f"<{message_id}>")
    yield field("Auto-Submitted", "auto-generated")  # RFC 3834 5
    yield b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    yield b"Content-Transfer-Encoding: quoted-printable\r\n"


def _text(notice: Notice, words: Wording) -> Iterator[str]:
    yield words.opening.format(folder=_folder(notice, words))
    who = None
    for line in sorted(notice.lines, key=lambda each: each.who):
        if line.who != who:
            who = line.who
            yield ""
            yield f"{who or words.nobody}:"
        moment = time.strftime("%Y-%m-%d %H:%M", time.gmtime(line.when // 1000))
        path = one_line("/".join(line.path), _LONGEST) + ("/" if line.is_folder else "")
        yield words.deed.format(moment=moment, what=words.deeds[line.what], path=path)
    if notice.more:
        yield ""
        yield words.more.format(more=notice.more)
    yield ""
    yield words.closing
    yield ""
