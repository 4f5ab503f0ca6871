"""TLS of connections that we open: what each policy wants, and whether the peer has it."""
