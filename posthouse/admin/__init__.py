"""Operator verbs, one small file each, used by the command line and the admin API alike."""
