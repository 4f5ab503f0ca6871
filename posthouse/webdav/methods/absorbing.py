"""What macOS Finder leaves beside every file (`._*`, `.DS_Store`): taken with thanks and stored nowhere.

Only from Finder: whoever else has files of these names wants them kept.
"""

from __future__ import annotations

import uuid

from posthouse.webdav.http.answer import Answer
from posthouse.webdav.methods.asked import Asked, multistatus
from posthouse.webdav.methods.lock import lock_answer
from posthouse.webdav.tree import ActiveLock
from posthouse.webdav.wire.multistatus import outcome_row
from posthouse.webdav.wire.questions import read_update
from posthouse.webdav.wire.writing import tags

_FINDER = ("webdavfs/", "webdavlib/")
_SECONDS = 600


async def absorbed(asked: Asked) -> Answer | None:
    """The answer to a change of such a file; None for all else."""
    request, path = asked.request, asked.path
    if not path or asked.tree.writing is None or not (path[-1].startswith("._") or path[-1] == ".DS_Store"):
        return None
    if not request.field("user-agent").lower().startswith(_FINDER) or (await asked.found()).member is not None:
        return None
    match request.method:
        case "PUT":
            async for _ in request.body.pieces():
                pass
            return Answer(201)
        case "DELETE" | "UNLOCK":
            return Answer(204)
        case "MOVE" | "COPY":
            return Answer(201)
        case "LOCK":
            return lock_answer(
                asked, ActiveLock(path, False, f"urn:uuid:{uuid.uuid4()}", True, False, "", _SECONDS), is_new=True
            )
        case "PROPPATCH":
            updates = read_update(await request.body.read(asked.settings.request_octets))
            rows = [(tags(name)[2], 200, "") for name in dict.fromkeys([name for name, _ in updates])]
            return multistatus(outcome_row(asked.address(path), rows))
    return None
