"""Delivery: a letter into the mailboxes of all its recipients, in one transaction."""
