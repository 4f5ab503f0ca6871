"""Real mail servers of others, Postfix and Exim: they take mail for example.net, and pass mail for example.org to us.

Each lives in a folder of its own, on a loopback port, offers STARTTLS and wants it of us.
"""

from __future__ import annotations

import os
import pwd
import shutil
import smtplib
import socket
import subprocess
import time
from email.message import EmailMessage
from pathlib import Path

PATIENCE_SECONDS = 30.0

POSTFIX_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

POSTFIX_MAIN = """
compatibility_level = 3.6
queue_directory = {dir}/spool
data_directory = {dir}/data
mail_owner = postfix
maillog_file = {dir}/postfix.log
maillog_file_prefixes = {dir}
myhostname = mx.example.net
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
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
alias_maps =
alias_database =
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
        self.port = _free_port()
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
        for name in ("etc", "spool"):
            (self.directory / name).mkdir()
        (self.directory / "etc/main.cf").write_text(POSTFIX_MAIN.format(**self._values()))
        (self.directory / "etc/master.cf").write_text(POSTFIX_MASTER.format(**self._values()))
        self._run("start")
        _wait_for_port(self.port)

    def stop(self) -> None:
        self._run("stop")

    def _run(self, verb: str) -> None:
        done = subprocess.run(
            ["postfix", "-c", str(self.directory / "etc"), verb], check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr + self.log()


class Exim(Peer):
    """Exim, unpacked by script/exim, for Debian installs one mail server at a time."""

    def __init__(self, program: Path, *arguments: Path | int) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self._program = program

    def start(self) -> None:
        self._lay_out("box", "spool", owner="nobody")
        shutil.chown(self.directory, "nobody")
        configuration = self.directory / "exim.conf"
        configuration.write_text(EXIM.format(program=self._program, **self._values()))
        self._process = subprocess.Popen([str(self._program), "-C", str(configuration), "-bdf", "-q1m"])
        _wait_for_port(self.port)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(PATIENCE_SECONDS)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _wait_for_port(port: int) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < ends:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)  # asks again until it listens
        else:
            return
    raise AssertionError(f"nothing listens on port {port}")
