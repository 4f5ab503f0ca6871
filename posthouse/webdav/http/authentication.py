"""Who asks: Basic (RFC 7617) or Bearer (RFC 6750), checked as every login is, remembered and throttled."""

from __future__ import annotations

import base64
import binascii
import time

from posthouse.core.authentication.authenticator import Authenticator, Login
from posthouse.core.authentication.errors import LoginDisabled, TooManyFailures, WrongCredentials
from posthouse.core.authentication.tokens import BearerMessage, login_by_token, read_bearer
from posthouse.webdav.http.answer import Fields
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.request import Request

_BASIC: Fields = ((b"www-authenticate", b'Basic realm="Posthouse", charset="UTF-8"'),)
_BEARER: Fields = ((b"www-authenticate", b'Bearer realm="Posthouse"'),)
_BAD_TOKEN: Fields = ((b"www-authenticate", b'Bearer realm="Posthouse", error="invalid_token"'),)


async def login_of(request: Request, authenticator: Authenticator) -> Login:
    """Who asks; raises HttpError, which asks for a password, or a token, where one may be sent."""
    if not request.peer.may_send_password:
        raise HttpError(403, "passwords are taken over TLS only: ask by https")
    field = request.field("authorization")
    is_token = authenticator.tokens is not None and field[:7].lower() == "bearer "
    try:
        if is_token:
            return await _by_token(field, authenticator, request.peer.host)
        return await _by_password(field, authenticator, request)
    except WrongCredentials:
        if is_token:
            raise HttpError(401, "the token is not good, or not any more", _BAD_TOKEN) from None
        raise HttpError(401, "wrong name or password", _asks(authenticator)) from None
    except LoginDisabled as disabled:
        raise HttpError(403, f"this account is {disabled}") from None
    except TooManyFailures:
        seconds = authenticator.settings.failure_window_seconds
        raise HttpError(429, "too many logins failed", ((b"retry-after", b"%d" % seconds),)) from None


async def _by_password(field: str, authenticator: Authenticator, request: Request) -> Login:
    """On a connection that goes on by the same password only this is looked at: that it still lets him in."""
    kept, mark = request.kept, authenticator.mark(field)
    if kept.login is not None and kept.mark == mark and kept.until > time.monotonic():
        kept.grounds = await authenticator.grounds(kept.login, kept.grounds)
        if kept.grounds is not None:
            return kept.login
        kept.login = None
    name, password = _credentials(field, _asks(authenticator))
    login = await authenticator.check_password(name, password, request.peer.host)
    seconds = authenticator.settings.remember_login_seconds
    kept.login, kept.grounds, kept.mark, kept.until = login, None, mark, time.monotonic() + seconds
    return login


async def _by_token(field: str, authenticator: Authenticator, host: str) -> Login:
    assert authenticator.tokens is not None
    return await login_by_token(authenticator, authenticator.tokens, BearerMessage("", read_bearer(field)), host)


def _asks(authenticator: Authenticator) -> Fields:
    """What may be logged in by; a browser asks for a password, so that stands first."""
    return _BASIC if authenticator.tokens is None else _BASIC + _BEARER


def _credentials(field: str, asks: Fields) -> tuple[str, str]:
    scheme, _, value = field.partition(" ")
    if scheme.lower() != "basic":
        raise HttpError(401, "log in", asks)
    try:
        name, colon, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise HttpError(401, "the login cannot be read", asks) from None
    if not colon:
        raise HttpError(401, "the login cannot be read", asks)
    return name, password
