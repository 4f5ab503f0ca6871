"""Every command as a frozen object; RFC 9051 6 and 9, and the extensions named at each.

Mailbox names are Unicode (NFC) with "/" between levels; the inbox and what is under it begin with "INBOX".
"""
