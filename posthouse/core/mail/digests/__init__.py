"""Digests: what search, sort and threads look at, of some hundred messages side by side; made when first needed."""
