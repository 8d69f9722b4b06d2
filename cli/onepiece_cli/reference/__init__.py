"""The reference under docs/reference, made from the code: ``python -m onepiece_cli.reference --write``."""
