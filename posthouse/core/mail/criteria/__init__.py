"""What messages are looked for by: a tree of keys, and tests whether a message fits; RFC 9051 6.4.4 has the words."""
