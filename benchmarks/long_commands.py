"""Commands that could hold up others: on a mailbox of 100,000, on many mailboxes, and on one very large message."""

from __future__ import annotations

import socket
import zlib
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from benchmarks.imap_client import ImapClient
from benchmarks.ours import Posthouse
from benchmarks.peers import DOMAIN, PASSWORD
from benchmarks.reading import READER, letter

Measure = Callable[[str, Callable[[], object]], None]  # what it is called, and what is done while others wait

SHARED = 510  # mailboxes of another account
WATCHED, MANY = 400, 3000  # one's own: as many as NOTIFY watches beside those, and as there are later
LARGE = 49 << 20
ATTACHED = LARGE // 78 * 57  # octets of which base64 makes so many

KEYS = (
    "ALL",
    "UNSEEN",
    "NEW",
    "OLD",
    "KEYWORD $Forwarded",
    "UNKEYWORD $Forwarded",
    "FROM sender77",
    "TO reader",
    "CC nobody",
    "BCC nobody",
    "SUBJECT Report",
    "HEADER Message-ID bench",
    "HEADER MIME-Version 1.0",
    'BODY "anzibar cl"',
    "BODY report",
    "TEXT e",
    "NOT BODY report",
    "OR FROM sender77 (SUBJECT 77 NOT BODY clause)",
    "FUZZY TEXT report",
    "FUZZY BODY line",
    "FUZZY SUBJECT zzzz",
    "LARGER 100 SINCE 1-Jan-2020",
    "SMALLER 900",
    "SENTON 23-Nov-2026 SENTSINCE 1-Jan-2020",
    "BEFORE 1-Jan-2030",
    "SAVEDSINCE 1-Jan-2020",
    "OLDER 1",
    "YOUNGER 100000000",
    "MODSEQ 5",
    "UID 2:3,5:90000,95000:*",
    "EMAILID M77",
    "THREADID T77",
)
ORDERS = ("ARRIVAL", "CC", "FROM", "DATE", "SIZE", "SUBJECT", "TO", "DISPLAYFROM", "DISPLAYTO", "REVERSE DATE FROM")
READS = (
    "FETCH 1:* (UID FLAGS)",
    "FETCH 1:* ENVELOPE",
    "FETCH 1:* (BODYSTRUCTURE RFC822.SIZE INTERNALDATE)",
    "FETCH 1:* (PREVIEW EMAILID THREADID)",
    "FETCH 1:20000 BODY.PEEK[]",
    "FETCH 1:20000 BODY.PEEK[HEADER.FIELDS (SUBJECT)]",
    "FETCH 1:20000 BINARY.PEEK[1]",
    "UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1)",
    "UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)",
    *(f"SEARCH {key}" for key in KEYS),
    "SEARCH RETURN (MIN MAX COUNT ALL) UNDELETED",
    "SEARCH RETURN (PARTIAL 1:100 COUNT) SUBJECT matters",
    "SEARCH RETURN (SAVE) SUBJECT Report",
    "SEARCH RETURN (SAVE COUNT) NOT SUBJECT 7",
    "UID SEARCH RETURN (RELEVANCY ALL) FUZZY TEXT report",
    "SEARCH $ SMALLER 900",
    *(f"SORT ({order}) UTF-8 ALL" for order in ORDERS),
    "SORT RETURN (ALL) (FROM) UTF-8 SUBJECT Report",
    "SORT RETURN (PARTIAL 1:50) (REVERSE ARRIVAL) UTF-8 UNDELETED",
    "SORT (RELEVANCY) UTF-8 FUZZY TEXT report",
    "THREAD REFERENCES UTF-8 ALL",
    "THREAD REFERENCES UTF-8 UNDELETED SUBJECT Report",
    "THREAD REFERENCES UTF-8 NOT SUBJECT 77",
    "THREAD ORDEREDSUBJECT UTF-8 ALL",
    "UID THREAD REFS UTF-8 ALL",
    "ESEARCH IN (personal) RETURN (COUNT ALL) SUBJECT Report",
    "UIDBATCHES 1000",
    "STATUS INBOX (MESSAGES UNSEEN SIZE DELETED DELETED-STORAGE)",
    "EXAMINE INBOX",
)
LISTS = (
    'LIST "" *',
    'LIST "" *0*1*',
    'LIST "" * RETURN (STATUS (MESSAGES UNSEEN SIZE) MYRIGHTS CHILDREN SUBSCRIBED SPECIAL-USE)',
    'LIST "" * RETURN (METADATA (/private/comment))',
    'LIST (SUBSCRIBED RECURSIVEMATCH) "" %',
    'LSUB "" *',
    "ESEARCH IN (subtree Many) RETURN (COUNT) SUBJECT Report",
    "ESEARCH IN (personal subscribed inboxes) RETURN (COUNT) UNSEEN",
    "EXAMINE Many/box7",
    "SELECT INBOX",
    "RENAME Many More",
)
CHANGES = (
    "STORE 1:* +FLAGS (\\Flagged)",
    "STORE 1:* -FLAGS.SILENT (\\Flagged)",
    "STORE 1:* +FLAGS.SILENT ($Label1)",
    "CREATE Copies",
    "COPY 1:20000 Copies",
    "STORE 1:20000 +FLAGS.SILENT (\\Deleted)",
    "STATUS INBOX (DELETED-STORAGE)",
    "EXPUNGE",
    "MOVE 1:20000 Copies",
    "DELETE Copies",
    "RENAME INBOX Former",
    "DELETE Former",
)
SCATTERED = (
    "SELECT INBOX",
    "SEARCH RETURN (SAVE) SUBJECT 7",
    "FETCH $ (UID FLAGS)",
    "FETCH $ ENVELOPE",
    "STORE $ +FLAGS (\\Flagged)",
    "STORE $ +FLAGS.SILENT (\\Deleted)",
    "EXPUNGE",
)
FOUND = (
    "CREATE Found",
    'SETMETADATA Found (/private/vendor/posthouse/search "SUBJECT Report")',
    "STATUS Found (MESSAGES UNSEEN UIDNEXT)",
    "STATUS Found (MESSAGES UNSEEN UIDNEXT)",
    "EXAMINE Found",
    "FETCH 1:* (UID FLAGS)",
    "SELECT INBOX",
)
OF_LARGE = (
    "SELECT Large",
    "FETCH 1 BODY.PEEK[]",
    "FETCH 1 BODY.PEEK[2]<40000000.10000000>",
    "FETCH 1 BINARY.SIZE[2]",
    "FETCH 1 BINARY.PEEK[2]",
    "FETCH 1 (BODYSTRUCTURE PREVIEW ENVELOPE)",
    "SEARCH BODY nowhere",
    "SEARCH HEADER X-None nowhere",
    "COPY 1 Large",
    'APPEND Large CATENATE (URL "/Large/;UID=1/;SECTION=HEADER" URL "/Large/;UID=1/;SECTION=TEXT")',
    'REPLACE 2 Large CATENATE (URL "/Large/;UID=1")',
)


def measure_all(ours: Posthouse, measure: Measure, pinger: str) -> None:
    """Each command of a reader who has many messages, in an order in which one makes what the next needs."""
    port, reader = ours.port("imap"), f"{READER}@{DOMAIN}"
    _share(port, f"{pinger}@{DOMAIN}", reader)
    with ImapClient(port, reader, PASSWORD) as client:

        def ask(*lines: str) -> None:
            for line in lines:
                measure(line, partial(client.command, line.encode(), keep=False))

        client.command(b"ENABLE QRESYNC")
        selected = client.command(b"SELECT INBOX")
        validity = int(selected.partition(b"UIDVALIDITY ")[2].partition(b"]")[0])
        ask(*READS)
        for line in ("THREAD REFERENCES UTF-8 ALL", "SORT (SUBJECT) UTF-8 ALL"):
            client.append("INBOX", letter(0))
            measure(f"{line}, when one has come", partial(client.command, line.encode(), keep=False))
        ask(f"EXAMINE INBOX (QRESYNC ({validity} 1))", "SELECT INBOX")
        measure("FETCH 1:* ENVELOPE, deflated", lambda: _deflated(port, reader, b"FETCH 1:* ENVELOPE"))
        _measure_pop3(ours.port("pop3"), reader, measure)
        ask(*FOUND)
        for first, last in ((0, WATCHED), (WATCHED, MANY)):
            for number in range(first, last):
                client.command(b"CREATE Many/box%d" % number)
            if not first:
                events = "(MessageNew MessageExpunge FlagChange)"
                ask(f"NOTIFY SET STATUS (personal {events}) (subtree Many {events})")
                client.command(b"NOTIFY SET (selected %b)" % events.encode())
        ask(*LISTS)
        _measure_large(client, ask, measure)
        with ImapClient(port, reader, PASSWORD) as other:  # who tells nothing of QRESYNC hears each EXPUNGE
            other.command(b"SELECT INBOX")
            ask(*SCATTERED)
            measure("NOOP, when others removed every third", lambda: other.command(b"NOOP", keep=False))
        ask(f"EXAMINE INBOX (QRESYNC ({validity} 2))", "SELECT INBOX", *CHANGES)


def _share(port: int, owner: str, reader: str) -> None:
    with ImapClient(port, owner, PASSWORD) as other:
        for number in range(SHARED):
            with suppress(RuntimeError):  # it is there already
                other.command(b"CREATE box%d" % number)
            other.command(b"SETACL box%d %s lrswite" % (number, reader.encode()))


def _measure_large(client: ImapClient, ask: Callable[..., None], measure: Measure) -> None:
    client.command(b"CREATE Large")
    plain = b"Subject: large\r\n\r\n" + b"A line of a large message.\r\n" * (LARGE // 28)
    measure("APPEND of 49 MB", lambda: client.append("INBOX", plain))
    measure("APPEND of 49 MB with an attachment", lambda: client.append("Large", with_attachment()))
    ask(*OF_LARGE)


def with_attachment() -> bytes:
    """A message of 49 MB, all of which is one attachment."""
    coded = b"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAxMjM0NTY3\r\n"[-78:]
    head = (
        b"From: a@example.net\r\nSubject: attached\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n\r\nSee below.\r\n'
        b"--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    return head + coded * (LARGE // len(coded)) + b"\r\n--b--\r\n"


class _Deflated:
    """A socket whose octets are compressed; RFC 4978."""

    def __init__(self, plain: socket.socket) -> None:
        self._plain = plain
        self._in, self._out = zlib.decompressobj(-15), zlib.compressobj(wbits=-15)

    def sendall(self, octets: bytes) -> None:
        self._plain.sendall(self._out.compress(octets) + self._out.flush(zlib.Z_SYNC_FLUSH))

    def recv(self, most: int) -> bytes:
        while coded := self._plain.recv(most):
            if octets := self._in.decompress(coded):
                return octets
        return b""

    def close(self) -> None:
        self._plain.close()


def _deflated(port: int, reader: str, line: bytes) -> None:
    with ImapClient(port, reader, PASSWORD) as client:
        client.command(b"SELECT INBOX")
        client.command(b"COMPRESS DEFLATE")
        client.socket = _Deflated(client.socket)  # type: ignore[assignment]  # what the client asks of one
        client.command(line, keep=False)


def _measure_pop3(port: int, reader: str, measure: Measure) -> None:
    with socket.create_connection(("127.0.0.1", port), 120) as connection, connection.makefile("rwb") as stream:
        stream.readline()

        def ask(line: str) -> None:
            stream.write(line.encode() + b"\r\n")
            stream.flush()
            if not (answer := stream.readline()).startswith(b"+OK"):
                raise RuntimeError(answer.decode(errors="replace"))
            if line in ("LIST", "UIDL") or line.startswith("RETR"):
                while stream.readline() != b".\r\n":
                    pass

        ask(f"USER {reader}")
        measure("POP3 PASS", lambda: ask(f"PASS {PASSWORD}"))
        for line in ("STAT", "LIST", "UIDL"):
            measure(f"POP3 {line}", partial(ask, line))
        measure("POP3 RETR of 1,000", lambda: [ask(f"RETR {number}") for number in range(1, 1001)])
        measure("POP3 QUIT", lambda: ask("QUIT"))
