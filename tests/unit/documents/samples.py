"""Documents made as programs make them, in a few lines."""

from __future__ import annotations

import io
import zipfile

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_A = "http://schemas.openxmlformats.org/drawingml/2006/main"
_S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
_TEXT = "urn:oasis:names:tc:opendocument:xmlns:text:1.0"


def archive(entries: dict[str, str | bytes]) -> bytes:
    """A ZIP archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return made.getvalue()


def docx(*paragraphs: str, **more: str) -> bytes:
    """A text of Word; `more` are entries beside the document."""
    body = "".join(
        f"<w:p><w:r><w:t>{each[:3]}</w:t></w:r><w:r><w:t>{each[3:]}</w:t></w:r></w:p>" for each in paragraphs
    )
    document = f'<?xml version="1.0"?><w:document xmlns:w="{_W}"><w:body>{body}</w:body></w:document>'
    return archive({"[Content_Types].xml": "<Types/>", "word/document.xml": document, **more})


def xlsx(*cells: str) -> bytes:
    """A sheet with shared strings, and one in place."""
    shared = "".join(f"<si><t>{each}</t></si>" for each in cells)
    sheet = (
        f'<worksheet xmlns="{_S}"><row><c t="inlineStr"><is><t>in place</t></is></c><c><v>17</v></c></row></worksheet>'
    )
    return archive({"xl/sharedStrings.xml": f'<sst xmlns="{_S}">{shared}</sst>', "xl/worksheets/sheet1.xml": sheet})


def pptx(*slides: str) -> bytes:
    """Slides."""
    made: dict[str, str | bytes] = {}
    for number, slide in enumerate(slides, 1):
        made[f"ppt/slides/slide{number}.xml"] = f'<x xmlns:a="{_A}"><a:p><a:t>{slide}</a:t></a:p></x>'
    return archive(made)


def odt(*paragraphs: str) -> bytes:
    """A text of LibreOffice."""
    body = "".join(f"<text:p>{each}</text:p>" for each in paragraphs)
    content = f'<office:document-content xmlns:office="{_OFFICE}" xmlns:text="{_TEXT}">{body}</office:document-content>'
    return archive({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": content})


def pdf(text: str) -> bytes:
    """One page with a line of text."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    made = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(made)
    made += b"xref\n0 6\n0000000000 65535 f \n" + table
    made += b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % start
    return bytes(made)
