"""DKIM keys of our domains: which of them sign, which are to be published, and how they follow one another."""
