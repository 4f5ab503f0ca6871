"""`python -m posthouse.formats.pictures KIND SIDE PIXELS MEBIBYTES SECONDS`: a document in, a small picture out.

Whatever the document does to the libraries, it has this process' memory and seconds, and no file of it. Status 2: it
has no picture.
"""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path
from typing import Any, cast

from posthouse.formats.pictures.drawing import small_picture


def main(arguments: list[str]) -> int:
    """Draw; the process' status."""
    kind = arguments[0]
    side, pixels, mebibytes, seconds = (int(argument) for argument in arguments[1:])
    _limit(mebibytes, seconds)
    try:
        made = small_picture(cast(Any, kind), sys.stdin.buffer.read(), side, pixels)
    except Exception:  # whatever a hostile file makes of them
        return 2
    sys.stdout.buffer.write(made)
    sys.stdout.buffer.flush()
    return 0


def _limit(mebibytes: int, seconds: int) -> None:
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    for what, limit in (
        (resource.RLIMIT_AS, mapped + (mebibytes << 20)),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(what, (limit, limit))


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))
