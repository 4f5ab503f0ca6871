"""The indexer: the one process that keeps the search index. It is as polite to the others as a process can be."""
