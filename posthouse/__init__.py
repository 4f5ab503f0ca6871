"""Posthouse: a self-hosted mail and groupware server in one program."""

__version__ = "0.1.0.dev0"
