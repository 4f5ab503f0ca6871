"""Authentication: who is at the other end, by password, app password or SCRAM."""
