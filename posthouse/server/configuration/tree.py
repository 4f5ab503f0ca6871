"""The tree: what each part declared in its own `settings.py`, composed by the name of its table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct, field

from posthouse.core.accounts.settings import SendingSettings
from posthouse.core.authentication.settings import AuthenticationSettings
from posthouse.core.directories.settings import DirectorySettings
from posthouse.core.dkim.settings import DkimSettings
from posthouse.core.files.settings import FileSettings
from posthouse.core.files.thumbnails import ThumbnailSettings
from posthouse.core.mail.search_folders.settings import SearchFolderSettings
from posthouse.core.mail.settings import MailSettings
from posthouse.core.queue.settings import QueueSettings
from posthouse.core.routing.settings import RoutingSettings
from posthouse.core.search.settings import SearchSettings
from posthouse.core.sharing.settings import SharingSettings
from posthouse.core.trace.settings import TraceSettings
from posthouse.formats.mime.settings import MimeLimits
from posthouse.protocols.imap.settings import ImapSettings
from posthouse.protocols.pop3.settings import Pop3Settings
from posthouse.protocols.smtp.relay.settings import RelaySettings
from posthouse.protocols.smtp.settings import SmtpSettings
from posthouse.protocols.web.settings import WebSettings
from posthouse.server.settings import JobSettings, Listeners, LogSettings, ServerSettings, TlsSettings
from posthouse.storage.blobs.settings import BlobSettings
from posthouse.storage.settings import StoreSettings
from posthouse.webdav.http.settings import HttpSettings
from posthouse.webdav.settings import WebDavSettings


class Configuration(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All settings, by table."""

    server: Annotated[ServerSettings, Meta(description="The program as a whole.")] = field(
        default_factory=ServerSettings
    )
    listeners: Annotated[Listeners, Meta(description="The ports.")] = field(default_factory=Listeners)
    tls: Annotated[TlsSettings, Meta(description="The certificate.")] = field(default_factory=TlsSettings)
    store: Annotated[StoreSettings, Meta(description="The store process and its database.")] = field(
        default_factory=StoreSettings
    )
    blobs: Annotated[BlobSettings, Meta(description="Message bodies and other large contents.")] = field(
        default_factory=BlobSettings
    )
    authentication: Annotated[AuthenticationSettings, Meta(description="Passwords and logins.")] = field(
        default_factory=AuthenticationSettings
    )
    mime: Annotated[MimeLimits, Meta(description="How much of a message is taken apart.")] = field(
        default_factory=MimeLimits
    )
    mail: Annotated[MailSettings, Meta(description="Mail in mailboxes.")] = field(default_factory=MailSettings)
    files: Annotated[FileSettings, Meta(description="People's files.")] = field(default_factory=FileSettings)
    directories: Annotated[
        DirectorySettings, Meta(description="Directories of this machine that are mapped into people's files.")
    ] = field(default_factory=DirectorySettings)
    thumbnails: Annotated[ThumbnailSettings, Meta(description="Small pictures of files.")] = field(
        default_factory=ThumbnailSettings
    )
    smtp: Annotated[SmtpSettings, Meta(description="Receiving mail by SMTP and LMTP.")] = field(
        default_factory=SmtpSettings
    )
    sending: Annotated[SendingSettings, Meta(description="What people may send.")] = field(
        default_factory=SendingSettings
    )
    queue: Annotated[QueueSettings, Meta(description="Mail on its way to other servers.")] = field(
        default_factory=QueueSettings
    )
    dkim: Annotated[DkimSettings, Meta(description="Keys that sign mail.")] = field(default_factory=DkimSettings)
    trace: Annotated[TraceSettings, Meta(description="What is kept of each letter's way through the server.")] = field(
        default_factory=TraceSettings
    )
    relay: Annotated[RelaySettings, Meta(description="Speaking to other servers.")] = field(
        default_factory=RelaySettings
    )
    routing: Annotated[RoutingSettings, Meta(description="The way to other servers.")] = field(
        default_factory=RoutingSettings
    )
    sharing: Annotated[SharingSettings, Meta(description="Folders that people share.")] = field(
        default_factory=SharingSettings
    )
    search: Annotated[SearchSettings, Meta(description="The index that full-text searches use.")] = field(
        default_factory=SearchSettings
    )
    search_folders: Annotated[
        SearchFolderSettings, Meta(description="Mailboxes that show what fits, wherever it is.")
    ] = field(default_factory=SearchFolderSettings)
    imap: Annotated[ImapSettings, Meta(description="Reading mail by IMAP.")] = field(default_factory=ImapSettings)
    pop3: Annotated[Pop3Settings, Meta(description="Fetching mail by POP3.")] = field(default_factory=Pop3Settings)
    jobs: Annotated[JobSettings, Meta(description="Work that happens later.")] = field(default_factory=JobSettings)
    log: Annotated[LogSettings, Meta(description="What is logged.")] = field(default_factory=LogSettings)
    http: Annotated[HttpSettings, Meta(description="The HTTP site.")] = field(default_factory=HttpSettings)
    web: Annotated[WebSettings, Meta(description="What the site says of our domains.")] = field(
        default_factory=WebSettings
    )
    webdav: Annotated[WebDavSettings, Meta(description="Files by WebDAV.")] = field(default_factory=WebDavSettings)


class Places(Struct, frozen=True):
    """Where the files and sockets of one installation lie; all absolute."""

    base: Path
    run: Path
    certificate: Path
    certificate_key: Path

    @property
    def store(self) -> Path:
        """The folder of the store."""
        return self.base / "store"

    @property
    def blobs(self) -> Path:
        """The folder of message bodies and other large contents."""
        return self.base / "blobs"

    @property
    def thumbnails(self) -> Path:
        """The folder of small pictures, which can be made again."""
        return self.base / "thumbnails"

    @property
    def search(self) -> Path:
        """The folder of the search index."""
        return self.base / "search"

    @property
    def store_socket(self) -> Path:
        """Where the store process of a running server listens."""
        return self.run / "store.sock"

    @property
    def control_socket(self) -> Path:
        """Where the supervisor of a running server listens."""
        return self.run / "control.sock"


def places(configuration: Configuration) -> Places:
    """Where this installation's files are; `server.directory` was made absolute when it was read."""
    base = Path(configuration.server.directory)
    return Places(
        base=base,
        run=base / configuration.server.run_directory,
        certificate=base / configuration.tls.certificate,
        certificate_key=base / configuration.tls.key,
    )


def authorities_file(configuration: Configuration) -> str:
    """The PEM file of the authorities that other servers' certificates are checked by; "" for the system's."""
    path = configuration.routing.authorities
    return path and str(places(configuration).base / path)
