"""Settings of full-text search."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Language = Literal[
    "none", "arabic", "danish", "dutch", "english", "finnish", "french", "german", "greek", "hungarian", "italian",
    "norwegian", "portuguese", "romanian", "russian", "spanish", "swedish", "tamil", "turkish",
]  # fmt: skip


class SearchSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The index of mail. Without it searches give the same answers, in the time that reading the mail takes."""

    enabled: Annotated[bool, Meta(description="Whether an index is kept and used.")] = True
    memory_mebibytes: Annotated[
        int, Meta(ge=16, le=4096, description="What the index may gather in memory before it is written.")
    ] = 32
    commit_seconds: Annotated[
        int, Meta(ge=1, le=3600, description="How long new messages are gathered before they are written to the index.")
    ] = 5
    patience_seconds: Annotated[
        int,
        Meta(
            ge=1,
            le=3600,
            description="While messages keep arriving the index waits for a pause, and for no more than this.",
        ),
    ] = 30
    text_octets: Annotated[
        int,
        Meta(ge=4096, le=64 << 20, description="A message with more text than this is read itself by searches."),
    ] = 1 << 20
    language: Annotated[Language, Meta(description="Whose word endings fuzzy searches pass over.")] = "english"
    attachments: Annotated[
        bool, Meta(description="Whether fuzzy searches also look into attached PDF and office files.")
    ] = True
    attachment_octets: Annotated[
        int, Meta(ge=0, le=1 << 30, description="The largest attached file that is looked into.")
    ] = 20 << 20
    attachment_characters: Annotated[
        int, Meta(ge=0, le=16 << 20, description="How much text is taken from one attached file.")
    ] = 200_000
    attachment_seconds: Annotated[
        int, Meta(ge=1, le=600, description="How long one attached file may take before it is left alone.")
    ] = 10
    attachment_mebibytes: Annotated[
        int, Meta(ge=64, le=16_384, description="How much memory the process that reads one attached file may take.")
    ] = 512
