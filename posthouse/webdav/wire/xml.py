"""XML documents of requests: read with bounds, without DTDs and entities; RFC 4918 8.2, 17 and 20.6.

Names are in Clark's notation, `{DAV:}prop`.
"""

from __future__ import annotations

from typing import Any, cast

from lxml import etree

from posthouse.webdav.http.errors import HttpError

DAV = "DAV:"
MOST_ELEMENTS = 20_000
DEEPEST = 40

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"

Element = etree._Element


def read_document(octets: bytes) -> Element:
    """The root of a document; raises HttpError (400) for anything else, and for what is too deep or too much."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(octets, parser)
    except (etree.XMLSyntaxError, ValueError):  # lxml has a ValueError for encodings that it does not know
        raise HttpError(400, "the XML cannot be read") from None
    if cast(Any, root.getroottree().docinfo).doctype:
        raise HttpError(400, "a DTD is not taken")
    _check_size(root)
    return root


def children(element: Element) -> list[Element]:
    """The elements in an element; entities that were left unresolved are none."""
    return [child for child in element if isinstance(child.tag, str)]


def child(element: Element, name: str) -> Element | None:
    """The first of that name."""
    return element.find(name)


def text_of(element: Element | None) -> str:
    """What stands in an element, "" for None."""
    return "" if element is None else "".join(str(piece) for piece in element.itertext()).strip()


def name_in(space: str, local: str) -> str:
    """A name in Clark's notation of what clients write apart; raises HttpError (400) for what is no name."""
    try:
        return str(etree.QName(space, local))
    except ValueError:
        raise HttpError(400, "that is no name") from None


def canonical(element: Element) -> bytes:
    """An element as it is kept: with all namespaces that it needs, and the language that holds there (RFC 4918 4.3)."""
    if element.get(_LANGUAGE) is None:
        language = next((said for above in element.iterancestors() if (said := above.get(_LANGUAGE)) is not None), None)
        if language is not None:
            element.set(_LANGUAGE, language)
    return etree.tostring(element, encoding="utf-8", xml_declaration=False, with_tail=False)


def _check_size(root: Element) -> None:
    count = 0
    level = [root]
    for _ in range(DEEPEST):
        level = [inner for element in level for inner in children(element)]
        count += len(level)
        if not level:
            return
        if count > MOST_ELEMENTS:
            raise HttpError(400, "the XML has too many elements")
    raise HttpError(400, "the XML is too deep")
