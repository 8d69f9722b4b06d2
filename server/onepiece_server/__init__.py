"""Trafalgar, and the sandbox: servers over the same core."""
