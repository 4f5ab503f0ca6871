"""What joins the workers of one machine: bus and registry over AMP to the supervisor (docs/decisions/0003-bus.md)."""
