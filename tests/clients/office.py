"""Whole office documents, as small as programs read them: a line of text in each."""

from __future__ import annotations

from tests.unit.documents.samples import archive

_ROOT = "http://schemas.openxmlformats.org"
_MAIN = f"{_ROOT}/officeDocument/2006/relationships"
_TYPES = "application/vnd.openxmlformats-officedocument"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"

_Package = tuple[str, dict[str, str], dict[str, str | bytes]]  # the main part, parts' types, parts


def document(ending: str, text: str) -> bytes:
    """A document whose name ends so; raises KeyError for an ending that is not known here."""
    if ending.startswith("od"):
        return _open_document(ending, text)
    return _package({"docx": _words, "xlsx": _cells, "pptx": _slides}[ending](text))


def _package(package: _Package, **more: str) -> bytes:
    name, kinds, parts = package
    overrides = "".join(f'<Override PartName="/{part}" ContentType="{_TYPES}.{of}+xml"/>' for part, of in kinds.items())
    types = (
        f'<Types xmlns="{_ROOT}/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f"{overrides}</Types>"
    )
    return archive({"[Content_Types].xml": types, "_rels/.rels": _relation("officeDocument", name), **parts, **more})


def _relation(kind: str, target: str) -> str:
    return (
        f'<Relationships xmlns="{_ROOT}/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{_MAIN}/{kind}" Target="{target}"/></Relationships>'
    )


def with_linked_picture(ending: str, text: str, where: str) -> bytes:
    """A text, odt or docx, with a picture that stands elsewhere."""
    if ending == "odt":
        frame = (
            '<draw:frame svg:width="9cm" svg:height="9cm" text:anchor-type="as-char"><draw:image xlink:type="simple"'
            f' xlink:show="embed" xlink:actuate="onLoad" xlink:href="{where}"/></draw:frame>'
        )
        return _open_document(ending, text + frame)
    shape = (
        '<w:drawing><wp:inline><wp:extent cx="3000000" cy="3000000"/><wp:docPr id="1" name="a"/><a:graphic>'
        f'<a:graphicData uri="{_ROOT}/drawingml/2006/picture"><pic:pic><pic:nvPicPr><pic:cNvPr id="1" name="a"/>'
        '<pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip r:link="r1"/><a:stretch><a:fillRect/></a:stretch>'
        '</pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="3000000" cy="3000000"/></a:xfrm>'
        '<a:prstGeom prst="rect"/></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing>'
    )
    links = _relation("image", where).replace("/></", ' TargetMode="External"/></')
    return _package(_words(text, shape), **{"word/_rels/document.xml.rels": links})


def _words(text: str, shape: str = "") -> _Package:
    spaces = (
        f'xmlns:w="{_ROOT}/wordprocessingml/2006/main" xmlns:r="{_MAIN}" xmlns:a="{_ROOT}/drawingml/2006/main"'
        f' xmlns:wp="{_ROOT}/drawingml/2006/wordprocessingDrawing" xmlns:pic="{_ROOT}/drawingml/2006/picture"'
    )
    line = f"<w:p><w:r><w:t>{text}</w:t></w:r><w:r>{shape}</w:r></w:p>"
    body = f"<w:document {spaces}><w:body>{line}</w:body></w:document>"
    return "word/document.xml", {"word/document.xml": "wordprocessingml.document.main"}, {"word/document.xml": body}


def _cells(text: str) -> _Package:
    space = f'xmlns="{_ROOT}/spreadsheetml/2006/main"'
    cell = f'<c r="A1" t="inlineStr"><is><t>{text}</t></is></c>'
    return (
        "xl/workbook.xml",
        {"xl/workbook.xml": "spreadsheetml.sheet.main", "xl/sheet1.xml": "spreadsheetml.worksheet"},
        {
            "xl/workbook.xml": f'<workbook {space} xmlns:r="{_MAIN}"><sheets>'
            '<sheet name="one" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": _relation("worksheet", "sheet1.xml"),
            "xl/sheet1.xml": f'<worksheet {space}><sheetData><row r="1">{cell}</row></sheetData></worksheet>',
        },
    )


def _slides(text: str) -> _Package:
    spaces = f'xmlns:p="{_ROOT}/presentationml/2006/main" xmlns:a="{_ROOT}/drawingml/2006/main" xmlns:r="{_MAIN}"'
    shape = (
        '<p:sp><p:nvSpPr><p:cNvPr id="2" name="one"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr><a:xfrm>'
        '<a:off x="0" y="0"/><a:ext cx="4000000" cy="1000000"/></a:xfrm><a:prstGeom prst="rect"/></p:spPr>'
        f"<p:txBody><a:bodyPr/><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
    )
    group = '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr/>'
    tree = f"<p:cSld><p:spTree>{group}{shape}</p:spTree></p:cSld>"
    return (
        "ppt/presentation.xml",
        {"ppt/presentation.xml": "presentationml.presentation.main", "ppt/slide1.xml": "presentationml.slide"},
        {
            "ppt/presentation.xml": f'<p:presentation {spaces}><p:sldIdLst><p:sldId id="256" r:id="r1"/></p:sldIdLst>'
            '<p:sldSz cx="9144000" cy="6858000"/><p:notesSz cx="6858000" cy="9144000"/></p:presentation>',
            "ppt/_rels/presentation.xml.rels": _relation("slide", "slide1.xml"),
            "ppt/slide1.xml": f"<p:sld {spaces}>{tree}</p:sld>",
        },
    )


def _open_document(ending: str, text: str) -> bytes:
    kind, body = {
        "odt": ("text", "<office:text><text:p>{}</text:p></office:text>"),
        "ods": (
            "spreadsheet",
            '<office:spreadsheet><table:table table:name="one"><table:table-row><table:table-cell'
            ' office:value-type="string"><text:p>{}</text:p></table:table-cell></table:table-row></table:table>'
            "</office:spreadsheet>",
        ),
        "odp": (
            "presentation",
            '<office:presentation><draw:page draw:name="one"><draw:frame svg:width="9cm" svg:height="3cm" svg:x="1cm"'
            ' svg:y="1cm"><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame></draw:page>'
            "</office:presentation>",
        ),
        "odg": (
            "graphics",
            '<office:drawing><draw:page draw:name="one"><draw:frame svg:width="9cm" svg:height="3cm" svg:x="1cm"'
            ' svg:y="1cm"><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame></draw:page></office:drawing>',
        ),
    }[ending]
    media_type = f"application/vnd.oasis.opendocument.{kind}"
    spaces = " ".join(f'xmlns:{each}="{_ODF}:{each}:1.0"' for each in ("office", "text", "table"))
    spaces += f' xmlns:draw="{_ODF}:drawing:1.0" xmlns:svg="{_ODF}:svg-compatible:1.0" xmlns:xlink="http://www.w3.org/1999/xlink"'
    manifest = (
        f'<manifest:manifest xmlns:manifest="{_ODF}:manifest:1.0" manifest:version="1.2">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{media_type}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
    )
    content = (
        f'<office:document-content {spaces} office:version="1.2"><office:body>{body.format(text)}</office:body>'
        "</office:document-content>"
    )
    return archive({"mimetype": media_type, "content.xml": content, "META-INF/manifest.xml": manifest})
