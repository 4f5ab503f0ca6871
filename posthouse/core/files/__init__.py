"""Files: folders and documents of an account, with their revisions, locks, properties and trash."""
