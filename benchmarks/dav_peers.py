"""Apache's mod_dav from Debian and WsgiDAV, each over a directory of its own on a loopback port."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.peers import DOMAIN, PASSWORD
from tests.postfix import free_port, wait_for_port

USER = f"files@{DOMAIN}"
WSGIDAV = Path(__file__).parents[1] / ".venv-peers/bin/wsgidav"

APACHE = """
ServerRoot {dir}
ServerName bench.example.org
Listen 127.0.0.1:{port}
PidFile {dir}/pid
ErrorLog {dir}/error.log
User mail
Group mail
{modules}
KeepAlive On
MaxKeepAliveRequests 0
StartServers 2
LogFormat "%h %u %t \\"%r\\" %>s %b %D \\"%{{User-Agent}}i\\"" access
CustomLog {dir}/access.log access
DocumentRoot {dir}/files
DavLockDB {dir}/locks/db
<Directory {dir}/files>
  Dav On
  FileETag MTime Size
  AuthType Basic
  AuthName bench
  AuthUserFile {dir}/users
  Require valid-user
</Directory>
"""
MODULES = ("mpm_event", "authn_core", "authn_file", "authz_core", "authz_user", "auth_basic", "dav", "dav_fs")


class Apache:
    """mod_dav: nothing that it writes is synced."""

    name = "Apache"
    base = ""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()

    def start(self) -> None:
        for name in ("files", "locks"):
            (self.directory / name).mkdir(parents=True)
            subprocess.run(["chown", "mail:mail", str(self.directory / name)], check=True)
        hashed = base64.b64encode(hashlib.sha1(PASSWORD.encode(), usedforsecurity=False).digest()).decode()
        (self.directory / "users").write_text(f"{USER}:{{SHA}}{hashed}\n")
        modules = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in MODULES)
        configuration = self.directory / "apache.conf"
        configuration.write_text(APACHE.format(dir=self.directory, port=self.port, modules=modules))
        self._process = subprocess.Popen(["apache2", "-f", str(configuration), "-DFOREGROUND"])
        wait_for_port(self.port)

    def place_synced(self) -> str:
        """A folder of which the file system syncs each file and name as it is written; the file system must be ext4."""
        folder = self.directory / "files/synced"
        folder.mkdir()
        subprocess.run(["chown", "mail:mail", str(folder)], check=True)
        subprocess.run(["chattr", "+S", "+D", str(folder)], check=True)
        return "/synced"

    def place(self, folders: Sequence[str], files: Mapping[str, bytes]) -> None:
        """Have these to begin with."""
        _write(self.directory / "files", folders, files)
        subprocess.run(["chown", "-R", "mail:mail", str(self.directory / "files")], check=True)

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)


class WsgiDav:
    """WsgiDAV on cheroot."""

    name = "WsgiDAV"
    base = ""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.port = free_port()

    def start(self) -> None:
        (self.directory / "files").mkdir(parents=True)
        configuration = {
            "host": "127.0.0.1",
            "port": self.port,
            "server": "cheroot",
            "provider_mapping": {"/": str(self.directory / "files")},
            "simple_dc": {"user_mapping": {"*": {USER: {"password": PASSWORD}}}},
            "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
            "lock_storage": True,
            "property_manager": True,
            "verbose": 1,
        }
        file = self.directory / "wsgidav.json"
        file.write_text(json.dumps(configuration))
        log = (self.directory / "wsgidav.log").open("ab")
        self._process = subprocess.Popen([str(WSGIDAV), "--config", str(file)], stdout=log, stderr=log)
        wait_for_port(self.port)

    def place(self, folders: Sequence[str], files: Mapping[str, bytes]) -> None:
        """Have these to begin with."""
        _write(self.directory / "files", folders, files)

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)


def _write(directory: Path, folders: Sequence[str], files: Mapping[str, bytes]) -> None:
    for folder in folders:
        (directory / folder[1:]).mkdir()
    for path, octets in files.items():
        (directory / path[1:]).write_bytes(octets)
