"""Domains, accounts, aliases and groups: who is here and where their mail goes."""
