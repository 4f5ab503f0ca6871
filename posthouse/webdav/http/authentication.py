"""Who asks: Basic (RFC 7617), checked as every login is, remembered and throttled by the authenticator."""

from __future__ import annotations

import base64
import binascii

from posthouse.core.authentication.authenticator import Authenticator, Login
from posthouse.core.authentication.errors import LoginDisabled, TooManyFailures, WrongCredentials
from posthouse.webdav.http.errors import HttpError
from posthouse.webdav.http.request import Request

_ASK = ((b"www-authenticate", b'Basic realm="Posthouse", charset="UTF-8"'),)


async def login_of(request: Request, authenticator: Authenticator) -> Login:
    """Who asks; raises HttpError, which asks for a password where one may be sent."""
    if not request.peer.may_send_password:
        raise HttpError(403, "passwords are taken over TLS only: ask by https")
    name, password = _credentials(request.field("authorization"))
    try:
        return await authenticator.check_password(name, password, request.peer.host)
    except WrongCredentials:
        raise HttpError(401, "wrong name or password", _ASK) from None
    except LoginDisabled as disabled:
        raise HttpError(403, f"this account is {disabled}") from None
    except TooManyFailures:
        seconds = authenticator.settings.failure_window_seconds
        raise HttpError(429, "too many logins failed", ((b"retry-after", b"%d" % seconds),)) from None


def _credentials(field: str) -> tuple[str, str]:
    scheme, _, value = field.partition(" ")
    if scheme.lower() != "basic":
        raise HttpError(401, "log in", _ASK)
    try:
        name, colon, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise HttpError(401, "the login cannot be read", _ASK) from None
    if not colon:
        raise HttpError(401, "the login cannot be read", _ASK)
    return name, password
