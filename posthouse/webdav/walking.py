"""All that is below a folder, level by level, as far as settings let one look."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from posthouse.webdav.tree import Member, Path, Tree


class LookedAtEnough(Exception):
    """More is there than may be looked at."""


async def walk(
    tree: Tree, path: Path, top: Member, levels: int | None, most: int
) -> AsyncIterator[tuple[Path, list[Member]]]:
    """(folder's path, some members) of all folders from `top` down, `levels` deep or to the end for None.

    Raises LookedAtEnough behind `most` members.
    """
    waiting = deque([(path, top, 1)])
    seen = 0
    while waiting:
        at, folder, level = waiting.popleft()
        async for page in tree.pages(folder):
            seen += len(page)
            if seen > most:
                raise LookedAtEnough
            if levels is None or level < levels:
                waiting.extend([((*at, each.name), each, level + 1) for each in page if each.is_folder and each.key])
            yield at, page
            await asyncio.sleep(0)  # others have their turn
