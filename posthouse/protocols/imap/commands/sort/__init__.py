"""SORT and UID SORT; RFC 5256: what SEARCH finds, put in order by facets of its digests."""
