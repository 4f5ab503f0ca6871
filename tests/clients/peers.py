"""Real mail servers of others, Postfix and Exim: they take mail for example.net, and pass mail for example.org to us.

Each lives in a folder of its own, on a loopback port, offers STARTTLS and wants it of us.
"""

from __future__ import annotations

import os
import pwd
import shutil
import smtplib
import subprocess
import time
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from tests.postfix import PATIENCE_SECONDS, PostfixServer, free_port, wait_for_port

POSTFIX = """
myhostname = mx.example.net
virtual_mailbox_domains = example.net
virtual_mailbox_base = {dir}
virtual_mailbox_maps = static:box/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
virtual_minimum_uid = 1
transport_maps = inline:{{ {{ example.org = smtp:[127.0.0.1]:{ours} }} }}
smtp_tls_security_level = encrypt
smtpd_tls_security_level = encrypt
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtp_dns_support_level = disabled
"""

EXIM = """
exim_user = nobody
exim_group = nogroup
never_users =
exim_path = {program}
keep_environment =
primary_hostname = mx2.example.net
spool_directory = {dir}/spool
log_file_path = {dir}/%slog
pid_file_path = {dir}/exim.pid
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
domainlist local_domains = example.net
hostlist relay_from_hosts = 127.0.0.1
tls_advertise_hosts = *
tls_certificate = {certificate}
tls_privatekey = {key}
acl_smtp_rcpt = accept_rcpt
acl_smtp_data = accept
smtp_accept_max_per_host = 100
queue_only = false

begin acl
accept_rcpt:
  require message = TLS first
          encrypted = *
  accept

begin routers
theirs:
  driver = manualroute
  domains = example.org
  route_list = * 127.0.0.1
  self = send
  transport = outside
ours:
  driver = accept
  domains = +local_domains
  transport = box

begin transports
outside:
  driver = smtp
  port = {ours}
  hosts_require_tls = *
  tls_verify_certificates =
box:
  driver = appendfile
  directory = {dir}/box
  maildir_format
  user = nobody
  group = nogroup

begin retry
* * F,10m,5s
"""


class Peer:
    """One of them; `ours` is our port for mail from others."""

    def __init__(self, directory: Path, ours: int, certificate: Path, key: Path) -> None:
        self.directory = directory
        self.port = free_port()
        self._ours = ours
        self._certificate = certificate
        self._key = key

    def start(self) -> None:
        """Set up and serve."""
        raise NotImplementedError

    def stop(self) -> None:
        """End it."""
        raise NotImplementedError

    def send(self, sender: str, recipient: str, subject: str) -> None:
        """Hand it a letter, by STARTTLS."""
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = sender, recipient, subject
        letter.set_content("Good day.\n")
        with smtplib.SMTP("127.0.0.1", self.port) as client:
            client.starttls()
            client.send_message(letter)

    def letters(self) -> list[bytes]:
        """What it has in its box."""
        return [path.read_bytes() for path in (self.directory / "box").glob("new/*")]

    def wait_for_letters(self, count: int) -> list[bytes]:
        """Those, when there are so many; raises AssertionError with its log."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while len(found := self.letters()) < count:
            assert time.monotonic() < ends, self.log()
            time.sleep(0.05)  # looks again, as a user would
        return found

    def log(self) -> str:
        """What it says for itself."""
        return "".join(path.read_text(errors="replace") for path in self.directory.glob("*log"))

    def _values(self) -> dict[str, object]:
        nobody = pwd.getpwnam("nobody")
        return {
            "dir": self.directory, "port": self.port, "ours": self._ours, "uid": nobody.pw_uid, "gid": nobody.pw_gid,
            "certificate": self.directory / "certificate.pem", "key": self.directory / "key.pem",
        }  # fmt: skip

    def _lay_out(self, *folders: str, owner: str) -> None:
        for folder in (self.directory, *self.directory.parents):
            if folder.owner() == pwd.getpwuid(os.getuid()).pw_name and folder != Path("/"):
                folder.chmod(folder.stat().st_mode | 0o755)
        for name in folders:
            (self.directory / name).mkdir()
            shutil.chown(self.directory / name, owner)
        shutil.copy(self._certificate, self.directory / "certificate.pem")
        shutil.copy(self._key, self.directory / "key.pem")
        shutil.chown(self.directory / "key.pem", owner)


class Postfix(Peer):
    """Postfix, as Debian has it."""

    def start(self) -> None:
        self._lay_out("data", owner="postfix")
        self._lay_out("box", owner="nobody")
        self._server = PostfixServer(self.directory, POSTFIX.format(**self._values()), self.port)
        self._server.start()

    def stop(self) -> None:
        self._server.stop()


class Exim(Peer):
    """Exim, unpacked by script/exim, for Debian installs one mail server at a time."""

    def __init__(self, program: Path, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._program = program

    def start(self) -> None:
        self._lay_out("box", "spool", owner="nobody")
        shutil.chown(self.directory, "nobody")
        configuration = self.directory / "exim.conf"
        configuration.write_text(EXIM.format(program=self._program, **self._values()))
        self._process = subprocess.Popen([str(self._program), "-C", str(configuration), "-bdf", "-q1m"])
        wait_for_port(self.port)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE_SECONDS)
