"""The files of a new server, all under one folder."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
from pathlib import Path

from msgspec import Struct

from posthouse.server.certificate import make_self_signed, write_key_pair
from posthouse.server.configuration.reference import toml
from posthouse.server.settings import PORTS

CONFIGURATION = "posthouse.toml"
FOLDERS = ("store", "blobs", "keys", "run")


class Plan(Struct, frozen=True):
    """What was asked for."""

    directory: Path
    domain: str
    hostname: str
    unprivileged: bool
    hosts: tuple[str, ...] = ()  # addresses to listen on; empty for each listener's default
    user: str = ""

    @property
    def configuration(self) -> Path:
        """The configuration file."""
        return self.directory / CONFIGURATION


class AlreadyThere(Exception):
    """The folder holds a server, or what looks like one."""


def refuse_to_overwrite(directory: Path) -> None:
    """Raise AlreadyThere when anything that we would write exists."""
    for name in (CONFIGURATION, *FOLDERS):
        if (directory / name).exists():
            raise AlreadyThere(f"{directory / name} exists; init overwrites nothing")


def write_files(plan: Plan) -> None:
    """Folders, a self-signed certificate, the configuration."""
    plan.directory.mkdir(mode=0o750, parents=True, exist_ok=True)
    for name in FOLDERS:
        (plan.directory / name).mkdir(mode=0o700)
    names = list(dict.fromkeys((plan.hostname, plan.domain, "localhost", socket.gethostname())))
    names = [name for name in names if name.isascii() and name]
    pair = make_self_signed(names, ["127.0.0.1", "::1"])
    write_key_pair(pair, plan.directory / "keys" / "certificate.pem", plan.directory / "keys" / "key.pem")
    plan.configuration.write_text(configuration_text(plan))
    plan.configuration.chmod(0o640)


def remove_files(plan: Plan) -> None:
    """Take back what `write_files` wrote."""
    plan.configuration.unlink(missing_ok=True)
    for name in FOLDERS:
        shutil.rmtree(plan.directory / name, ignore_errors=True)


def give_to_user(plan: Plan) -> None:
    """Make all of it `plan.user`'s, as whom the server will run; raises KeyError for a user that is not there."""
    if not plan.user or os.geteuid() != 0:
        return
    user = pwd.getpwnam(plan.user)
    for folder, names, files in os.walk(plan.directory):
        os.chown(folder, user.pw_uid, user.pw_gid)
        for name in [*names, *files]:
            os.chown(os.path.join(folder, name), user.pw_uid, user.pw_gid, follow_symlinks=False)


def configuration_text(plan: Plan) -> str:
    """The configuration file of a new server."""
    lines = [
        "# Made by posthouse init. Every setting is explained in docs/configuration.md (posthouse config reference);",
        "# `posthouse config check` finds mistakes, `posthouse reload` puts changes into effect.",
        "",
        "[server]",
        f"hostname = {toml(plan.hostname)}",
    ]
    if plan.user:
        lines.append(f"user = {toml(plan.user)}")
    lines += ["", "[listeners]"]
    for name, port in PORTS.items():
        parts = [f"port = {port.unprivileged if plan.unprivileged else port.privileged}"]
        if plan.hosts:
            parts.append(f"hosts = {toml(plan.hosts)}")
        lines.append(f"{name} = {{ {', '.join(parts)} }}")
    return "\n".join(lines) + "\n"
