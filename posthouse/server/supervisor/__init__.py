"""The supervisor: binds the ports, keeps one store process and the workers alive, renews them at a reload."""
