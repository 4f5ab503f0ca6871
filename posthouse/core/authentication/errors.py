"""What a login is refused with."""

from __future__ import annotations


class AuthenticationRefused(Exception):
    """Nobody is logged in."""


class WrongCredentials(AuthenticationRefused):
    """The name or the password is wrong; which of them is not told."""


class ActsAsAnother(WrongCredentials):
    """They are right, but not those of whom the peer wants to act as (RFC 4422 2, the authorization identity)."""


class LoginDisabled(AuthenticationRefused):
    """The password is right, but the account or its domain is disabled or locked."""


class TooManyFailures(AuthenticationRefused):
    """This account or this peer has failed too often lately; args: seconds to wait."""


class BadExchange(AuthenticationRefused):
    """The peer does not keep to the mechanism."""
