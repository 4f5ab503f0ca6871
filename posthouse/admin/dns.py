"""The DNS records of a domain of ours compared with what the DNS says, in plain words."""

from __future__ import annotations

import asyncio
import re
from typing import Literal

from msgspec import Struct

from posthouse.admin.dns_sense import cname_fault, dmarc_words, mx_fault, srv_fault, tlsa_fault, tlsa_words, txt_fault
from posthouse.admin.spf import spf_fault
from posthouse.core.dns import Answer, DnsFailure, Resolver


class DnsRecord(Struct, frozen=True):
    """One record to publish, as a zone file has it. `optional`: mail goes without it, too."""

    name: str
    type: str
    value: str
    why: str
    optional: bool = False


class Finding(Struct, frozen=True):
    """What the DNS says of one record. missing is no fault where the record is optional."""

    name: str
    type: str
    result: Literal["right", "missing", "wrong", "unknown"]
    words: str
    is_fault: bool


class Ours(Struct, frozen=True):
    """What is known of this server: its certificate chain (PEM), and by domain which addresses send for it.

    A domain without addresses sends by a smart host; one that is not there, from the addresses of the mail host.
    """

    certificates: bytes = b""
    senders: dict[str, list[str]] = {}


# what does as well where there is no record of a type
ALSO = {"A": ("AAAA",), "CNAME": ("A", "AAAA")}


async def compare(resolver: Resolver, records: list[DnsRecord], ours: Ours | None = None) -> list[Finding]:
    """A finding for each record, in their order; never raises."""
    hosts = [record.name for record in records if record.type == "A"]
    return list(await asyncio.gather(*(_compare(resolver, record, ours or Ours(), hosts) for record in records)))


async def _compare(resolver: Resolver, record: DnsRecord, ours: Ours, hosts: list[str]) -> Finding:
    try:
        return await _look(resolver, record, ours, hosts)
    except DnsFailure as failure:
        return _finding(record, "unknown", f"the DNS does not answer: {failure.args[2]}", is_fault=True)


async def _look(resolver: Resolver, record: DnsRecord, ours: Ours, hosts: list[str]) -> Finding:
    answers = [await resolver.ask(record.name, record.type)]
    for kind in ALSO.get(record.type, ()):
        if not any(answer.records for answer in answers):
            answers.append(await resolver.ask(record.name, kind))
    tag = _tag(record.value) if record.type == "TXT" else ""
    kind = f"TXT {tag}" if tag else record.type
    found = [text for answer in answers for text in answer.records if not tag or _begins(text) == tag]
    if not found:
        what = "there is no such name" if not answers[0].exists else f"there is no {kind} record"
        return _finding(record, "missing", f"{what}; publish: {record.value}", is_fault=not record.optional)
    wrong, aside = await _sense(resolver, record, tag, found, answers[0], ours, hosts)
    if wrong:
        return _finding(record, "wrong", f"{wrong}; publish: {record.value}", is_fault=True)
    return _finding(record, "right", f"{kind} is there{aside}", is_fault=False)


async def _sense(
    resolver: Resolver, record: DnsRecord, tag: str, found: list[str], answer: Answer, ours: Ours, hosts: list[str]
) -> tuple[str, str]:
    """(what is wrong, what is to be said of a good one)."""
    if tag and len(found) > 1:
        return f"there are {len(found)} records with {tag}, of which there may be one", ""
    if tag == "v=spf1":
        addresses = ours.senders.get(record.name.rstrip("."))
        if addresses is None:
            addresses = [each for host in hosts for kind in ("A", "AAAA") for each in
                         (await resolver.ask(host, kind)).records]  # fmt: skip
        return await spf_fault(resolver, record.name.rstrip("."), found[0], addresses), ""
    if tag:
        return txt_fault(tag, unquoted(record.value), found[0]), dmarc_words(found[0]) if tag == "v=dmarc1" else ""
    if record.type == "TLSA":
        return tlsa_fault(ours.certificates, record.value, found), tlsa_words(answer)
    if record.type == "MX":
        return mx_fault(record.value.split()[1], found), ""
    if record.type == "CNAME" and answer.records:  # addresses will do, too
        return cname_fault(record.value, found), ""
    if record.type == "SRV":
        return srv_fault(record.value, found), ""
    return "", ""  # which addresses the world sees us at is not known here


def _finding(
    record: DnsRecord, result: Literal["right", "missing", "wrong", "unknown"], words: str, *, is_fault: bool
) -> Finding:
    return Finding(record.name, record.type, result, words, is_fault)


def unquoted(value: str) -> str:
    """The text of a TXT record's quoted strings."""
    return "".join(re.findall(r'"([^"]*)"', value))


def _tag(value: str) -> str:
    """How a TXT record of its kind begins: "v=spf1"."""
    return _begins(unquoted(value))


def _begins(text: str) -> str:
    return re.split(r"[;\s]", text)[0].lower()
