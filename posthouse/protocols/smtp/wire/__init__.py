"""SMTP's octets to frozen objects and back; pure."""
