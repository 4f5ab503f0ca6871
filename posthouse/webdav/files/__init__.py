"""People's files as a tree of resources."""
