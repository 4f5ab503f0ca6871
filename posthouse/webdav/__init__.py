"""The HTTP/DAV engine that Files, calendars and contacts stand on."""
