"""One peer-facing protocol a folder; none imports another."""
