"""Dovecot and Postfix from Debian, each in a directory of its own on loopback ports, started and ended by us."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.postfix import PostfixServer, free_port, wait_for_port

PASSWORD = "bench-secret"
DOMAIN = "example.org"

DOVECOT = """
base_dir = {dir}/run
log_path = {dir}/dovecot.log
ssl = no
protocols = imap lmtp
listen = 127.0.0.1
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_cache_size = 10M
mail_location = sdbox:~/mail
mail_fsync = optimized
mailbox_list_index = yes
mail_max_userip_connections = 5000
default_process_limit = 300
default_client_limit = 4000
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {dir}/users
}}
userdb {{
  driver = static
  args = uid=mail gid=mail home={dir}/home/%u
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service imap {{
  process_limit = 1200
}}
service lmtp {{
  process_min_avail = 4
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
protocol lmtp {{
  auth_username_format =
}}
"""

POSTFIX = """
myhostname = bench.example.org
virtual_mailbox_domains = example.org
virtual_mailbox_maps = static:ok
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
lmtp_destination_concurrency_limit = 40
lmtp_destination_recipient_limit = 1
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_peername_lookup = no
"""


class Dovecot:
    """A Dovecot with sdbox mailboxes, IMAP and LMTP, plain passwords."""

    name = "Dovecot"

    def __init__(self, directory: Path, users: list[str]) -> None:
        self.directory = directory
        self.users = users
        self.imap = free_port()
        self.lmtp = free_port()

    def start(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o755)
        for parent in self.directory.parents:
            if parent.owner() == "root" and str(parent).startswith("/tmp/"):
                parent.chmod(0o755)
        (self.directory / "home").mkdir(exist_ok=True)
        shutil.chown(self.directory / "home", "mail", "mail")
        lines = "".join(f"{user}@{DOMAIN}:{{PLAIN}}{PASSWORD}\n" for user in self.users)
        (self.directory / "users").write_text(lines)
        configuration = self.directory / "dovecot.conf"
        configuration.write_text(DOVECOT.format(dir=self.directory, imap=self.imap, lmtp=self.lmtp))
        self._process = subprocess.Popen(["dovecot", "-F", "-c", str(configuration)])
        wait_for_port(self.imap)
        wait_for_port(self.lmtp)

    @property
    def pid(self) -> int:
        return self._process.pid

    def messages(self) -> int:
        """How many messages stand in all inboxes."""
        inboxes = (self.directory / "home").glob("*/mail/mailboxes/INBOX/dbox-Mails")
        return sum(1 for inbox in inboxes for entry in os.scandir(inbox) if entry.name.startswith("u."))

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)


class Postfix:
    """A Postfix that hands all it receives to an LMTP port, or does what more `settings` of main.cf say."""

    name = "Postfix"

    def __init__(self, directory: Path, lmtp: int, settings: str = "") -> None:
        self._server = PostfixServer(directory, POSTFIX.format(lmtp=lmtp) + settings)
        self.smtp = self._server.port

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop()
