"""Keeping a store sound: checks that find what does not fit, repairs of what is derived, cleaning up."""
