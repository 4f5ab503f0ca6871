"""The live properties that only files have, in our own namespace: tags, a note, earlier contents, a small picture.

| property | what |
|---|---|
| tags | `tag` elements with a text each; clients write it |
| note | a text; clients write it |
| revisions | earlier contents, oldest first: `revision` elements of `number`, `size`, `modified`, `by`, DAV:href |
| notices | there for who is told by letter of what others change in a folder; each sets and removes his own |
| thumbnail | the DAV:href of a small picture; `?thumbnail=PIXELS` for other sizes |

Earlier contents are for those who may write: they are read at their address, and come back by a COPY from there onto
the document itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from posthouse.core.files.describing import FileChange
from posthouse.core.files.records import Earlier
from posthouse.core.sharing.rights import Right
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.properties.property import Property, Scene, Table
from posthouse.webdav.tree import Member, Path
from posthouse.webdav.wire.dates import iso_date
from posthouse.webdav.wire.writing import address, escape
from posthouse.webdav.wire.xml import children, read_document, text_of

NAMESPACE = "urn:posthouse:files"
TAGS, NOTE, REVISIONS, THUMBNAIL, NOTICES = [
    f"{{{NAMESPACE}}}{name}" for name in ("tags", "note", "revisions", "thumbnail", "notices")
]


def tags_element(tags: Sequence[str]) -> bytes:
    """The whole property."""
    return f'<tags xmlns="{NAMESPACE}">{"".join([f"<tag>{escape(tag)}</tag>" for tag in tags])}</tags>'.encode()


def note_element(note: str) -> bytes:
    """The whole property."""
    return f'<note xmlns="{NAMESPACE}">{escape(note)}</note>'.encode()


def revisions_element(where: Path, revisions: Sequence[tuple[int, Earlier]], writers: dict[int, str]) -> bytes:
    """The whole property of the document at a place on the site; `writers` are accounts by number."""
    place = address(where, is_folder=False)
    inside = "".join(
        [
            f"<revision><number>{number}</number><size>{earlier.size}</size>"
            f"<modified>{iso_date(earlier.modified)}</modified><by>{escape(writers.get(earlier.who, ''))}</by>"
            f'<D:href xmlns:D="DAV:">{place}?revision={number}</D:href></revision>'
            for number, earlier in revisions
        ]
    )
    return f'<revisions xmlns="{NAMESPACE}">{inside}</revisions>'.encode()


def notices_element() -> bytes:
    """The whole property."""
    return f'<notices xmlns="{NAMESPACE}"/>'.encode()


def change_of(properties: Sequence[tuple[str, bytes | None]]) -> FileChange:
    """What clients wish to be otherwise; raises HttpError."""
    kept = []
    tags: tuple[str, ...] | None = None
    note: str | None = None
    for name, element in properties:
        if name == TAGS:
            tags = () if element is None else _read_tags(element)
        elif name == NOTE:
            note = "" if element is None else text_of(read_document(element))
        else:
            kept.append((name, element))
    return FileChange(kept, note=note, tags=tags)


def _read_tags(element: bytes) -> tuple[str, ...]:
    root = read_document(element)
    tags = [text_of(each) for each in children(root) if each.tag == f"{{{NAMESPACE}}}tag"]
    beside = [root.text, *[each.tail for each in root]]
    if len(tags) != len(children(root)) or any(text and text.strip() for text in beside):
        raise HttpError(409, "tags are elements of that name")
    if not all(tags):
        raise HttpError(409, "a tag has a text")
    return tuple(dict.fromkeys(tags))


def _told(_scene: Scene, _path: Path, _member: Member) -> None:
    """It is told for several members together."""


def _thumbnail(scene: Scene, path: Path, member: Member) -> str | None:
    if member.is_folder or not scene.tree.has_picture(member):
        return None
    place = address(scene.tree.root + path, is_folder=False)
    return f'<thumbnail xmlns="{NAMESPACE}"><D:href>{place}?thumbnail</D:href></thumbnail>'


FILES: Table = {
    TAGS: Property(_told, is_protected=False, rights=int(Right.READ), is_told=True),
    NOTE: Property(_told, is_protected=False, rights=int(Right.READ), is_told=True),
    REVISIONS: Property(_told, rights=int(Right.WRITE), is_told=True),
    NOTICES: Property(_told, is_protected=False, rights=int(Right.READ), is_told=True),
    THUMBNAIL: Property(_thumbnail, rights=int(Right.READ)),
}
