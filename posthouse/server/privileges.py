"""Least privilege: root's only as long as ports are bound and keys read."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

from posthouse.server.settings import ServerSettings


class UnknownUser(Exception):
    """`server.user` or `server.group` names nobody on this machine."""


def who(settings: ServerSettings) -> tuple[int, int] | None:
    """(user id, group id) to become; None to stay who we are. Raises UnknownUser."""
    if not settings.user or os.geteuid() != 0:
        return None
    try:
        user = pwd.getpwnam(settings.user)
        group = grp.getgrnam(settings.group).gr_gid if settings.group else user.pw_gid
    except KeyError as error:
        raise UnknownUser(str(error.args[0])) from None
    return user.pw_uid, group


def drop(settings: ServerSettings, owned: tuple[Path, ...]) -> None:
    """Become `server.user` for good; the folders `owned` are given to it first."""
    becoming = who(settings)
    if becoming is None:
        return
    user, group = becoming
    for path in owned:
        os.chown(path, user, group)
    os.initgroups(settings.user, group)
    os.setgid(group)
    os.setuid(user)
