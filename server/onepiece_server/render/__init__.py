"""Render jobs over HTTP."""
