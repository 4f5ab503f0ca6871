"""Reports of WebDAV, a file for each."""
