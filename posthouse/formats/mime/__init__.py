"""Internet messages: the MIME scanner, header text, dates, previews; RFC 5322, RFC 2045, RFC 2046, RFC 2047."""
