"""Runs inside a DCC: the standard library, Qt.py and the host's own API, nothing else."""
