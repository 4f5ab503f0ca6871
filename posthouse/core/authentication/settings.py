"""Settings of authentication."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class AuthenticationSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Passwords and logins."""

    argon2_memory_kibibytes: Annotated[
        int, Meta(ge=8, le=4_194_304, description="Memory that one password hash takes.")
    ] = 19_456
    argon2_passes: Annotated[int, Meta(ge=1, le=100, description="Passes over that memory.")] = 2
    scram_iterations: Annotated[
        int, Meta(ge=4096, le=10_000_000, description="Iterations of SCRAM-SHA-256 keys (RFC 7677 asks 4096 or more).")
    ] = 15_000
    password_minimum_characters: Annotated[
        int, Meta(ge=1, le=1000, description="The shortest password that may be set.")
    ] = 8
    password_octets: Annotated[int, Meta(ge=64, le=65_536, description="The longest password that is looked at.")] = (
        1024
    )
    remember_login_seconds: Annotated[
        int, Meta(ge=0, le=86_400, description="How long a worker remembers a right password, to spare its hashing.")
    ] = 600
    remembered_logins: Annotated[
        int, Meta(ge=0, le=10_000_000, description="How many right passwords a worker remembers at most.")
    ] = 20_000
    failures_per_account: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Failed logins of one account before it is locked out for a while.")
    ] = 20
    failures_per_address: Annotated[
        int, Meta(ge=1, le=1_000_000, description="Failed logins from one address before it is locked out for a while.")
    ] = 100
    failure_window_seconds: Annotated[
        int, Meta(ge=1, le=604_800, description="Over how long failures count, and how long a lock-out lasts.")
    ] = 600
    app_passwords: Annotated[int, Meta(ge=0, le=1000, description="App passwords that one account may have.")] = 50
