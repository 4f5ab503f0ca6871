"""FETCH and UID FETCH; RFC 9051 6.4.5: planned (`plan`), read in batches (`command`), sections cut (`sections`)."""
