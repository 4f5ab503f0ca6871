"""THREAD and UID THREAD; RFC 5256: messages that were found, as trees."""
