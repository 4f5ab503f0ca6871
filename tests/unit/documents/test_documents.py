"""Text of PDF and office files; hostile ones are refused, none is more than a bounded effort."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posthouse.formats.documents import office
from posthouse.formats.documents.kinds import Kind, Unreadable, kind_of
from posthouse.formats.documents.reading import document_text
from tests.unit.documents.samples import archive, docx, odt, pdf, pptx, xlsx


@pytest.mark.parametrize(
    ("kind", "octets", "wanted"),
    [
        (Kind.WORD, docx("Quarterly figures", "Straße &amp; Co"), ["Quarterly figures", "Straße & Co"]),
        (Kind.SHEET, xlsx("Revenue", "Müller"), ["Revenue", "Müller", "in place"]),
        (Kind.SLIDES, pptx("First slide", "Second slide"), ["First slide", "Second slide"]),
        (Kind.ODF, odt("Quarterly <text:span>fig</text:span>ures", "漢字"), ["Quarterly figures", "漢字"]),
        (Kind.PDF, pdf("Quarterly figures"), ["Quarterly figures"]),
    ],
)
def test_text_is_found(kind: Kind, octets: bytes, wanted: list[str]) -> None:
    lines = [line.strip() for line in document_text(kind, octets, 10_000).splitlines()]
    assert [line for line in lines if line] == wanted
    assert len(document_text(kind, octets, 5).strip()) <= 5


def test_what_is_not_text_stays_out() -> None:
    octets = docx("text", **{"word/vbaProject.bin": "macro", "word/settings.xml": "<t>settings</t>"})
    assert document_text(Kind.WORD, octets, 100).strip() == "text"


def test_a_document_type_is_refused() -> None:
    laughs = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'
    with pytest.raises(Unreadable, match="document type"):
        document_text(Kind.ODF, archive({"content.xml": laughs}), 100)


def test_what_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(office, "PLAIN_OCTETS", 100_000)
    bomb = archive({"content.xml": b"<x>" + b"<y/>" * 100_000 + b"</x>"})
    assert len(bomb) < 2000
    with pytest.raises(Unreadable, match="too much"):
        document_text(Kind.ODF, bomb, 100)
    many = archive({f"{number}": b"" for number in range(office.ENTRIES + 1)})
    with pytest.raises(Unreadable, match="too many"):
        document_text(Kind.ODF, many, 100)


def test_text_ends_where_it_is_enough() -> None:
    endless = archive({"content.xml": b"<x>" + b"y" * 10_000_000})
    assert document_text(Kind.ODF, endless, 100) == "y" * 100


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("octets", [b"", b"PK\x03\x04", b"%PDF-1.4\n"])
def test_what_is_none_is_refused(kind: Kind, octets: bytes) -> None:
    with pytest.raises(Unreadable):
        document_text(kind, octets, 100)


@pytest.mark.parametrize(("kind", "name"), [(Kind.WORD, "word/document.xml"), (Kind.ODF, "content.xml")])
def test_broken_xml_is_refused(kind: Kind, name: str) -> None:
    with pytest.raises(Unreadable):
        document_text(kind, archive({name: "<unfinished>"}), 100)


@settings(max_examples=200)
@given(st.sampled_from(list(Kind)), st.integers(0, 2000), st.integers(0, 255), st.integers(0, 2000))
def test_damage_is_no_more_than_unreadable(kind: Kind, at: int, octet: int, cut: int) -> None:
    whole = {
        Kind.PDF: pdf("text"), Kind.WORD: docx("text"), Kind.SHEET: xlsx("text"), Kind.SLIDES: pptx("text"),
        Kind.ODF: odt("text"),
    }[kind]  # fmt: skip
    octets = bytearray(whole)
    octets[at % len(octets)] = octet
    for damaged in (bytes(octets), bytes(octets[: cut % len(octets)])):
        with suppress(Unreadable):
            assert len(document_text(kind, damaged, 100)) <= 200


def test_kinds() -> None:
    assert kind_of("application", "pdf", "") is Kind.PDF
    assert kind_of("application", "octet-stream", "Report.DOCX") is Kind.WORD
    assert kind_of("application", "octet-stream", "report.doc") is None
    assert kind_of("image", "png", "x.pdf") is None
