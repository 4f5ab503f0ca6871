"""Every command in valid and invalid shapes, as a peer writes it."""

from __future__ import annotations

import pytest

from posthouse.core.mail.flags import Flag
from posthouse.protocols.imap.wire import flags as wire_flags
from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.commands.listing import (
    List,
    ListReturn,
    ListSelect,
    Lsub,
    Namespace,
    Status,
    StatusItem,
)
from posthouse.protocols.imap.wire.commands.mailboxes import (
    Close,
    Create,
    Delete,
    Examine,
    QResync,
    Rename,
    Select,
    Subscribe,
    Unselect,
    Unsubscribe,
)
from posthouse.protocols.imap.wire.commands.messages import Copy, Expunge, Move, Store, StoreMode, UidExpunge
from posthouse.protocols.imap.wire.commands.session import (
    Authenticate,
    Capability,
    Check,
    Enable,
    Id,
    Idle,
    Login,
    Logout,
    Noop,
    StartTls,
)
from posthouse.protocols.imap.wire.events import Malformed
from posthouse.protocols.imap.wire.flags import ANSWERED, DELETED, FLAGGED, SEEN, Flags
from posthouse.protocols.imap.wire.limits import WireLimits
from posthouse.protocols.imap.wire.sequence import SequenceSet
from tests.unit.imap.wire.parsing import ALL_MESSAGES, ONE, only_event

VALID: list[tuple[bytes, Command]] = [
    (b"a CAPABILITY", Capability("a")),
    (b"A1]b NOOP", Noop("A1]b")),
    (b"a noop ", Noop("a")),
    (b"a LogOut", Logout("a")),
    (b"a STARTTLS", StartTls("a")),
    (b"a NAMESPACE", Namespace("a")),
    (b"a IDLE", Idle("a")),
    (b"a CHECK", Check("a")),
    (b"a CLOSE", Close("a")),
    (b"a UNSELECT", Unselect("a")),
    (b"a EXPUNGE", Expunge("a")),
    (b"a UID EXPUNGE 3:5,7", UidExpunge("a", SequenceSet(((3, 5), (7, 7))))),
    (b"a ID NIL", Id("a", ())),
    (b"a ID ()", Id("a", ())),
    (b'a ID ("Name" "x y" "version" NIL)', Id("a", (("name", "x y"), ("version", None)))),
    (b"a LOGIN joe secret]", Login("a", "joe", "secret]")),
    (b'a LOGIN "jo e" "a\\"b\\\\c"', Login("a", "jo e", 'a"b\\c')),
    (b'a LOGIN "" ""', Login("a", "", "")),
    ('a LOGIN joe "gr\u00fc\u00df"'.encode(), Login("a", "joe", "grüß")),
    (b"a AUTHENTICATE plain", Authenticate("a", "PLAIN", None)),
    (b"a AUTHENTICATE PLAIN =", Authenticate("a", "PLAIN", b"")),
    (b"a AUTHENTICATE PLAIN AGpvZQBz", Authenticate("a", "PLAIN", b"\0joe\0s")),
    (b"a ENABLE condstore X-Y CONDSTORE", Enable("a", ("CONDSTORE", "X-Y"))),
    (b"a SELECT INBOX", Select("a", "INBOX")),
    (b"a SELECT inBox", Select("a", "INBOX")),
    (b'a SELECT "inbox/x"', Select("a", "INBOX/x")),
    (b"a SELECT inboxes", Select("a", "inboxes")),
    (b"a SELECT &AOQ-/b", Select("a", "ä/b")),
    (b"a SELECT a&-b", Select("a", "a&b")),
    (b"a SELECT a&Awg-", Select("a", "ä")),
    (b"a SELECT x (CONDSTORE)", Select("a", "x", True)),
    (b"a EXAMINE x", Examine("a", "x")),
    (
        b"a SELECT x (QRESYNC (67890007 20050715194045000))",
        Select("a", "x", True, QResync(67890007, 20050715194045000)),
    ),
    (
        b"a SELECT x (QRESYNC (6 7 41:211))",
        Select("a", "x", True, QResync(6, 7, SequenceSet(((41, 211),)))),
    ),
    (
        b"a SELECT x (QRESYNC (6 7 41,43:211 (1,3 2,4)) CONDSTORE)",
        Select(
            "a",
            "x",
            True,
            QResync(
                6, 7, SequenceSet(((41, 41), (43, 211))), SequenceSet(((1, 1), (3, 3))), SequenceSet(((2, 2), (4, 4)))
            ),
        ),
    ),
    (
        b"a EXAMINE x (QRESYNC (6 7 (1 2)))",
        Examine("a", "x", True, QResync(6, 7, None, ONE, SequenceSet(((2, 2),)))),
    ),
    (b"a CREATE x/", Create("a", "x/")),
    (b"a CREATE x (USE (\\Drafts \\Sent))", Create("a", "x", ("drafts", "sent"))),
    (b"a CREATE x (USE ())", Create("a", "x")),
    (b"a DELETE x", Delete("a", "x")),
    (b'a RENAME x "y z"', Rename("a", "x", "y z")),
    (b"a SUBSCRIBE x", Subscribe("a", "x")),
    (b"a UNSUBSCRIBE x", Unsubscribe("a", "x")),
    (b'a LIST "" *', List("a", "", ("*",))),
    (b'a LIST "" ""', List("a", "", ("",))),
    (b'a LIST "x/" "%"', List("a", "x/", ("%",))),
    (b'a LIST () "" (INBOX "x%")', List("a", "", ("INBOX", "x%"), extended=True)),
    (
        b'a LIST (SUBSCRIBED RECURSIVEMATCH) "" * RETURN (CHILDREN)',
        List(
            "a",
            "",
            ("*",),
            ListSelect.SUBSCRIBED | ListSelect.RECURSIVEMATCH,
            ListReturn.CHILDREN | ListReturn.SUBSCRIBED,
            (),
            True,
        ),
    ),
    (
        b'a LIST "" % RETURN (SPECIAL-USE STATUS (MESSAGES UNSEEN MESSAGES))',
        List("a", "", ("%",), ListSelect(0), ListReturn.SPECIAL_USE, (StatusItem.MESSAGES, StatusItem.UNSEEN), True),
    ),
    (b'a LIST "" % RETURN ()', List("a", "", ("%",), extended=True)),
    (b'a LIST (SPECIAL-USE) "" *', List("a", "", ("*",), ListSelect.SPECIAL_USE, extended=True)),
    (b'a LSUB "" x/*', Lsub("a", "", "x/*")),
    (b"a STATUS x (uidnext messages)", Status("a", "x", (StatusItem.UIDNEXT, StatusItem.MESSAGES))),
    (b"a COPY 2:4 x", Copy("a", SequenceSet(((2, 4),)), "x")),
    (b"a UID COPY 2:4 x", Copy("a", SequenceSet(((2, 4),)), "x", True)),
    (b"a MOVE * x", Move("a", SequenceSet(((0, 0),)), "x")),
    (b"a UID MOVE $ x", Move("a", SequenceSet((), True), "x", True)),
    (b"a STORE 1 FLAGS ()", Store("a", ONE, StoreMode.REPLACE, Flags())),
    (
        b"a STORE 1:* +FLAGS (\\Seen \\flagged work WORK)",
        Store("a", ALL_MESSAGES, StoreMode.ADD, Flags(SEEN | FLAGGED, ("work",))),
    ),
    (
        b"a UID STORE 1 -flags.silent \\Deleted $Junk",
        Store("a", ONE, StoreMode.REMOVE, Flags(DELETED, ("$Junk",)), True, True),
    ),
    (b"a STORE 1 FLAGS (\\Recent \\Seen)", Store("a", ONE, StoreMode.REPLACE, Flags(SEEN))),
    (
        b"a STORE 1 (UNCHANGEDSINCE 12) FLAGS.SILENT (\\Answered)",
        Store("a", ONE, StoreMode.REPLACE, Flags(ANSWERED), True, False, 12),
    ),
]


@pytest.mark.parametrize(("line", "command"), VALID, ids=[line.decode("latin-1") for line, _ in VALID])
def test_command(line: bytes, command: Command) -> None:
    assert only_event(line) == command


INVALID: list[tuple[bytes, str, str]] = [
    (b"x", "*", "a tag and a command"),
    (b"+ NOOP", "*", "a tag"),
    (b"a(b NOOP", "*", "a tag"),
    (b" NOOP", "*", "a tag"),
    (b"a ", "a", "a command"),
    (b"a  NOOP", "a", "a command"),
    (b"a FROB x", "a", "no command FROB"),
    (b"a UID NOOP", "a", "no command UID NOOP"),
    (b"a NOOP x", "a", "the end of the command"),
    (b"a NOOP\0", "a", "a command"),
    (b"a LOGIN joe", "a", "a space"),
    (b"a LOGIN joe  x", "a", "a password"),
    (b"a LOGIN joe x y", "a", "the end of the command"),
    (b'a LOGIN joe "x', "a", "a quoted string"),
    (b'a LOGIN joe "x\\y"', "a", "a quoted string"),
    (b'a LOGIN joe "\xff"', "a", "UTF-8"),
    (b"a LOGIN joe p\xc3\xa4", "a", "the end of the command"),
    (b"a AUTHENTICATE PLAIN !", "a", "base64"),
    (b"a AUTHENTICATE", "a", "a space"),
    (b"a ENABLE", "a", "a space"),
    (b"a ID (name)", "a", "in quotes"),
    (b'a ID ("name")', "a", "a space"),
    (b"a SELECT", "a", "a space"),
    (b"a SELECT x y", "a", "the end of the command"),
    (b"a SELECT x (FROB)", "a", "CONDSTORE or QRESYNC"),
    (b"a SELECT x ()", "a", "CONDSTORE or QRESYNC"),
    (b"a SELECT x (QRESYNC (0 1))", "a", "from 1"),
    (b"a SELECT &AOQ", "a", "modified UTF-7"),
    (b"a CREATE x (FROB)", "a", "USE"),
    (b"a CREATE x (USE (Sent))", "a", "special use"),
    (b"a RENAME x", "a", "a space"),
    (b'a LIST ""', "a", "a space"),
    (b'a LIST (FROB) "" *', "a", "selection options"),
    (b'a LIST (RECURSIVEMATCH) "" *', "a", "RECURSIVEMATCH"),
    (b'a LIST "" ()', "a", "a mailbox pattern"),
    (b'a LIST "" * RETURN', "a", "a space"),
    (b'a LIST "" * FROB (x)', "a", "RETURN"),
    (b'a LIST "" * RETURN (STATUS ())', "a", "a status item"),
    (b"a STATUS x", "a", "a space"),
    (b"a STATUS x ()", "a", "a status item"),
    (b"a STATUS x (FROB)", "a", "status items"),
    (b"a STATUS x MESSAGES", "a", '"("'),
    (b"a FETCH 1", "a", "a space"),
    (b"a FETCH 0 FLAGS", "a", "sequence set"),
    (b"a FETCH 1: FLAGS", "a", "sequence set"),
    (b"a FETCH 1,,2 FLAGS", "a", "sequence set"),
    (b"a FETCH 1:2:3 FLAGS", "a", "sequence set"),
    (b"a FETCH 99999999999 FLAGS", "a", "sequence set"),
    (b"a FETCH 4294967296 FLAGS", "a", "up to 4294967295"),
    (b"a FETCH x FLAGS", "a", "sequence set"),
    (b"a FETCH 1 FROB", "a", "an attribute to fetch"),
    (b"a FETCH 1 ()", "a", "an attribute to fetch"),
    (b"a FETCH 1 (FLAGS", "a", "a space"),
    (b"a FETCH 1 FLAGS)", "a", "the end of the command"),
    (b"a FETCH 1 (FAST)", "a", "an attribute to fetch"),
    (b"a FETCH 1 BODY.PEEK", "a", "an attribute to fetch"),
    (b"a FETCH 1 BODY[", "a", "HEADER"),
    (b"a FETCH 1 BODY[FROB]", "a", "HEADER"),
    (b"a FETCH 1 BODY[HEADERS]", "a", "HEADER"),
    (b"a FETCH 1 BODY[1.]", "a", "HEADER"),
    (b"a FETCH 1 BODY[0]", "a", "HEADER"),
    (b"a FETCH 1 BODY[MIME]", "a", "MIME"),
    (b"a FETCH 1 BODY[HEADER.FIELDS]", "a", "a space"),
    (b"a FETCH 1 BODY[HEADER.FIELDS ()]", "a", "a header field name"),
    (b'a FETCH 1 BODY[HEADER.FIELDS ("a b")]', "a", "a header field name"),
    (b"a FETCH 1 BODY[]<0.0>", "a", "first octet"),
    (b"a FETCH 1 BODY[]<0>", "a", "first octet"),
    (b"a FETCH 1 BINARY[HEADER]", "a", '"]"'),
    (b"a FETCH 1 PREVIEW (EAGER)", "a", "CHANGEDSINCE"),
    (b"a FETCH 1 (PREVIEW (EAGER))", "a", "an attribute to fetch"),
    (b"a FETCH 1 FLAGS (FROB)", "a", "CHANGEDSINCE"),
    (b"a FETCH 1 FLAGS (VANISHED CHANGEDSINCE 1)", "a", "VANISHED"),
    (b"a UID FETCH 1 FLAGS (VANISHED)", "a", "VANISHED"),
    (b"a FETCH 1 FLAGS (PARTIAL 1:2)", "a", "PARTIAL"),
    (b"a UID FETCH 1 FLAGS (PARTIAL 1:-2)", "a", "a position"),
    (b"a STORE 1 FROB (x)", "a", "FLAGS"),
    (b"a STORE 1 FLAGS (\\Frob)", "a", "system flag \\Frob"),
    (b"a STORE 1 FLAGS", "a", "a space"),
    (b"a STORE 1 FLAGS ", "a", "a flag"),
    (b"a STORE 1 (FROB 1) FLAGS ()", "a", "UNCHANGEDSINCE"),
    (b"a COPY 1", "a", "a space"),
    (b"a UID EXPUNGE", "a", "a space"),
    (b"a SEARCH", "a", "a space"),
    (b"a SEARCH FROB", "a", "a search key"),
    (b"a SEARCH ALL2", "a", "a space"),
    (b"a SEARCH ()", "a", "sequence set"),
    (b"a SEARCH (ALL", "a", "a space"),
    (b"a SEARCH OR ALL", "a", "a space"),
    (b"a SEARCH NOT", "a", "a space"),
    (b"a SEARCH BEFORE 30-Feb-2024", "a", "a date"),
    (b"a SEARCH BEFORE 1-Foo-2024", "a", "a date"),
    (b'a SEARCH ON "1-Jan-2024', "a", '"""'),
    (b"a SEARCH LARGER -1", "a", "a size"),
    (b"a SEARCH OLDER 0", "a", "seconds from 1"),
    (b"a SEARCH RETURN (FROB) ALL", "a", "RETURN"),
    (b"a SEARCH RETURN (ALL PARTIAL 1:2) ALL", "a", "exclude"),
    (b'a SEARCH CHARSET US-ASCII TEXT "\xc3\xa4"', "a", "ascii"),
    (b"a APPEND x", "a", "a space"),
    (b"a APPEND x (\\Seen)", "a", "a space"),
    (b"a APPEND x hello", "a", "literal"),
]


@pytest.mark.parametrize(("line", "tag", "text"), INVALID, ids=[line.decode("latin-1") for line, _, _ in INVALID])
def test_malformed(line: bytes, tag: str, text: str) -> None:
    event = only_event(line)
    assert isinstance(event, Malformed)
    assert event.tag == tag
    assert text in event.text
    assert event.text.isascii()
    assert event.text.isprintable()


def test_names_in_utf8() -> None:
    assert only_event('a SELECT "ä&b"'.encode(), utf8=True) == Select("a", "ä&b")
    assert only_event('a SELECT "a\u0308"'.encode(), utf8=True) == Select("a", "ä", supplied="a\u0308")
    assert isinstance(only_event(b'a SELECT "\xff"', utf8=True), Malformed)


def test_bounds() -> None:
    limits = WireLimits(sequence_ranges=10, search_keys=10, nesting=4, list_items=10)
    for line, fits in [
        (b"a UID EXPUNGE " + b",".join([b"1"] * 10), True),
        (b"a UID EXPUNGE " + b",".join([b"1"] * 11), False),
        (b"a SEARCH " + b" ".join([b"SEEN"] * 10), True),
        (b"a SEARCH " + b" ".join([b"SEEN"] * 11), False),
        (b"a SEARCH ((((1))))", True),
        (b"a SEARCH (1 (2 (3 4)))", True),
        (b"a SEARCH (1 (2 (3 (4 5))))", False),
        (b"a SEARCH NOT NOT NOT 1", True),
        (b"a SEARCH NOT NOT NOT NOT 1", False),
        (b"a SEARCH OR 1 OR 1 OR 1 OR 1 1", True),
        (b"a SEARCH OR 1 OR 1 OR 1 OR 1 OR 1 1", False),
        (b"a SEARCH OR NOT OR 1 NOT OR 1 1 1", False),
        (b"a STATUS x (" + b" ".join([b"UIDNEXT"] * 10) + b")", True),
        (b"a STATUS x (" + b" ".join([b"UIDNEXT"] * 11) + b")", False),
        (b"a FETCH 1 BODY[" + b".".join([b"1"] * 100) + b"]", True),
        (b"a FETCH 1 BODY[" + b".".join([b"1"] * 101) + b"]", False),
        (b"a ENABLE " + b" ".join([b"X"] * 11), False),
        (b"a STORE 1 FLAGS " + b" ".join([b"x"] * 11), False),
    ]:
        event = only_event(line, limits=limits)
        assert isinstance(event, Malformed) is not fits, line
        if isinstance(event, Malformed):
            assert event.code == "LIMIT"


def test_flag_bits_are_those_of_the_store() -> None:
    assert {name.lstrip("\\").upper(): bit for bit, name in wire_flags.SYSTEM_FLAGS} == {
        flag.name: flag.value for flag in Flag
    }
