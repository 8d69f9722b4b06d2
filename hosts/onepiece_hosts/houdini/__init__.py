"""Houdini, 20 and later. Only Houdini's own Python imports what is here."""
