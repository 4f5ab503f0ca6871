"""SEARCH and UID SEARCH; RFC 9051 6.4.4: keys become tests (`tests`), which see no more of a message than they need."""
