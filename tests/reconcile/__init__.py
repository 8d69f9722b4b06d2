"""Reconcile, on shows with planted faults."""
