"""Answers, and the fields that every one of them bears; RFC 9110 15, Content-Security-Policy and its kin."""

from __future__ import annotations

from collections.abc import AsyncIterator
from http import HTTPStatus

import msgspec

from posthouse.webdav.http.errors import HttpError

Fields = tuple[tuple[bytes, bytes], ...]

GUARDS: Fields = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)


class Answer(msgspec.Struct, frozen=True):
    """What a handler answers. A body that is an iterator is sent as it comes; `length` is its octets where known."""

    status: int
    fields: Fields = ()
    body: bytes | AsyncIterator[bytes] = b""
    length: int | None = None


def text(status: int, words: str, fields: Fields = ()) -> Answer:
    """A line for people."""
    kind = (b"content-type", b"text/plain; charset=utf-8")
    return Answer(status, (kind, *fields), f"{words}\n".encode())


def json(value: object, status: int = 200, fields: Fields = ()) -> Answer:
    """A JSON document."""
    body = msgspec.json.encode(value) + b"\n"
    return Answer(status, ((b"content-type", b"application/json"), (b"cache-control", b"no-store"), *fields), body)


def refusal(error: HttpError) -> Answer:
    """What an HttpError says."""
    return text(error.status, error.text or HTTPStatus(error.status).phrase.lower(), error.fields)


def unavailable() -> Answer:
    """What is said while the store does not answer."""
    return text(503, "try later", ((b"retry-after", b"10"),))
