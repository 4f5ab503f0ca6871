"""The log in front of a database: what each commit changes, durable before anybody can see it.

The pages that a commit changes lie all over the database's file, and each is another errand of the disk. The log has
the same changes in one piece at its end, with one sync for all of them; the file follows when the kernel likes. What
the file lacks when power is cut is done again from the log, on the last state of which the disk had all: the checkpoint
that a segment of the log begins with.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from posthouse.storage.checksum import checksum
from posthouse.storage.durable import sync

DATABASE = "data.mdb"
NAME = "log"
UNSOUND = "unsound"  # beside them while the kernel may have lost what it was to write
FRAME_OCTETS = 8  # before what is framed: its length, and its checksum
_ENCODER = msgspec.msgpack.Encoder()


class Home(msgspec.Struct, array_like=True, frozen=True):
    """Which file it is, and since when it is in this machine's memory: as long as both last, nothing of it is lost."""

    boot: str
    device: int
    inode: int


class Checkpoint(msgspec.Struct, array_like=True, frozen=True):
    """A state of the database, to which the first two pages of its file, `heads`, lead.

    The disk has all of it when the segments before are gone, or `is_whole` says so: then they are needed no more.
    """

    commit: int
    heads: bytes
    home: Home
    is_whole: bool


class Commit(msgspec.Struct, array_like=True, frozen=True):
    """One commit's changes in order, two elements each: a key and its new value, None where it went, or in a list the
    end of a range that went, which the key began.
    """

    number: int
    changes: list[bytes | list[bytes] | None]


class LogDamaged(Exception):
    """Commits that were made durable cannot be read: the database must come from a backup."""


_CHECKPOINT = msgspec.msgpack.Decoder(Checkpoint)
_COMMIT = msgspec.msgpack.Decoder(Commit)


class Segment:
    """A file of the log that is being written: a checkpoint, and the commits behind it."""

    def __init__(self, path: Path, checkpoint: Checkpoint) -> None:
        """Make it, durably; raises OSError."""
        self.path = path
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self.octets = 0
        try:
            self._write(checkpoint)
            sync(path.parent)
        except BaseException:
            self.remove()
            raise

    def append(self, commit: Commit) -> None:
        """Have it durable when this returns; raises OSError when it is not, and then nothing of it is there."""
        self._write(commit)

    def take_back(self, octets: int) -> None:
        """Forget what came when it was that long: the database did not take it. Raises OSError."""
        os.ftruncate(self._descriptor, octets)
        os.fdatasync(self._descriptor)
        self.octets = octets

    def close(self) -> None:
        """Write no more."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def remove(self) -> None:
        """Close it, and have it no longer."""
        self.close()
        self.path.unlink(missing_ok=True)

    def _write(self, what: Checkpoint | Commit) -> None:
        octets = framed(what)
        try:
            written = os.pwrite(self._descriptor, octets, self.octets)
            while written < len(octets):
                written += os.pwrite(self._descriptor, octets[written:], self.octets + written)
            os.fdatasync(self._descriptor)
        except OSError:
            self.take_back(self.octets)
            raise
        self.octets += len(octets)


def framed(what: Checkpoint | Commit) -> bytes:
    """Encoded, behind its length and checksum."""
    body = _ENCODER.encode(what)
    return b"".join([len(body).to_bytes(4, "big"), checksum(body).to_bytes(4, "big"), body])


def segments(directory: Path) -> list[Path]:
    """The files of the log, oldest first."""
    return sorted(directory.glob(f"{NAME}.*"), key=number_of)


def number_of(segment: Path) -> int:
    """A segment's number, of which each has its own."""
    return int(segment.suffix[1:])


def read_log(directory: Path) -> list[tuple[Path, Checkpoint]]:
    """The segments that are needed to bring the database to its last commit, oldest first; raises LogDamaged."""
    found: list[tuple[Path, Checkpoint]] = []
    held = segments(directory)
    for segment in held:
        checkpoint = _read_checkpoint(segment)
        if checkpoint is None:
            if segment is held[-1]:
                break  # it was not made to the end, so that no commit is in it
            raise LogDamaged(f"{segment}: its checkpoint cannot be read")
        if checkpoint.is_whole:
            found.clear()
        found.append((segment, checkpoint))
    return found


def read_commits(segment: Path) -> Iterator[Commit]:
    """The commits in it, but one that was cut off: nobody has heard of that."""
    bodies = _bodies(segment)
    next(bodies, None)
    for body in bodies:
        yield _COMMIT.decode(body)


def home_of(directory: Path) -> Home:
    """Where the database's file is now; raises OSError."""
    status = (directory / DATABASE).stat()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return Home(boot, status.st_dev, status.st_ino)


def is_at_home(directory: Path) -> bool:
    """False when power was cut since, and the database is not yet what its log makes of it; raises OSError."""
    try:
        checkpoints = [_read_checkpoint(segment) for segment in segments(directory)]
    except FileNotFoundError:
        return True  # whoever writes has done with it
    home = home_of(directory)
    return not any(checkpoints) or any(checkpoint and checkpoint.home == home for checkpoint in checkpoints)


def _read_checkpoint(segment: Path) -> Checkpoint | None:
    for body in _bodies(segment):
        return _CHECKPOINT.decode(body)
    return None


def _bodies(segment: Path) -> Iterator[bytes]:
    with segment.open("rb") as file:
        while len(head := file.read(FRAME_OCTETS)) == FRAME_OCTETS:
            length, expected = int.from_bytes(head[:4], "big"), int.from_bytes(head[4:], "big")
            body = file.read(length)
            if len(body) < length or checksum(body) != expected:
                return
            yield body
