"""What a session that gave NOTIFY waits for; RFC 5465."""
