"""WebDAV's methods, a file for each: a request on a resource of a tree to its answer."""
