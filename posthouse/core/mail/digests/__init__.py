"""Digests: what search, sort and threads look at, of a thousand messages side by side; made when first needed."""
