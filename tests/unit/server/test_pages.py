"""What a process gives back once it has started."""

import subprocess
import sys

from posthouse.server.pages import clean_mappings

SMAPS = """\
7f0000000000-7f0000001000 r-xp 00000000 fe:01 1 /usr/lib/read.so
Rss:                   4 kB
Anonymous:             0 kB
VmFlags: rd ex
7f0000001000-7f0000003000 r--p 00000000 fe:01 1 /usr/lib/relocated.so
Rss:                   8 kB
Anonymous:             4 kB
7f0000003000-7f0000004000 rw-p 00000000 fe:01 1 /usr/lib/written.so
Anonymous:             0 kB
7f0000004000-7f0000005000 r--p 00000000 00:00 0
Anonymous:             0 kB
7f0000005000-7f0000006000 r-xp 00000000 00:00 0 [vdso]
Anonymous:             0 kB
7f0000006000-7f0000008000 r--s 00000000 fe:01 2 /a folder/with (deleted)
Anonymous:             0 kB
"""

# how much of cryptography's library is mapped: before, behind giving back, behind using it again
SCRIPT = """
from pathlib import Path
from cryptography.hazmat.primitives import hashes
from posthouse.server.pages import give_back_pages

def mapped():
    total, ours = 0, False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        fields = line.split()
        if not fields[0].endswith(":"):
            ours = "cryptography" in line
        elif ours and fields[0] == "Rss:":
            total += int(fields[1])
    return total

def digest():
    made = hashes.Hash(hashes.SHA256())
    made.update(b"posthouse")
    return made.finalize().hex()[:8]

before, first = mapped(), digest()
give_back_pages()
print(before, mapped(), first == digest())
"""


def test_only_what_is_in_a_file_is_given_back() -> None:
    assert list(clean_mappings(SMAPS.splitlines())) == [
        (0x7F0000000000, 0x7F0000001000),
        (0x7F0000006000, 0x7F0000008000),
    ]


def test_a_library_that_gave_its_pages_back_works_on() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True)
    before, after, is_same = done.stdout.split()
    assert int(after) < int(before) / 2
    assert is_same == "True"
