"""Setting up a new server: its files, its first administrator, and the DNS records that its domain needs."""
