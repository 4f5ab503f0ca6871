"""What people are told, a file for each language. English texts stand where they are said; RFC 5255 3, RFC 6856 3."""
