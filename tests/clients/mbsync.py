"""mbsync with a Maildir of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.clients.conftest import Person
from tests.served import Served

CONFIGURATION = """
IMAPAccount server
Host localhost
Port {port}
User {user}
Pass "{password}"
SSLType STARTTLS
CertificateFile {certificate}

IMAPStore far
Account server

MaildirStore near
Path {directory}/mail/
Inbox {directory}/mail/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns {patterns}
Create Both
Expunge Both
Remove Both
SyncState *
"""


class Maildir:
    """A person's mail, kept in step with the server's: `patterns` says which mailboxes."""

    def __init__(self, directory: Path, server: Served, person: Person, patterns: str = "*") -> None:
        self.mail = directory / "mail"
        self.mail.mkdir()
        self._configuration = directory / "mbsyncrc"
        text = CONFIGURATION.format(
            port=server.port("imap"),
            user=person.address,
            password=person.password,
            certificate=server.certificate,
            directory=directory,
            patterns=patterns,
        )
        self._configuration.write_text(text)

    def sync(self) -> None:
        """Both ways."""
        command = ["mbsync", "--config", str(self._configuration), "--all"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
