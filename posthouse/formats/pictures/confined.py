"""`python -m posthouse.formats.pictures.confined MEBIBYTES SECONDS FILE_MEBIBYTES COMMAND...`: that command, confined.

It has so much memory, processor time and room for each file, as have the processes that it starts, each for itself.
"""

from __future__ import annotations

import os
import resource
import sys
from typing import NoReturn


def main(arguments: list[str]) -> NoReturn:
    """Become that program."""
    mebibytes, seconds, file_mebibytes = (int(argument) for argument in arguments[:3])
    for what, limit in (
        (resource.RLIMIT_AS, mebibytes << 20),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, file_mebibytes << 20),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (limit, limit))
    os.execv(arguments[3], arguments[3:])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
