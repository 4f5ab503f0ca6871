"""The trace: what the server did with each letter, step by step, for who asks where it is."""
