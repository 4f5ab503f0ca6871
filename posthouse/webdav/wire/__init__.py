"""DAV's bytes: XML bodies and header fields to frozen objects and back; pure."""
