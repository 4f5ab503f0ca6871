"""A worker process: every protocol's listeners over one store, one bus, one registry."""
