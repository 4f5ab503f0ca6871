"""Pure formats: bytes in, frozen objects out; no I/O and no knowledge of the server."""
