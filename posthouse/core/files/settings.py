"""Settings of people's files."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class FileLimits(Struct, array_like=True, frozen=True):
    """What operations must know of the settings."""

    depth: int
    nodes: int
    revisions: int
    keeps_trash: bool
    properties: int
    property_octets: int
    locks: int
    links: int
    lists: int
    notice_ms: int
    watches: int


class FileSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much is kept of files, and of what was before."""

    revisions: Annotated[
        int,
        Meta(
            ge=0,
            le=10_000,
            description="How many earlier contents are kept of a document; they count in its owner's quota, and make "
            "place when it is full.",
        ),
    ] = 20
    revision_days: Annotated[
        int, Meta(ge=1, le=36_500, description="For how many days earlier contents are kept at most.")
    ] = 180
    trash_days: Annotated[
        int,
        Meta(
            ge=0,
            le=36_500,
            description="For how many days deleted files stay in the trash, where they count in the quota; 0: they are "
            "gone at once.",
        ),
    ] = 30
    depth: Annotated[int, Meta(ge=1, le=1_000, description="How many folders may be within each other.")] = 100
    nodes: Annotated[
        int,
        Meta(ge=1, le=100_000_000, description="How many files and folders an account may have, trash included."),
    ] = 1_000_000
    properties: Annotated[
        int, Meta(ge=0, le=10_000, description="How many properties of their own clients may keep of one file.")
    ] = 100
    property_octets: Annotated[
        int, Meta(ge=0, le=10_000_000, description="How many octets all properties of one file may have.")
    ] = 65_536
    locks: Annotated[int, Meta(ge=1, le=100_000, description="How many locks there may be on an account's files.")] = (
        1_000
    )
    links: Annotated[
        int, Meta(ge=0, le=100_000, description="How many share links there may be to an account's files.")
    ] = 1_000

    lists: Annotated[
        int,
        Meta(
            ge=1,
            le=100_000,
            description="How many files and folders of an account may be shared each in its own way."
            " Whoever visits has all of these looked at.",
        ),
    ] = 1_000

    notice_minutes: Annotated[
        int,
        Meta(
            ge=0,
            le=10_080,
            description="For how many minutes changes in a folder are gathered before those who asked for it are told"
            " of them by one letter; 0: nobody is told.",
        ),
    ] = 15
    watches: Annotated[
        int,
        Meta(
            ge=1,
            le=100_000,
            description="How many such wishes to be told there may be in an account's files."
            " Whoever changes something there has all of these looked at.",
        ),
    ] = 200

    @property
    def limits(self) -> FileLimits:
        """What operations are given."""
        return FileLimits(
            self.depth,
            self.nodes,
            self.revisions,
            self.trash_days > 0,
            self.properties,
            self.property_octets,
            self.locks,
            self.links,
            self.lists,
            self.notice_minutes * 60_000,
            self.watches,
        )
