"""Full-text search: an index that one process keeps and all workers read; never needed for a right answer."""
