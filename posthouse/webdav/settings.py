"""Settings of WebDAV."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class WebDavSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Files by WebDAV."""

    request_octets: Annotated[
        int, Meta(ge=1_000, le=100_000_000, description="How many octets the XML of a request may have.")
    ] = 1_000_000
    upload_octets: Annotated[int, Meta(ge=1, le=1 << 50, description="How many octets one uploaded file may have.")] = (
        64 << 30
    )
    shared_folder: Annotated[
        str,
        Meta(
            pattern=r"^[^/]{0,100}$",
            description="What the folder among one's own files is called where others share theirs; empty "
            "for none. It is there while somebody shares something, unless one has a file of that name oneself.",
        ),
    ] = "Shared"
    directories_folder: Annotated[
        str,
        Meta(
            pattern=r"^[^/]{0,100}$",
            description="What the folder among one's own files is called where the mapped directories of this machine "
            "are; empty for none. It is there for those who may see one of them, as the folder of what others share.",
        ),
    ] = "Directories"
    lock_seconds: Annotated[
        int, Meta(ge=60, le=31_536_000, description="How long a lock may last before it must be renewed.")
    ] = 86_400
    lock_owner_octets: Annotated[
        int,
        Meta(
            ge=100,
            le=100_000,
            description="How many octets of XML a program may say about who holds a lock, which others see.",
        ),
    ] = 4_096
    carried: Annotated[
        int,
        Meta(
            ge=1,
            le=10_000_000,
            description="How many files and folders one COPY or MOVE may carry between one's own files and a directory"
            " of this machine, which is one by one.",
        ),
    ] = 10_000
    listed: Annotated[
        int,
        Meta(
            ge=0,
            le=100_000,
            description="How many resources there may be below a folder that a PROPFIND of Depth: infinity lists; of "
            "one with more it is refused, and programs ask folder by folder.",
        ),
    ] = 1_000
    found: Annotated[
        int,
        Meta(ge=1, le=100_000, description="How many resources, or people, a search finds at most."),
    ] = 1_000
    looked_at: Annotated[
        int,
        Meta(ge=1, le=10_000_000, description="How many resources a search may look at before it gives up."),
    ] = 100_000
    searched_octets: Annotated[
        int,
        Meta(ge=0, le=1 << 50, description="How many octets of documents a search may read that asks what is in them."),
    ] = 100_000_000
