"""Checks that write nothing, for people and for automation."""
