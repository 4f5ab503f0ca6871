"""IMAP's commands, a file for each or for a small family; `table.py` says which is allowed when."""
