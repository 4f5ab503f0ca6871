"""What FETCH asks for and what SEARCH looks for, as objects."""

from __future__ import annotations

from datetime import date

import pytest

from posthouse.core.mail.criteria import keys as s
from posthouse.protocols.imap.wire.commands.command import Command
from posthouse.protocols.imap.wire.commands.messages import Fetch
from posthouse.protocols.imap.wire.commands.search import Search
from posthouse.protocols.imap.wire.decoder import Decoder
from posthouse.protocols.imap.wire.events import Malformed
from posthouse.protocols.imap.wire.fetch import Attribute, Binary, BinarySize, Part, Preview, Section
from posthouse.protocols.imap.wire.flags import ANSWERED, DELETED, FLAGGED, SEEN
from posthouse.protocols.imap.wire.limits import WireLimits
from posthouse.protocols.imap.wire.search import IsRecent, ModSeq, Numbers, Return, Uids
from posthouse.protocols.imap.wire.sequence import SequenceSet
from tests.unit.imap.wire.parsing import ALL_MESSAGES, FLAGS, ONE, UID, only_event

FAST = (Attribute.FLAGS, Attribute.INTERNALDATE, Attribute.RFC822_SIZE)


FETCHES: list[tuple[bytes, tuple[object, ...]]] = [
    (b"FLAGS", (FLAGS,)),
    (b"(uid flags UID)", (UID, FLAGS)),
    (b"FAST", FAST),
    (b"all", (*FAST, Attribute.ENVELOPE)),
    (b"FULL", (*FAST, Attribute.ENVELOPE, Attribute.BODY)),
    (
        b"(INTERNALDATE RFC822.SIZE ENVELOPE BODY BODYSTRUCTURE MODSEQ EMAILID THREADID SAVEDATE)",
        tuple(attribute for attribute in Attribute if attribute not in (UID, FLAGS)),
    ),
    (b"RFC822", (Section(b"RFC822"),)),
    (b"RFC822.HEADER", (Section(b"RFC822.HEADER", True, (), Part.HEADER),)),
    (b"(RFC822.TEXT)", (Section(b"RFC822.TEXT", False, (), Part.TEXT),)),
    (b"BODY[]", (Section(b"BODY[]"),)),
    (b"body.peek[]<0.1000>", (Section(b"BODY[]<0>", True, (), Part.WHOLE, (), (0, 1000)),)),
    (b"BODY[HEADER]", (Section(b"BODY[HEADER]", False, (), Part.HEADER),)),
    (b"BODY[1.2.3]", (Section(b"BODY[1.2.3]", False, (1, 2, 3)),)),
    (b"BODY[1.mime]", (Section(b"BODY[1.MIME]", False, (1,), Part.MIME),)),
    (b"BODY[2.TEXT]<5.6>", (Section(b"BODY[2.TEXT]<5>", False, (2,), Part.TEXT, (), (5, 6)),)),
    (
        b'BODY.PEEK[HEADER.FIELDS (From "To" {2}\r\nCC)]',
        (Section(b"BODY[HEADER.FIELDS (From To CC)]", True, (), Part.HEADER_FIELDS, ("From", "To", "CC")),),
    ),
    (
        b'BODY[3.HEADER.FIELDS.NOT ("X(Y")]',
        (Section(b'BODY[3.HEADER.FIELDS.NOT ("X(Y")]', False, (3,), Part.HEADER_FIELDS_NOT, ("X(Y",)),),
    ),
    (b"BINARY[1]", (Binary(b"BINARY[1]", False, (1,)),)),
    (b"BINARY.PEEK[1.2]<9.10>", (Binary(b"BINARY[1.2]<9>", True, (1, 2), (9, 10)),)),
    (b"BINARY.SIZE[]", (BinarySize(b"BINARY.SIZE[]"),)),
    (b"(PREVIEW UID)", (Preview(), UID)),
    (b"(PREVIEW (LAZY) UID)", (Preview(True), UID)),
]


@pytest.mark.parametrize(("attributes", "wanted"), FETCHES, ids=[text.decode() for text, _ in FETCHES])
def test_fetch_attributes(attributes: bytes, wanted: tuple[object, ...]) -> None:
    decoder = Decoder(WireLimits())
    decoder.feed(b"a FETCH 1:* " + attributes + b"\r\n")
    events = [event for event in iter(decoder.next_event, None) if isinstance(event, Command | Malformed)]
    assert events == [Fetch("a", ALL_MESSAGES, wanted)]


def test_fetch_modifiers() -> None:
    assert only_event(b"a UID FETCH 1:* FLAGS (CHANGEDSINCE 5 VANISHED)") == Fetch(
        "a", ALL_MESSAGES, (UID, FLAGS, Attribute.MODSEQ), True, 5, True
    )
    assert only_event(b"a FETCH 1:* (MODSEQ FLAGS) (CHANGEDSINCE 5)") == Fetch(
        "a", ALL_MESSAGES, (Attribute.MODSEQ, FLAGS), False, 5
    )
    assert only_event(b"a UID FETCH 1:* FLAGS (PARTIAL -1:-30)") == Fetch(
        "a", ALL_MESSAGES, (UID, FLAGS), True, None, False, (-1, -30)
    )


DAY = date(2024, 2, 29)
KEYS: list[tuple[bytes, s.SearchKey]] = [
    (b"ALL", s.All()),
    (b"unseen", s.HasFlag(SEEN, False)),
    (b"ANSWERED", s.HasFlag(ANSWERED, True)),
    (b"NEW", s.And((IsRecent(True), s.HasFlag(SEEN, False)))),
    (b"OLD", IsRecent(False)),
    (b"KEYWORD $Junk", s.HasKeyword("$Junk", True)),
    (b"UNKEYWORD x", s.HasKeyword("x", False)),
    (b'FROM "a b" SUBJECT x', s.And((s.EnvelopeField("from", "a b"), s.EnvelopeField("subject", "x")))),
    (b"HEADER Message-ID <x@y>", s.Header("message-id", "<x@y>")),
    (b'HEADER X-Spam ""', s.Header("x-spam", "")),
    (b"BODY x", s.Body("x")),
    (b"TEXT x", s.Text("x")),
    (b"BEFORE 29-feb-2024", s.Day("received", "before", DAY)),
    (b'ON "29-Feb-2024"', s.Day("received", "on", DAY)),
    (b"SENTSINCE 29-Feb-2024", s.Day("sent", "since", DAY)),
    (b"SENTON 1-Mar-2024", s.Day("sent", "on", date(2024, 3, 1))),
    (b"SAVEDBEFORE 29-Feb-2024", s.Day("saved", "before", DAY)),
    (b"SAVEDATESUPPORTED", s.SaveDateSupported()),
    (b"LARGER 0", s.Larger(0)),
    (b"SMALLER 5000000000", s.Smaller(5_000_000_000)),
    (b"OLDER 60", s.Older(60)),
    (b"YOUNGER 86400", s.Younger(86400)),
    (b"UID 5:*", Uids(SequenceSet(((5, 0),)))),
    (b"1,3", Numbers(SequenceSet(((1, 1), (3, 3))))),
    (b"$", Numbers(SequenceSet((), True))),
    (b"MODSEQ 620162338", ModSeq(620162338)),
    (b'MODSEQ "/flags/\\\\draft" all 620162338', ModSeq(620162338)),
    (b"EMAILID M6d99ac3275bb4e", s.EmailId("M6d99ac3275bb4e")),
    (b"THREADID T64b478a75b7ea9", s.ThreadId("T64b478a75b7ea9")),
    (b"FUZZY BODY x", s.Fuzzy(s.Body("x"))),
    (b"FUZZY HEADER Subject x", s.Fuzzy(s.EnvelopeField("subject", "x"))),
    (b"FUZZY HEADER X-Spam x", s.Header("x-spam", "x")),
    (b"FUZZY SEEN", s.HasFlag(SEEN, True)),
    (b"FUZZY (TEXT x NOT FROM y)", s.And((s.Fuzzy(s.Text("x")), s.Not(s.Fuzzy(s.EnvelopeField("from", "y")))))),
    (b"NOT SEEN", s.Not(s.HasFlag(SEEN, True))),
    (b"OR SEEN 1", s.Or(s.HasFlag(SEEN, True), Numbers(ONE))),
    (
        b"(SEEN OR (1) NOT (ALL FLAGGED)) DELETED",
        s.And((
            s.And((
                s.HasFlag(SEEN, True),
                s.Or(Numbers(ONE), s.Not(s.And((s.All(), s.HasFlag(FLAGGED, True))))),
            )),
            s.HasFlag(DELETED, True),
        )),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("keys", "wanted"), KEYS, ids=[text.decode() for text, _ in KEYS])
def test_search_keys(keys: bytes, wanted: s.SearchKey) -> None:
    assert only_event(b"a SEARCH " + keys) == Search("a", wanted)
    assert only_event(b"a UID SEARCH " + keys) == Search("a", wanted, True)


def test_search_options_and_charset() -> None:
    everything = s.All()
    assert only_event(b"a SEARCH RETURN () ALL") == Search("a", everything, False, Return.ALL)
    assert only_event(b"a SEARCH RETURN (SAVE) ALL") == Search("a", everything, False, Return.SAVE)
    assert only_event(b"a UID SEARCH RETURN (MIN max COUNT) CHARSET utf-8 ALL") == Search(
        "a", everything, True, Return.MIN | Return.MAX | Return.COUNT, None, "UTF-8"
    )
    assert only_event(b"a UID SEARCH RETURN (PARTIAL -1:-100) ALL") == Search(
        "a", everything, True, Return.PARTIAL, (-1, -100)
    )
    assert only_event('a SEARCH CHARSET ISO-8859-1 TEXT "ä"'.encode("latin-1")) == Search(
        "a", s.Text("ä"), False, None, None, "ISO-8859-1"
    )
    assert only_event('a SEARCH TEXT "ä"'.encode()) == Search("a", s.Text("ä"))
    refused = only_event(b"a SEARCH CHARSET X-UNKNOWN TEXT x")
    assert isinstance(refused, Malformed)
    assert (refused.code or "").startswith("BADCHARSET (US-ASCII UTF-8")
