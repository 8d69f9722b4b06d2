"""Data: which tools stand on which menu, shelf and toolbar."""
