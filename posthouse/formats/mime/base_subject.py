"""The base subject: what of a subject stays when replies, forwards and list tags are taken off; RFC 5256 2.1, 5."""

from __future__ import annotations

import re

import msgspec

_BLANKS = re.compile(r"[ \t\r\n]+")
# subj-blob, several; not "++", which Python before 3.11.5 lets match half a blob
_BLOBS = re.compile(r"(?>(?:\[[^\[\]]*+\][ ]?+)+)")
_LEADER = re.compile(r"(?>(?:\[[^\[\]]*+\][ ]?+)*)(?:re|fwd?)[ ]?+(?:\[[^\[\]]*+\][ ]?+)?:[ ]?+", re.IGNORECASE)

_LONGEST = 4096  # characters that are looked at: what stands behind them tells no two threads apart


class BaseSubject(msgspec.Struct, frozen=True):
    """The base subject, and whether something said that the message is a reply or a forward."""

    text: str
    is_reply: bool


def base_subject(subject: str) -> BaseSubject:
    """Of a decoded subject; RFC 5256 2.1, whose steps are numbered here. Takes time in proportion to its length."""
    text = _BLANKS.sub(" ", subject[:_LONGEST]).strip(" ")  # (1)
    is_reply = False
    while True:
        while text[-5:].lower() == "(fwd)":  # (2)
            text = text[:-5].rstrip(" ")
            is_reply = True
        at = 0
        while (match := _LEADER.match(text, at)) is not None:  # (3)
            at, is_reply = match.end(), True
        blobs = _BLOBS.match(text, at)
        if blobs is not None:  # (4): list tags go, but something has to stay
            at = blobs.end() if blobs.end() < len(text) else text.rindex("[", at)
        text = text[at:]
        if text[:5].lower() != "[fwd:" or text[-1] != "]":
            return BaseSubject(text, is_reply)
        text, is_reply = text[5:-1].strip(" "), True  # (6)
