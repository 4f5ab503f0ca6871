"""What the server does, knowing no protocol."""
