"""What ``onepiece info`` finds out about a machine."""
