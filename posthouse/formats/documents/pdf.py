"""Text of PDF files, by PDFium. For a process that may die of it: what is read here comes from anywhere."""

from __future__ import annotations

from posthouse.formats.documents.kinds import Unreadable

PAGES = 2000


def pdf_text(octets: bytes, characters: int) -> str:
    """The first characters of the text of a file; raises Unreadable."""
    # here, since only the process that reads a file shall have the library in its memory
    from pypdfium2 import PdfDocument, PdfiumError  # noqa: PLC0415

    found: list[str] = []
    try:
        document = PdfDocument(octets)
        for number in range(min(len(document), PAGES)):
            found.append(document[number].get_textpage().get_text_bounded()[:characters])
            characters -= len(found[-1])
            if characters <= 0:
                break
    except PdfiumError as error:
        raise Unreadable(str(error)) from error
    return "\n".join(found)
