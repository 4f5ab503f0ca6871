"""What is said of several files at once: tags, notes, earlier contents and who wrote them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from posthouse.core.accounts.lookup import addresses_of
from posthouse.core.files.describing import told_of
from posthouse.core.files.tree import paths_of
from posthouse.core.files.watching import watched_by
from posthouse.webdav.files.drive import Drive
from posthouse.webdav.files.properties import (
    NOTE,
    NOTICES,
    REVISIONS,
    TAGS,
    note_element,
    notices_element,
    revisions_element,
    tags_element,
)
from posthouse.webdav.tree import Member


async def told_properties(
    drive: Drive, members: Sequence[Member], names: Sequence[str]
) -> Mapping[int, Mapping[str, bytes]]:
    """By key and name, whole elements; what is not said of a member is left out."""
    nodes = [member.key for member in members if member.key]
    told = await drive.store.read(told_of, drive.account, nodes)
    said = dict(zip(nodes, told, strict=True))
    found: dict[int, dict[str, bytes]] = {}
    for node, (tags, note, _) in said.items():
        found[node] = {}
        if tags and TAGS in names:
            found[node][TAGS] = tags_element(tags)
        if note and NOTE in names:
            found[node][NOTE] = note_element(note)
    revised = [node for node, (_, _, revisions) in said.items() if revisions]
    if REVISIONS in names and revised:
        who = sorted({earlier.who for node in revised for _, earlier in said[node][2]})
        addresses = await drive.store.read(addresses_of, who)
        writers = dict(zip(who, addresses, strict=True))
        paths = await drive.store.read(paths_of, drive.account, revised)
        for node, path in zip(revised, paths, strict=True):
            if path is not None:
                found[node][REVISIONS] = revisions_element((*drive.root, *path), said[node][2], writers)
    if NOTICES in names:
        folders = [member.key for member in members if member.is_folder and member.key]
        for node in await drive.store.read(watched_by, drive.account, folders, drive.who):
            found[node][NOTICES] = notices_element()
    return found
