"""Directories of the server machine that the administrator maps into people's files; docs/decisions/0011."""
