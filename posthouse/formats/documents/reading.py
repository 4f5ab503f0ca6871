"""Any of the files that text is taken from."""

from __future__ import annotations

from posthouse.formats.documents.kinds import Kind
from posthouse.formats.documents.office import office_text
from posthouse.formats.documents.pdf import pdf_text


def document_text(kind: Kind, octets: bytes, characters: int) -> str:
    """The first characters of the text of a file; raises Unreadable."""
    if kind is Kind.PDF:
        return pdf_text(octets, characters)
    return office_text(kind, octets, characters)
