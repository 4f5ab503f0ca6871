"""Search folders: criteria over mailboxes, kept as mailboxes of their own with UIDs that last (decision 0009)."""
