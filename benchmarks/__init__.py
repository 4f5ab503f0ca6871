"""Load generators and peer set-ups; every figure is a ratio to a peer in the same run on the same machine."""
