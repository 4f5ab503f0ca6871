"""The default engine: LMDB, read in place by every worker, written by the store process alone."""
