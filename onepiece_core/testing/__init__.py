"""Shipped with the library: contract suites, and in-memory stand-ins with fault injection."""
