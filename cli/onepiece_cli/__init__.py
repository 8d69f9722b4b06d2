"""The ``onepiece`` command: one module a command group, each command a few lines over core."""
