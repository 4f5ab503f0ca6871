"""The way to other servers: MX hosts, smart hosts, which TLS they must speak, and the reports of how that went."""
