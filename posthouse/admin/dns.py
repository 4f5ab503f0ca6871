"""The DNS records of a domain of ours compared with what the DNS says, in plain words."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Literal

from msgspec import Struct

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


async def compare(resolver: Resolver, records: list[DnsRecord]) -> list[Finding]:
    """A finding for each record, in their order; never raises."""
    return list(await asyncio.gather(*(_compare(resolver, record) for record in records)))


async def _compare(resolver: Resolver, record: DnsRecord) -> Finding:
    try:
        answers = [await resolver.ask(record.name, record.type)]
        if record.type == "A" and not answers[0].records:
            answers.append(await resolver.ask(record.name, "AAAA"))
    except DnsFailure as failure:
        return _finding(record, "unknown", f"the DNS does not answer: {failure.args[2]}", is_fault=True)
    live = [text for answer in answers for text in answer.records]
    kind = "TXT " + _tag(record.value) if record.type == "TXT" else record.type
    found = [text for text in live if record.type != "TXT" or text.lower().startswith(_tag(record.value))]
    if not found:
        what = "there is no such name" if not answers[0].exists else f"there is no {kind} record"
        return _finding(record, "missing", f"{what}; publish: {record.value}", is_fault=not record.optional)
    wrong = _CHECKS[record.type](record, found, answers[0])
    if wrong:
        return _finding(record, "wrong", f"{wrong}; publish: {record.value}", is_fault=True)
    return _finding(record, "right", f"{kind} is there", is_fault=False)


def _finding(
    record: DnsRecord, result: Literal["right", "missing", "wrong", "unknown"], words: str, *, is_fault: bool
) -> Finding:
    return Finding(record.name, record.type, result, words, is_fault)


# type -> what is wrong with the records of that type that were found, "" for nothing


def _address(_record: DnsRecord, _found: list[str], _answer: Answer) -> str:
    return ""  # which addresses the world sees us at is not known here


def _mx(record: DnsRecord, found: list[str], _answer: Answer) -> str:
    ours = record.value.split()[1].lower()
    hosts = sorted(text.split()[1].lower() for text in found)
    return "" if ours in hosts else f"mail goes to {', '.join(hosts)} and not here"


def _txt(record: DnsRecord, found: list[str], _answer: Answer) -> str:
    tag = _tag(record.value)
    if len(found) > 1:
        return f"there are {len(found)} records with {tag}, of which there may be one"
    if tag == "v=dkim1" and _dkim_key(found[0]) != _dkim_key(unquoted(record.value)):
        return "it has another key, so signatures do not fit"
    if tag == "v=spf1" and re.search(r"\+all\b|(?:^|\s)all\b", found[0].lower()):
        return "it lets everybody send for the domain (+all)"
    return ""


def _tlsa(record: DnsRecord, found: list[str], answer: Answer) -> str:
    if record.value.lower() not in [text.lower() for text in found]:
        return "it does not fit the certificate of this server, so that others send nothing"
    return ""


def _srv(record: DnsRecord, found: list[str], _answer: Answer) -> str:
    wanted = record.value.lower().split()[2:]
    said = [text.lower().split()[2:] for text in found]
    return "" if wanted in said else f"it names {', '.join(':'.join(reversed(each)) for each in said)}"


_CHECKS: dict[str, Callable[[DnsRecord, list[str], Answer], str]] = {
    "A": _address,
    "MX": _mx,
    "TXT": _txt,
    "TLSA": _tlsa,
    "SRV": _srv,
}


def unquoted(value: str) -> str:
    """The text of a TXT record's quoted strings."""
    return "".join(re.findall(r'"([^"]*)"', value))


def _tag(value: str) -> str:
    """How a TXT record of its kind begins: "v=spf1"."""
    return re.split(r"[;\s]", unquoted(value))[0].lower()


def _dkim_key(text: str) -> str:
    fields = dict(field.strip().partition("=")[::2] for field in text.split(";"))
    return re.sub(r"\s", "", fields.get("p", ""))
