"""Settings of the way to other servers."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

NEVER_A_MAIL_HOST = (
    "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4",
    "::/128", "::1/128", "::ffff:0:0/96", "fe80::/10", "ff00::/8",
)  # fmt: skip


class RoutingSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The way to other servers."""

    port: Annotated[
        int, Meta(ge=1, le=65_535, description="The port that mail hosts are reached at; other than 25 only in tests.")
    ] = 25
    families: Annotated[
        tuple[Literal["ipv6", "ipv4"], ...],
        Meta(min_length=1, description="Which addresses of a host are tried, the preferred kind first."),
    ] = ("ipv6", "ipv4")
    mx_hosts: Annotated[int, Meta(ge=1, le=100, description="How many of a domain's mail hosts are tried.")] = 10
    host_addresses: Annotated[int, Meta(ge=1, le=100, description="How many addresses of one host are tried.")] = 6
    ignored_networks: Annotated[
        tuple[str, ...],
        Meta(
            description="Networks where no other's mail host can be: a domain that names an address there is not "
            "followed. Smart hosts may be anywhere.",
            extra={"networks": True},
        ),
    ] = NEVER_A_MAIL_HOST
    dns_servers: Annotated[
        tuple[str, ...],
        Meta(description="The resolvers to ask; empty for those of /etc/resolv.conf.", extra={"endpoints": True}),
    ] = ()
    trust_dnssec: Annotated[
        Literal["auto", "always", "never"],
        Meta(
            description="Whether to believe a resolver that says it has validated an answer (DNSSEC), without which "
            "there is no DANE. `auto` believes resolvers on this machine (loopback) and no others, for what they say "
            "can be forged on its way; `always` is for a resolver behind a network that is trusted."
        ),
    ] = "auto"
    dns_timeout_seconds: Annotated[
        float, Meta(gt=0, le=60, description="How long one resolver may take to answer before the next is asked.")
    ] = 3.0
    dns_patience_seconds: Annotated[
        float, Meta(gt=0, le=300, description="How long a question is asked before it counts as unanswered.")
    ] = 12.0
    dns_cache_entries: Annotated[
        int, Meta(ge=0, le=10_000_000, description="How many answers one worker remembers, for as long as they say.")
    ] = 10_000
    dns_cache_seconds: Annotated[
        int, Meta(ge=0, le=604_800, description="The longest that an answer is remembered, whatever it says.")
    ] = 3_600
    dane: Annotated[bool, Meta(description="Whether TLSA records decide which certificates are taken (DANE).")] = True
    mta_sts: Annotated[bool, Meta(description="Whether MTA-STS policies of other domains are fetched and kept to.")] = (
        True
    )
    authorities: Annotated[
        str,
        Meta(
            description="A PEM file of the certificate authorities that are trusted: for smart hosts, MTA-STS and "
            "HTTPS; empty for the system's own. A relative one begins at `server.directory`."
        ),
    ] = ""
    policy_timeout_seconds: Annotated[
        int, Meta(ge=1, le=600, description="How long it may take to fetch an MTA-STS policy.")
    ] = 30
    policy_octets: Annotated[
        int, Meta(ge=256, le=1_048_576, description="The longest MTA-STS policy that is read (RFC 8461 3.3: 64 KB).")
    ] = 65_536
    policy_retry_seconds: Annotated[
        int,
        Meta(ge=1, le=86_400, description="How long after a failure an MTA-STS policy is not fetched again."),
    ] = 300
    tls_reports: Annotated[
        bool,
        Meta(
            description="Whether it is counted by day how TLS to each domain went, and reported to those domains that "
            "ask for it (RFC 8460)."
        ),
    ] = True
    tls_report_organization: Annotated[
        str, Meta(max_length=200, description="Who we are, in reports of TLS; empty for the server's domain.")
    ] = ""
    tls_report_contact: Annotated[
        str, Meta(max_length=200, description="Whom to ask about them; empty for the address that they come from.")
    ] = ""
    tls_report_sender: Annotated[
        str,
        Meta(
            max_length=200,
            description="The address that reports of TLS come from, in a domain of this server, whose DKIM keys sign "
            "them; empty for postmaster of the domain that the server's name is in, or else of the first domain.",
        ),
    ] = ""
    tls_report_days: Annotated[int, Meta(ge=1, le=366, description="For how many days these counts are kept.")] = 7
    tls_report_failures: Annotated[
        int, Meta(ge=1, le=10_000, description="How many different failures a day of one domain are told apart.")
    ] = 100
