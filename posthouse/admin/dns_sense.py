"""What is wrong with records that are there, in plain words; "" for nothing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from posthouse.core.dns import Answer
from posthouse.core.routing.dane import parse_tlsa
from posthouse.formats.dkim.keys import public_part
from posthouse.formats.mta_sts import policy_id
from posthouse.formats.tlsrpt.record import report_places

_POLICIES = ("none", "quarantine", "reject")
_DIGESTS = {1: hashlib.sha256, 2: hashlib.sha512}  # RFC 6698 2.1.3


def mx_fault(ours: str, found: Sequence[str]) -> str:
    """`ours` is our host."""
    hosts = sorted(text.split()[1].lower() for text in found)
    return "" if ours.lower() in hosts else f"mail goes to {', '.join(hosts)} and not here"


def cname_fault(value: str, found: Sequence[str]) -> str:
    """A name that leads elsewhere."""
    wrong = [name for name in found if name.rstrip(".").lower() != value.rstrip(".").lower()]
    return f"it leads to {wrong[0]} and not here" if wrong else ""


def srv_fault(value: str, found: Sequence[str]) -> str:
    """`value` as it is to be."""
    wanted = value.lower().split()[2:]
    said = [text.lower().split()[2:] for text in found]
    return "" if wanted in said else f"it names {', '.join(':'.join(reversed(each)) for each in said)}"


def txt_fault(tag: str, wanted: str, found: str) -> str:
    """Of the one record that begins with `tag`; SPF is looked at by itself."""
    if tag == "v=dkim1" and public_part(found) != public_part(wanted):
        return "it has another key, so signatures do not fit"
    if tag == "v=dmarc1":
        return dmarc_fault(found)
    if tag == "v=tlsrptv1" and not report_places([found]):
        return "it names no place that reports can go to (rua=mailto:...)"
    if tag == "v=stsv1" and policy_id([found]) is None:
        return "it has no id of letters and digits"
    return ""


def dmarc_fault(text: str) -> str:
    """RFC 7489 6.3: what others do not understand they pass over."""
    pairs = [field.strip().partition("=")[::2] for field in text.split(";") if field.strip()]
    tags = {name.strip().lower(): value.strip() for name, value in pairs}
    policy = tags.get("p", "").lower()
    if policy not in _POLICIES:
        return f"its policy p={policy or '...'} is none of {', '.join(_POLICIES)}, so that it counts for nothing"
    if tags.get("sp", "none").lower() not in _POLICIES:
        return f"its policy for subdomains sp={tags['sp']} is none of {', '.join(_POLICIES)}"
    percent = tags.get("pct", "100")
    if not (percent.isdecimal() and int(percent) <= 100):
        return f"pct={percent} is no percentage"
    for name in ("rua", "ruf"):
        for place in tags.get(name, "mailto:x@x.example").split(","):
            if not re.fullmatch(r"mailto:[^@\s]+@[^@\s!]+(![0-9]+[kmgt]?)?", place.strip(), re.IGNORECASE):
                return f"{name} names {place.strip() or 'nothing'}, which is no address (mailto:...)"
    return ""


def dmarc_words(text: str) -> str:
    """What a good record means, where that may not be meant."""
    return "; p=none: others only watch, nothing is held back" if re.search(r"(?i)\bp\s*=\s*none\b", text) else ""


def tlsa_fault(certificates: bytes, wanted: str, found: Sequence[str]) -> str:
    """Of the records that can be used (RFC 7672 3.1), one fits this server's chain (PEM), or is `wanted`."""
    if wanted.lower() in [text.lower() for text in found]:
        return ""
    records = [record for record in map(parse_tlsa, found) if record is not None]
    if not records:
        return (
            "none can be used: it takes 3 1 1 or another of usage 2 or 3, so that others ask for TLS and check nothing"
        )
    chain = x509.load_pem_x509_certificates(certificates) if certificates else []
    for record in records:
        for certificate in chain[:1] if record.usage == 3 else chain[1:]:
            whole = certificate.public_bytes(Encoding.DER)
            key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
            octets = key if record.selector else whole
            digest = _DIGESTS.get(record.matching)
            if (octets if digest is None else digest(octets).digest()) == record.data:
                return ""
    return "it does not fit the certificate of this server, so that others send nothing"


def tlsa_words(answer: Answer) -> str:
    """Whether a good record counts."""
    return "" if answer.secure else "; it counts where DNSSEC signs the zone, which this resolver does not say it does"
