"""Settings of mapped directories."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class DirectorySettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Directories of this machine that are mapped into people's files."""

    most: Annotated[int, Meta(ge=0, le=10_000, description="How many directories may be mapped.")] = 100
    dot_files: Annotated[
        bool,
        Meta(
            description="Whether files are shown, and may be written, whose names begin with a dot. Without it they are"
            " as if they were not there, but go along with a folder that is moved or deleted."
        ),
    ] = False
    members: Annotated[
        int,
        Meta(
            ge=100,
            le=10_000_000,
            description="How many names a folder may have to be listed; they are sorted in memory.",
        ),
    ] = 100_000
    copied: Annotated[
        int, Meta(ge=1, le=100_000_000, description="How many files and folders one copy of a folder may have.")
    ] = 100_000
    locks: Annotated[int, Meta(ge=1, le=100_000, description="How many locks there may be in one directory.")] = 1_000
    property_octets: Annotated[
        int,
        Meta(
            ge=0,
            le=65_536,
            description="How many octets all properties of one file may have. They are kept beside the file by its"
            " file system, which may have room for fewer.",
        ),
    ] = 65_536
    threads: Annotated[
        int,
        Meta(ge=1, le=64, description="How many threads of each worker wait for the directories' file systems."),
    ] = 4
