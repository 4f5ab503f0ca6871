"""DKIM: what a message's signature covers, and how it is made; RFC 6376, RFC 8463. Pure."""
