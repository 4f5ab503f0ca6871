"""One file a group of commands; `table.py` says which is allowed when."""
