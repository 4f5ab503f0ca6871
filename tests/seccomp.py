"""Runs a command with the system calls that a systemd unit allows, and no others: `python -m tests.seccomp UNIT ...`.

systemd itself says which calls its groups hold (`systemd-analyze syscall-filter`); a call that is not allowed kills.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

KILL_PROCESS, ALLOW = 0x8000_0000, 0x7FFF_0000  # seccomp_init(3)
PR_SET_NO_NEW_PRIVS = 38


def allowed(unit: Path) -> set[str]:
    """The calls that the unit's SystemCallFilter= lines allow, the first of which must name some; systemd.exec(5)."""
    names = _named(["@default"])
    for line in unit.read_text().splitlines():
        key, _, value = line.partition("=")
        if key != "SystemCallFilter":
            continue
        if value.startswith("~"):
            names -= _named(value[1:].split())
        else:
            names |= _named(value.split())
    return names


def _named(words: list[str]) -> set[str]:
    """Calls, and those of groups."""
    names: set[str] = set()
    for word in words:
        names |= _group(word) if word.startswith("@") else {word}
    return names


def _group(name: str) -> set[str]:
    command = ["systemd-analyze", "syscall-filter", name]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines = [line.strip() for line in said.splitlines()[1:]]
    return _named([line for line in lines if line and not line.startswith("#")])


def confine(names: set[str]) -> None:
    """Let this process and its children make no other calls; raises OSError."""
    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(KILL_PROCESS)))
    for name in names:
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:  # else this machine has none
            seccomp.seccomp_rule_add(rules, ctypes.c_uint32(ALLOW), ctypes.c_int(number), ctypes.c_uint(0))
    if ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or seccomp.seccomp_load(rules) != 0:
        raise OSError("seccomp does not take the rules")


if __name__ == "__main__":
    confine(allowed(Path(sys.argv[1])))
    os.execvp(sys.argv[2], sys.argv[2:])
