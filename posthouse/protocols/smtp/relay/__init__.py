"""Carrying mail to other servers: the client's end of SMTP; fulfils core/queue/contracts.py."""
