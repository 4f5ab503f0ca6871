"""Blobs: immutable bytes named by their SHA-256, stored once, shared by all who hold them."""
