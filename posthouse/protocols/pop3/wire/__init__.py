"""POP3 octets to commands and back; pure."""
