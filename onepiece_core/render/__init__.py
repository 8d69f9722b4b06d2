"""Render jobs: what is asked for, what becomes of it, and the record of both that nothing can lose."""
