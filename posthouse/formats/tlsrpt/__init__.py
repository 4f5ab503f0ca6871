"""Reports of how TLS to a domain went (RFC 8460): who wants them, what stands in them, and how they are mailed."""
