"""Mapped directories of the server machine as trees of resources."""
