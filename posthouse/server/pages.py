"""Pages of program files that only the start needed: they are given back, and come again when they are touched."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path

MADV_DONTNEED = 4


def forget_file_pages() -> None:
    """Map no page of a program file, until it is touched.

    Importing touches nearly all of some libraries (lxml, cryptography, tantivy), of which a supervisor then uses nothing.
    Only where nothing was written: what the linker has relocated is not in the file.
    """
    madvise = ctypes.CDLL(None).madvise
    for first, last in _clean_mappings(Path("/proc/self/smaps").read_text()):
        madvise(ctypes.c_void_p(first), ctypes.c_size_t(last - first), MADV_DONTNEED)


def _clean_mappings(smaps: str) -> Iterator[tuple[int, int]]:
    """(first, behind the last) address of each mapping of a file that cannot be written and never was."""
    found: tuple[int, int] | None = None
    for line in smaps.splitlines():
        fields = line.split()
        if not fields[0].endswith(":"):
            first, _, last = fields[0].partition("-")
            is_file = len(fields) > 5 and fields[5].startswith("/")
            found = (int(first, 16), int(last, 16)) if is_file and "w" not in fields[1] else None
        elif fields[:2] == ["Anonymous:", "0"] and found is not None:
            yield found
