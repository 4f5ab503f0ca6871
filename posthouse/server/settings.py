"""Settings of the program as a whole: processes, listeners, TLS, logs, the HTTP site."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

ALL_ADDRESSES = ("0.0.0.0", "::")
LOOPBACK = ("127.0.0.1", "::1")


class ServerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where everything lies and how many processes run."""

    hostname: Annotated[
        str, Meta(max_length=253, description="The name this server gives itself; empty for the machine's own name.")
    ] = ""
    directory: Annotated[
        str,
        Meta(description="The folder of the store, blobs and keys; a relative one begins at the configuration file."),
    ] = "."
    run_directory: Annotated[
        str,
        Meta(description="The folder of sockets of a running server; a relative one begins at `server.directory`."),
    ] = "run"
    workers: Annotated[
        int, Meta(ge=0, le=256, description="How many worker processes serve connections; 0 for one per core.")
    ] = 0
    user: Annotated[
        str, Meta(description="The user to become once all ports are bound, when started as root; empty to stay.")
    ] = ""
    group: Annotated[
        str, Meta(description="The group to become with `server.user`; empty for that user's own group.")
    ] = ""
    drain_seconds: Annotated[
        int,
        Meta(ge=0, le=86_400, description="How long sessions that were told to end may take before they are cut."),
    ] = 30
    linger_seconds: Annotated[
        int, Meta(ge=0, le=604_800, description="How long open sessions go on undisturbed after a reload.")
    ] = 600
    test: Annotated[
        bool, Meta(description="This is a test server: weak and fast password hashes may be asked for.")
    ] = False


class LogSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is logged, to standard error."""

    format: Annotated[
        Literal["auto", "json", "console"],
        Meta(description="One JSON object a line, lines for people, or whichever fits where they go."),
    ] = "auto"
    level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="The least important message that is logged.")
    ] = "info"


class TlsSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The certificate that all listeners show."""

    certificate: Annotated[
        str,
        Meta(description="The PEM file of the certificate and its chain; a relative one begins at `server.directory`."),
    ] = "keys/certificate.pem"
    key: Annotated[
        str, Meta(description="The PEM file of the certificate's key; a relative one begins at `server.directory`.")
    ] = "keys/key.pem"
    minimum_version: Annotated[Literal["1.2", "1.3"], Meta(description="The oldest version of TLS that is spoken.")] = (
        "1.2"
    )


class JobSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Work that happens later."""

    at_once: Annotated[int, Meta(ge=1, le=1_000, description="How many jobs one worker does at a time.")] = 8
    lease_seconds: Annotated[
        int, Meta(ge=10, le=86_400, description="After how long a job is another's when its worker has died.")
    ] = 60
    look_seconds: Annotated[
        int, Meta(ge=1, le=3_600, description="How often to look for due jobs when nobody told of any.")
    ] = 60
    attempts: Annotated[
        int, Meta(ge=1, le=1_000, description="How often a job may fail before it is given up and kept to be seen.")
    ] = 20
    first_retry_seconds: Annotated[
        int, Meta(ge=1, le=86_400, description="How long after its first failure a job is done again; then twice that.")
    ] = 10
    last_retry_seconds: Annotated[int, Meta(ge=1, le=604_800, description="The longest time between two attempts.")] = (
        3_600
    )


class ListenerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One protocol's port."""

    enabled: Annotated[bool, Meta(description="Whether this port is opened.")] = True
    hosts: Annotated[tuple[str, ...], Meta(min_length=1, description="The addresses of this machine to listen on.")] = (
        ALL_ADDRESSES
    )
    port: Annotated[
        int, Meta(ge=0, le=65_535, description="The port; 0 for any free one, which `posthouse status` shows.")
    ]
    tls: Annotated[
        Literal["none", "starttls", "implicit"],
        Meta(description="No TLS, TLS when the client asks for it, or TLS from the first byte."),
    ] = "starttls"
    backlog: Annotated[
        int, Meta(ge=1, le=65_535, description="How many connections may wait to be accepted, per worker.")
    ] = 4_096
    keepalive_seconds: Annotated[
        int,
        Meta(
            ge=0, le=32_767, description="After how long a silence the kernel asks whether the peer is there; 0: never."
        ),
    ] = 120
    max_connections: Annotated[
        int, Meta(ge=1, le=1_000_000, description="How many connections one worker holds open on this port.")
    ] = 20_000
    proxies: Annotated[
        tuple[str, ...],
        Meta(
            description="Networks of load balancers: connections from there begin with the PROXY protocol's header.",
            extra={"networks": True},
        ),
    ] = ()
    max_connections_per_address: Annotated[
        int, Meta(ge=1, le=1_000_000, description="How many of them may come from one address (IPv6: one /64).")
    ] = 1_000


class Port(Struct, frozen=True):
    """What a listener of this name is without any setting."""

    privileged: int
    unprivileged: int
    tls: Literal["none", "starttls", "implicit"] = "starttls"
    hosts: tuple[str, ...] = ALL_ADDRESSES


PORTS = {
    "smtp": Port(25, 2525),
    "submission": Port(587, 2587),
    "submissions": Port(465, 2465, "implicit"),
    "lmtp": Port(24, 2424, "starttls", LOOPBACK),
    "imap": Port(143, 2143),
    "imaps": Port(993, 2993, "implicit"),
    "pop3": Port(110, 2110),
    "pop3s": Port(995, 2995, "implicit"),
    "http": Port(80, 8080, "none"),
    "https": Port(443, 8443, "implicit"),
}


def _listener(name: str) -> ListenerSettings:
    port = PORTS[name]
    return ListenerSettings(port=port.privileged, tls=port.tls, hosts=port.hosts)


class Listeners(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All ports by name."""

    smtp: Annotated[ListenerSettings, Meta(description="Mail from other servers.")] = _listener("smtp")
    submission: Annotated[ListenerSettings, Meta(description="Mail from the users' programs.")] = _listener(
        "submission"
    )
    submissions: Annotated[ListenerSettings, Meta(description="The same, with TLS from the first byte.")] = _listener(
        "submissions"
    )
    lmtp: Annotated[ListenerSettings, Meta(description="Mail from another server of this house.")] = _listener("lmtp")
    imap: Annotated[ListenerSettings, Meta(description="Reading mail.")] = _listener("imap")
    imaps: Annotated[ListenerSettings, Meta(description="The same, with TLS from the first byte.")] = _listener("imaps")
    pop3: Annotated[ListenerSettings, Meta(description="Fetching mail.")] = _listener("pop3")
    pop3s: Annotated[ListenerSettings, Meta(description="The same, with TLS from the first byte.")] = _listener("pop3s")
    http: Annotated[ListenerSettings, Meta(description="The status page, `/health` and `/metrics`.")] = _listener(
        "http"
    )
    https: Annotated[ListenerSettings, Meta(description="The same, with TLS from the first byte.")] = _listener("https")
