"""Responses, octet by octet."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from posthouse.formats.imap import mutf7
from posthouse.formats.imap.strings import astring
from posthouse.protocols.imap.wire import encoder, fetch_encoder
from posthouse.protocols.imap.wire.commands.listing import StatusItem
from posthouse.protocols.imap.wire.fetch import Attribute
from posthouse.protocols.imap.wire.limits import WireLimits
from posthouse.protocols.imap.wire.names import decode_name, encode_name
from posthouse.protocols.imap.wire.reader import Reader


def test_status_lines() -> None:
    assert encoder.status_line("a1", "OK", "done") == b"a1 OK done\r\n"
    assert encoder.status_line("*", "NO", "full", b"OVERQUOTA") == b"* NO [OVERQUOTA] full\r\n"
    assert encoder.status_line("a", "BAD", "x\r\n* BYE \u00e4") == b"a BAD x??* BYE ?\r\n"
    assert encoder.continuation("") == b"+ \r\n"
    assert encoder.continuation() == b"+ go on\r\n"


def test_codes() -> None:
    assert encoder.append_uid(7, [(3, 4)]) == b"APPENDUID 7 3:4"
    assert encoder.copy_uid(7, [(1, 2)], [(5, 6)]) == b"COPYUID 7 1:2 5:6"
    assert encoder.permanent_flags(["\\Seen"], new_keywords=True) == b"PERMANENTFLAGS (\\Seen \\*)"
    assert encoder.permanent_flags([], new_keywords=False) == b"PERMANENTFLAGS ()"
    assert encoder.number_code(b"UIDNEXT", 9) == b"UIDNEXT 9"


def test_server_and_mailbox() -> None:
    assert encoder.capability(["IMAP4rev1", "IDLE"]) == b"* CAPABILITY IMAP4rev1 IDLE\r\n"
    assert encoder.enabled([]) == b"* ENABLED\r\n"
    assert encoder.enabled(["CONDSTORE"]) == b"* ENABLED CONDSTORE\r\n"
    assert encoder.id_([("name", "Posthouse"), ("os", None)]) == b'* ID ("name" "Posthouse" "os" NIL)\r\n'
    assert encoder.id_([]) == b"* ID NIL\r\n"
    assert encoder.exists(3) + encoder.recent(0) + encoder.expunge(2) == b"* 3 EXISTS\r\n* 0 RECENT\r\n* 2 EXPUNGE\r\n"
    assert encoder.flags(["\\Seen", "$Junk"]) == b"* FLAGS (\\Seen $Junk)\r\n"
    assert encoder.namespace("Other/", "é/", {}) == b'* NAMESPACE (("" "/")) (("Other/" "/")) (("&AOk-/" "/"))\r\n'
    translated = encoder.namespace("Other/", "Shared/", {"Other/": "ü/"})
    assert translated == b'* NAMESPACE (("" "/")) (("Other/" "/" "TRANSLATION" ("&APw-/"))) (("Shared/" "/"))\r\n'
    assert encoder.my_rights("a b", 3) == b'* MYRIGHTS "a b" lr\r\n'
    assert encoder.acl("x", [("anyone", 0), ("a@b.c", 64)]) == b'* ACL x anyone "" a@b.c kc\r\n'
    assert encoder.list_rights("x", "é", 0, ["l", "c"]) == b'* LISTRIGHTS x {2}\r\n\xc3\xa9 "" l c\r\n'


def test_lists() -> None:
    assert encoder.list_line(["\\HasNoChildren"], "INBOX") == b'* LIST (\\HasNoChildren) "/" INBOX\r\n'
    assert encoder.list_line([], "\u00e4 b") == b'* LIST () "/" "&AOQ- b"\r\n'
    assert encoder.list_line([], "\u00e4", utf8=True) == '* LIST () "/" "\u00e4"\r\n'.encode()
    assert encoder.list_line([], "x", word=b"LSUB") == b'* LSUB () "/" x\r\n'
    assert (
        encoder.list_line([], "x", child_info=["SUBSCRIBED", "REMOTE"])
        == b'* LIST () "/" x ("CHILDINFO" ("SUBSCRIBED" "REMOTE"))\r\n'
    )
    assert encoder.status("x", [(StatusItem.MESSAGES, 3), (StatusItem.MAILBOXID, b"(F1)")]) == (
        b"* STATUS x (MESSAGES 3 MAILBOXID (F1))\r\n"
    )


def test_search() -> None:
    assert encoder.in_progress("a", 3, 10) == b'INPROGRESS ("a" 3 10)'
    assert encoder.numbers([]) == b""
    assert encoder.numbers([2, 84]) == b" 2 84"
    assert encoder.esearch("a", uid=False, partial=((-1, -9), b"7,3:4")) == (
        b'* ESEARCH (TAG "a") PARTIAL (-1:-9 7,3:4)\r\n'
    )
    assert encoder.esearch("a", uid=False, partial=((1, 9), b"")) == b'* ESEARCH (TAG "a") PARTIAL (1:9 NIL)\r\n'
    assert encoder.esearch("a", uid=False, count=0) == b'* ESEARCH (TAG "a") COUNT 0\r\n'
    assert encoder.esearch("a", uid=True) == b'* ESEARCH (TAG "a") UID\r\n'
    assert encoder.esearch("a", uid=True, least=2, largest=9, found=b"2:3,9", count=3) == (
        b'* ESEARCH (TAG "a") UID MIN 2 MAX 9 ALL 2:3,9 COUNT 3\r\n'
    )


def test_flag_lists() -> None:
    lists = fetch_encoder.FlagLists(("$Work", "later"))
    assert lists.render(0, 0) == b"()"
    assert lists.render(1 | 2 | 4 | 8 | 16, 0b11, recent=True) == (
        b"(\\Answered \\Flagged \\Deleted \\Seen \\Draft \\Recent $Work later)"
    )
    assert lists.render(1, 1) == b"(\\Seen $Work)"
    assert lists.render(0, 0, recent=True) == b"(\\Recent)"


def test_flag_combinations_are_bounded() -> None:
    lists = fetch_encoder.FlagLists([f"k{number}" for number in range(20)])
    for keywords in range(10_000):
        lists.render(0, keywords)
    assert len(lists._rendered) <= 4096
    assert lists.render(0, 0b101) == b"(k0 k2)"


def test_fetch_lines() -> None:
    everything = fetch_encoder.line_format(Attribute)
    values = (3, b"()", b'"date"', 7, b"(env)", b"(body)", b"(structure)", 9, b"M1", b"(T1)", b"NIL")
    assert everything % (2, *values) == (
        b'* 2 FETCH (UID 3 FLAGS () INTERNALDATE "date" RFC822.SIZE 7 ENVELOPE (env) BODY (body) '
        b"BODYSTRUCTURE (structure) MODSEQ (9) EMAILID (M1) THREADID (T1) SAVEDATE NIL)\r\n"
    )
    assert fetch_encoder.items_format([Attribute.UID, Attribute.FLAGS]) % (3, b"()") == b"UID 3 FLAGS ()"
    assert fetch_encoder.section_item(b"BODY[]", b"a\0b") == b"BODY[] {3}\r\na\x80b"
    assert fetch_encoder.section_item(b"BODY[9]", None) == b"BODY[9] NIL"
    assert fetch_encoder.section_head(b"BODY[]", 5) == b"BODY[] {5}\r\n"


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc"))), st.booleans())
def test_names_come_back(name: str, utf8: bool) -> None:
    name = decode_name(encode_plain(name, utf8), utf8=utf8)
    reader = Reader(encode_name(name, utf8=utf8), WireLimits(), utf8=utf8)
    assert reader.mailbox() == name
    assert reader.at_end()


def encode_plain(name: str, utf8: bool) -> bytes:
    return name.encode() if utf8 else mutf7.encode(name)


@given(st.text(), st.booleans())
def test_no_name_ends_a_line_early(name: str, utf8: bool) -> None:
    try:
        line = encoder.list_line([], name, utf8=utf8)
    except UnicodeEncodeError:
        return  # a lone surrogate is no name
    body = line[:-2]
    if b"\n" in body or b"\r" in body or b"\0" in body:
        assert b"}\r\n" in body


@given(st.binary())
def test_strings_come_back(octets: bytes) -> None:
    reader = Reader(astring(octets), WireLimits())
    assert reader.astring() == octets.replace(b"\0", b"")
    assert reader.at_end()
