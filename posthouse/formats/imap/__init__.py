"""IMAP's own syntax for messages: ENVELOPE, BODYSTRUCTURE, sections, strings, modified UTF-7; RFC 3501, RFC 9051."""
