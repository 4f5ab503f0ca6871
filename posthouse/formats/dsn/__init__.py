"""Delivery status notifications: reports to senders about what became of their mail; RFC 3464, RFC 6533. Pure."""
