"""Start-up and wiring: the only place that builds objects and picks engines."""
