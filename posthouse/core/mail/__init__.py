"""Mail: mailboxes, messages in them, and what is built for reading them fast."""
