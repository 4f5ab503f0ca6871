"""Replies to frozen objects, commands to octets; pure."""
