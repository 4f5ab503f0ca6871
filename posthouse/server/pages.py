"""Memory that is not needed any more is given back: pages of program files, and what malloc keeps for later."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

MADV_DONTNEED = 4
_LIBC = ctypes.CDLL(None)


def give_back_pages() -> None:
    """Map no page of a program file until it is touched again, and return free memory to the system.

    Whoever is done with starting has touched megabytes of libraries that it may never need again: all of lxml and
    cryptography to import them, all of OpenSSL's tables to make a context. What is touched again comes from the page
    cache. Some milliseconds.
    """
    _LIBC.malloc_trim(0)
    with suppress(OSError), Path("/proc/self/smaps").open() as smaps:  # no /proc: then they stay
        for first, last in clean_mappings(smaps):
            _LIBC.madvise(ctypes.c_void_p(first), ctypes.c_size_t(last - first), MADV_DONTNEED)


def clean_mappings(smaps: Iterable[str]) -> Iterator[tuple[int, int]]:
    """(first, behind the last) address of each mapping that holds nothing but what is in its file; proc_pid_smaps(5).

    What can be written, or what the linker has relocated, is not in the file.
    """
    found: tuple[int, int] | None = None
    for line in smaps:
        fields = line.split()
        if not fields[0].endswith(":"):
            first, _, last = fields[0].partition("-")
            is_file = len(fields) > 5 and fields[5].startswith("/")
            found = (int(first, 16), int(last, 16)) if is_file and "w" not in fields[1] else None
        elif fields[:2] == ["Anonymous:", "0"] and found is not None:
            yield found
