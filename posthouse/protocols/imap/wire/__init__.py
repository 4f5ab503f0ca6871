"""Bytes to frozen commands and results to bytes: RFC 9051 section 9 and RFC 3501 section 9; pure, no I/O."""
